/**
 * One load while it is made: nothing of it stays unless `commit` is called before it is disposed of.
 *
 *   begin ─▶ staging, rejects ─▶ apply ─▶ commit
 *              └──────────── dispose ────────────▶ as if nothing had been
 *
 * A load of bytes that are on record replaces that load, in the same transaction.
 */
import type { SqliteDatabase } from '../database/sqlite.ts'
import { type HoldPreview, keepPreview, named, rowsBefore, scrapesBeside } from './hold-preview.ts'
import { relabel } from './labels.ts'
import type { ListingMemory } from './listings.ts'
import type { RejectedLine } from './load/portion.ts'
import { inOrder, type Staged, type StagedScrape } from './load/staged-scrape.ts'
import { rename } from './load/store-names.ts'
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
import { addChange } from './model/date-change.ts'
import { countRejects, REJECTS_WITH_RAW_MAX } from './rejects.ts'
import { Scrapes } from './scrapes.ts'
import { Staging } from './staging.ts'
import { undoScrapes } from './undo.ts'

/** A load that is being made. */
export interface Loading extends AsyncDisposable {
  readonly staging: Staged
  /** Records a line that is not a row. */
  reject(line: RejectedLine): void | Promise<void>
  /** How many rows the latest scrape of the store before this one has; undefined when there is none. */
  rowsBefore(scrape: StagedScrape): Promise<number | undefined>
  /** Applies the staged scrapes to the catalogue. They must have been settled. */
  apply(): Promise<Applied>
  /** What applying would change, by name. Nothing may follow but to undo it. */
  preview(): Promise<HoldPreview>
  /** Records how the load ended, and makes all of it durable. */
  commit(ending: Omit<Ending, 'startedAt'>): Promise<LoadRecord>
}

/** The same bytes have been dealt with by somebody else since it was asked. */
export class LoadedMeanwhile extends Error {
  readonly load: LoadRecord

  constructor(load: LoadRecord) {
    super(`${load.filename} has been dealt with by another loader.`)
    this.load = load
  }
}

type Transaction = Disposable & { commit: () => void }

/** A load into SQLite. */
export class SqliteLoading implements Loading {
  readonly staging: Staging
  readonly #database: SqliteDatabase
  readonly #transaction: Transaction
  readonly #file: LoadedFile
  readonly #startedAt: number
  readonly #loadId: number
  #rejects = 0

  /** Begins one. `memory`: that of the reader of its file. */
  static async begin(
    database: SqliteDatabase,
    memory: ListingMemory,
    file: LoadedFile,
    startedAt: number,
  ): Promise<SqliteLoading> {
    const transaction = database.begin()
    try {
      const replaced = await findLoad(database, file.sha256)
      if (replaced !== undefined) {
        await undoScrapes(database, replaced.id)
        await deleteLoad(database, replaced.id)
      }
      const loadId = await insertLoad(database, file)
      return new SqliteLoading({ database, transaction, loadId, startedAt }, file, new Staging(database, memory))
    } catch (error) {
      transaction[Symbol.dispose]()
      throw error
    }
  }

  private constructor(
    begun: Readonly<{ database: SqliteDatabase; transaction: Transaction; loadId: number; startedAt: number }>,
    file: LoadedFile,
    staging: Staging,
  ) {
    this.#database = begun.database
    this.#transaction = begun.transaction
    this.#loadId = begun.loadId
    this.#startedAt = begun.startedAt
    this.#file = file
    this.staging = staging
  }

  reject({ line, rejection, raw }: RejectedLine): void {
    const kept = this.#rejects++ < REJECTS_WITH_RAW_MAX ? raw : null
    const { code, field, reason } = rejection
    this.#database.run('insert into reject values (?, ?, ?, ?, ?, ?)', this.#loadId, line, code, field, reason, kept)
  }

  rowsBefore({ storeId, date }: StagedScrape): Promise<number | undefined> {
    return rowsBefore(this.#database, storeId, date)
  }

  async apply(): Promise<Applied> {
    const scrapes = new Scrapes(this.#database)
    const total = nothingApplied()
    for (const scrape of inOrder(this.staging.scrapes)) {
      const change = scrapes.add(this.staging, scrape, this.#loadId, this.#file.receivedAt)
      addChange(total, change)
      total.unchanged += scrape.listings - change.inserted - change.changed
    }
    relabel(this.#database)
    await rename(this.#database, this.staging.scrapes)
    return total
  }

  async preview(): Promise<HoldPreview> {
    const stores = await scrapesBeside(this.#database, this.staging.scrapes)
    const made_at = new Date(this.#startedAt).toISOString()
    return { made_at, stores, ...(await named(this.#database, await this.apply())) }
  }

  async commit(ending: Omit<Ending, 'startedAt'>): Promise<LoadRecord> {
    const record = await finishLoad(this.#database, this.#loadId, { ...ending, startedAt: this.#startedAt })
    if (ending.counts.rejected > 0) await countRejects(this.#database, this.#loadId, ending.preview?.stores)
    if (ending.preview !== undefined) await keepPreview(this.#database, this.#loadId, ending.preview)
    this.#transaction.commit()
    return record
  }

  /** Undoes everything that was not committed. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#transaction[Symbol.dispose]()
  }
}
