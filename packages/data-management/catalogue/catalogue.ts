/**
 * The catalogue: companies, stores, listings, products and what they cost when. Everything a load changes, and the record of the
 * load itself, commits in one transaction.
 */
import { fileURLToPath } from 'node:url'
import type { RowMetadata } from '@splitcart/shared/row.ts'
import type { Sql } from '../database/sql.ts'
import { SqliteDatabase } from '../database/sqlite.ts'
import { findKnownLines, type Known } from './known-lines.ts'
import type { ListingMemory } from './listings.ts'
import { type Loading, SqliteLoading } from './loading.ts'
import { discardLoad, endingWithout, findLoad, finishLoad, type LoadedFile, type LoadRecord } from './loads.ts'
import { undoScrapes } from './undo.ts'

const MIGRATIONS = fileURLToPath(new URL('dialects/sqlite/migrations', import.meta.url))

/** All that is asked of a catalogue, in whatever database it lies. */
export interface Catalogue extends AsyncDisposable {
  /** For questions. */
  readonly database: Sql
  /** The file that it is; null where it lies in a server. */
  readonly path: string | null
  /** The record of a load, or undefined when these bytes have not been dealt with. */
  findLoad(sha256: string): Promise<LoadRecord | undefined>
  /** What is known of the lines of a scrape that is newer than all of its store; undefined where they must be read. */
  knownLines(scrape: RowMetadata): Known | undefined
  /** Begins a load: nothing of it stays unless `commit` is called before it is disposed of. `memory`: that of the reader of its file. */
  begin(file: LoadedFile, startedAt: number, memory: ListingMemory): Promise<Loading>
  /** Takes a load's observations out again, as if it had never come, and records why. Undefined when it is not loaded. */
  undo(sha256: string, reason: string, now: number): Promise<LoadRecord | undefined>
  /** Records that a held load was set aside for good. Undefined when it is not held. */
  discard(sha256: string, reason: string, now: number): Promise<LoadRecord | undefined>
  /** The same catalogue to try something: whatever is done to it is taken back when it is disposed of. */
  attempt(): Promise<Catalogue>
}

/** Opens the catalogue in a SQLite file, making it when it is not there. Readers and one loader may have it open at once. */
export function openCatalogue(path: string): SqliteCatalogue {
  return new SqliteCatalogue(SqliteDatabase.open(path, MIGRATIONS))
}

/** A catalogue in a SQLite file. */
export class SqliteCatalogue implements Catalogue, Disposable {
  readonly database: SqliteDatabase

  constructor(database: SqliteDatabase) {
    this.database = database
  }

  get path(): string {
    return this.database.connection.location() ?? ''
  }

  findLoad(sha256: string): Promise<LoadRecord | undefined> {
    return findLoad(this.database, sha256)
  }

  knownLines(scrape: RowMetadata): Known | undefined {
    return findKnownLines(this.database, scrape)
  }

  begin(file: LoadedFile, startedAt: number, memory: ListingMemory): Promise<Loading> {
    return SqliteLoading.begin(this.database, memory, file, startedAt)
  }

  async undo(sha256: string, reason: string, now: number): Promise<LoadRecord | undefined> {
    using transaction = this.database.begin()
    const load = await this.findLoad(sha256)
    if (load?.state !== 'loaded') return undefined
    await undoScrapes(this.database, load.id)
    const record = await finishLoad(this.database, load.id, endingWithout(load, 'held', reason, now))
    transaction.commit()
    return record
  }

  discard(sha256: string, reason: string, now: number): Promise<LoadRecord | undefined> {
    return discardLoad(this.database, sha256, reason, now)
  }

  async attempt(): Promise<Catalogue> {
    const transaction = this.database.begin()
    const catalogue = new SqliteCatalogue(this.database)
    catalogue[Symbol.asyncDispose] = async () => transaction[Symbol.dispose]()
    return catalogue
  }

  [Symbol.dispose](): void {
    this.database[Symbol.dispose]()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.database[Symbol.dispose]()
  }
}
