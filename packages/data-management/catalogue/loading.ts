/**
 * One load while it is made: nothing of it stays unless `commit` is called before it is disposed of.
 *
 *   begin ─▶ staging, rejects ─▶ apply ─▶ commit
 *              └──────────── dispose ────────────▶ as if nothing had been
 *
 * A load of bytes that are on record replaces that load, in the same transaction.
 */
import type { SqliteDatabase } from '../database/sqlite.ts'
import { addChange } from './date-change.ts'
import { type HoldPreview, keepPreview, named, scrapesBeside } from './hold-preview.ts'
import { relabel, rename } from './labels.ts'
import type { ListingMemory } from './listings.ts'
import {
  type Applied,
  deleteLoad,
  type Ending,
  findLoad,
  finishLoad,
  insertLoad,
  type LoadedFile,
  type LoadRecord,
  nothingApplied,
} from './loads.ts'
import type { RejectedLine } from './portion.ts'
import { countRejects } from './rejects.ts'
import { Scrapes } from './scrapes.ts'
import { type StagedScrape, Staging } from './staging.ts'
import { undoScrapes } from './undo.ts'

// A file of nothing but rejects must not fill the database: of the later ones only place and reason are kept.
const REJECTS_WITH_RAW_MAX = 10_000

/** A load that is being made. */
export class Loading implements Disposable {
  readonly staging: Staging
  readonly #database: SqliteDatabase
  readonly #transaction: Disposable & { commit: () => void }
  readonly #file: LoadedFile
  readonly #startedAt: number
  readonly #loadId: number
  #rejects = 0

  constructor(database: SqliteDatabase, memory: ListingMemory, file: LoadedFile, startedAt: number) {
    this.#database = database
    this.#file = file
    this.#startedAt = startedAt
    this.#transaction = database.begin()
    try {
      const replaced = findLoad(database, file.sha256)
      if (replaced !== undefined) {
        undoScrapes(database, replaced.id)
        deleteLoad(database, replaced.id)
      }
      this.#loadId = insertLoad(database, file)
      this.staging = new Staging(database, memory)
    } catch (error) {
      this[Symbol.dispose]()
      throw error
    }
  }

  /** Records a line that is not a row. */
  reject({ line, rejection, raw }: RejectedLine): void {
    const kept = this.#rejects++ < REJECTS_WITH_RAW_MAX ? raw : null
    const { code, field, reason } = rejection
    this.#database.run('insert into reject values (?, ?, ?, ?, ?, ?)', this.#loadId, line, code, field, reason, kept)
  }

  /** Applies the staged scrapes to the catalogue. They must have been settled. */
  apply(): Applied {
    const scrapes = new Scrapes(this.#database)
    const total = nothingApplied()
    for (const scrape of inOrder(this.staging.scrapes)) {
      const change = scrapes.add(this.staging, scrape, this.#loadId, this.#file.receivedAt)
      addChange(total, change)
      total.unchanged += scrape.listings - change.inserted - change.changed
    }
    relabel(this.#database)
    rename(this.#database, this.staging.scrapes)
    return total
  }

  /** What applying would change, by name. Nothing may follow but to undo it. */
  preview(): HoldPreview {
    const stores = scrapesBeside(this.#database, this.staging)
    return { made_at: new Date(this.#startedAt).toISOString(), stores, ...named(this.#database, this.apply()) }
  }

  /** Records how the load ended, and makes all of it durable. */
  commit(ending: Omit<Ending, 'startedAt'>): LoadRecord {
    const record = finishLoad(this.#database, this.#loadId, { ...ending, startedAt: this.#startedAt })
    if (ending.counts.rejected > 0) countRejects(this.#database, this.#loadId, ending.preview?.stores)
    if (ending.preview !== undefined) keepPreview(this.#database, this.#loadId, ending.preview)
    this.#transaction.commit()
    return record
  }

  /** Undoes everything that was not committed. */
  [Symbol.dispose](): void {
    this.#transaction[Symbol.dispose]()
  }
}

function inOrder(scrapes: readonly StagedScrape[]): StagedScrape[] {
  return scrapes.toSorted((one, other) => one.storeId - other.storeId || (one.date < other.date ? -1 : 1))
}
