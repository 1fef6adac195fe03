/**
 * The catalogue: companies, stores, listings, products and what they cost when. Everything a load changes, and the record of the
 * load itself, commits in one transaction.
 */
import { fileURLToPath } from 'node:url'
import type { LoadResult, UploadState } from '@splitcart/shared/receipt.ts'
import type { Rejection } from '@splitcart/shared/row.ts'
import { SqliteDatabase } from '../database/sqlite.ts'
import { relabel, renameStores } from './labels.ts'
import { joinProducts } from './products.ts'
import { Scrapes } from './scrapes.ts'
import { type StagedScrape, Staging } from './staging.ts'

const MIGRATIONS = fileURLToPath(new URL('migrations/sqlite', import.meta.url))

/** The file that a load is made of. `receivedAt` is in milliseconds since 1970. */
export type LoadedFile = Readonly<{ sha256: string; filename: string; receivedAt: number }>

/** How a load ended. `loaded` applies it; `held` and `failed` record only that, and its rejects. */
export type LoadState = Extract<UploadState, 'loaded' | 'held' | 'failed'>

/** A load on record. */
export type LoadRecord = Readonly<{
  id: number
  sha256: string
  filename: string
  state: LoadState
  runsOpened: number
  runsClosed: number
  result: LoadResult
}>

/** What applying the staged scrapes did, in rows and runs. */
export type Applied = Readonly<{ inserted: number; changed: number; unchanged: number; opened: number; closed: number }>

type Counts = Readonly<{ rows: number; duplicate: number; rejected: number; warnings: number }>

// A file of nothing but rejects must not fill the database: of the later ones only place and reason are kept.
const REJECTS_WITH_RAW_MAX = 10_000
const RAW_BYTES_MAX = 4096

/** Opens the catalogue in a SQLite file, making it when it is not there. Readers and one loader may have it open at once. */
export function openCatalogue(path: string): Catalogue {
  return new Catalogue(SqliteDatabase.open(path, MIGRATIONS))
}

export class Catalogue implements Disposable {
  readonly database: SqliteDatabase

  constructor(database: SqliteDatabase) {
    this.database = database
  }

  /** The record of a load, or undefined when these bytes have not been dealt with. */
  findLoad(sha256: string): LoadRecord | undefined {
    const record = this.database.get<StoredLoad>('select * from load where sha256 = ?', sha256)
    return record === undefined ? undefined : loadRecordOf(record)
  }

  /** Begins a load: nothing of it stays unless `commit` is called before it is disposed of. */
  begin(file: LoadedFile, startedAt: number): Loading {
    return new Loading(this.database, file, startedAt)
  }

  /** How many rows a store's latest scrape before a date has; undefined when there is none. */
  rowsBefore(storeId: number, date: string): number | undefined {
    const sql =
      'select max(listings) as listings from scrape where store_id = ?1 and date = (select max(date) from scrape where store_id = ?1 and date < ?2)'
    return this.database.get<{ listings: number | null }>(sql, storeId, date)?.listings ?? undefined
  }

  [Symbol.dispose](): void {
    this.database[Symbol.dispose]()
  }
}

/** One load while it is made. */
export class Loading implements Disposable {
  readonly staging: Staging
  readonly #database: SqliteDatabase
  readonly #file: LoadedFile
  readonly #startedAt: number
  readonly #loadId: number
  readonly #labelIdBefore: number
  #rejects = 0
  #open = true

  constructor(database: SqliteDatabase, file: LoadedFile, startedAt: number) {
    this.#database = database
    this.#file = file
    this.#startedAt = startedAt
    database.script('begin immediate')
    try {
      this.#loadId = this.#reserve()
      this.#labelIdBefore = database.get<{ id: number | null }>('select max(id) as id from label')?.id ?? 0
      this.staging = new Staging(database)
    } catch (error) {
      this[Symbol.dispose]()
      throw error
    }
  }

  /** Records a line that is not a row. */
  reject(line: number, rejection: Rejection, raw: Buffer): void {
    const kept = this.#rejects++ < REJECTS_WITH_RAW_MAX ? raw.subarray(0, RAW_BYTES_MAX) : null
    const { code, field, reason } = rejection
    this.#database.run('insert into reject values (?, ?, ?, ?, ?, ?)', this.#loadId, line, code, field, reason, kept)
  }

  /** Applies the staged scrapes to the catalogue. They must have been observed. */
  apply(): Applied {
    const scrapes = new Scrapes(this.#database)
    const total = { inserted: 0, changed: 0, unchanged: 0, opened: 0, closed: 0 }
    for (const scrape of inOrder(this.staging.scrapes)) {
      const listings = this.staging.listingsOf(scrape)
      const change = scrapes.add(scrape, this.#loadId, this.#file.receivedAt)
      total.inserted += change.inserted
      total.changed += change.changed
      total.unchanged += listings - change.inserted - change.changed
      total.opened += change.opened
      total.closed += change.closed
    }
    relabel(this.#database)
    joinProducts(this.#database, this.#labelIdBefore)
    renameStores(this.#database, [...new Set(this.staging.scrapes.map((scrape) => scrape.storeId))])
    return total
  }

  /** Records how the load ended, and makes all of it durable. */
  commit(state: LoadState, counts: Counts, applied: Applied, finishedAt: number, problem: string | null): LoadRecord {
    this.#database.run(
      `update load set state = ?, started_at = ?, finished_at = ?, rows = ?, inserted = ?, changed = ?, unchanged = ?,
        duplicate = ?, rejected = ?, warnings = ?, runs_opened = ?, runs_closed = ?, problem = ? where id = ?`,
      state,
      this.#startedAt,
      finishedAt,
      counts.rows,
      applied.inserted,
      applied.changed,
      applied.unchanged,
      counts.duplicate,
      counts.rejected,
      counts.warnings,
      applied.opened,
      applied.closed,
      problem,
      this.#loadId,
    )
    const record = this.#database.get<StoredLoad>('select * from load where id = ?', this.#loadId)!
    this.#database.script('commit')
    this.#open = false
    return loadRecordOf(record)
  }

  /** Undoes everything that was not committed. */
  [Symbol.dispose](): void {
    if (this.#open) this.#database.script('rollback')
    this.#open = false
  }

  #reserve(): number {
    const { sha256, filename, receivedAt } = this.#file
    return this.#database.get<{ id: number }>(
      `insert into load (sha256, filename, state, received_at, started_at, finished_at, rows, inserted, changed, unchanged,
        duplicate, rejected, warnings, runs_opened, runs_closed)
        values (?, ?, 'failed', ?, ?, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0) returning id`,
      sha256,
      filename,
      receivedAt,
      this.#startedAt,
    )!.id
  }
}

export const NOTHING_APPLIED: Applied = { inserted: 0, changed: 0, unchanged: 0, opened: 0, closed: 0 }

type StoredLoad = Readonly<{
  id: number
  sha256: string
  filename: string
  state: LoadState
  finished_at: number
  rows: number
  inserted: number
  changed: number
  unchanged: number
  duplicate: number
  rejected: number
  warnings: number
  runs_opened: number
  runs_closed: number
  problem: string | null
}>

function loadRecordOf(stored: StoredLoad): LoadRecord {
  const { rows, inserted, changed, unchanged, duplicate, rejected, warnings, problem } = stored
  const finished_at = new Date(stored.finished_at).toISOString()
  return {
    id: stored.id,
    sha256: stored.sha256,
    filename: stored.filename,
    state: stored.state,
    runsOpened: stored.runs_opened,
    runsClosed: stored.runs_closed,
    result: { rows, inserted, changed, unchanged, duplicate, rejected, warnings, finished_at, problem },
  }
}

function inOrder(scrapes: readonly StagedScrape[]): StagedScrape[] {
  return scrapes.toSorted((one, other) => one.storeId - other.storeId || (one.date < other.date ? -1 : 1))
}
