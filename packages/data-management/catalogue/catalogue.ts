/**
 * The catalogue: companies, stores, listings, products and what they cost when. Everything a load changes, and the record of the
 * load itself, commits in one transaction.
 */
import { fileURLToPath } from 'node:url'
import type { RowMetadata } from '@splitcart/shared/row.ts'
import { SqliteDatabase } from '../database/sqlite.ts'
import { rowsBefore } from './hold-preview.ts'
import { findKnownLines, type Known } from './known-lines.ts'
import type { ListingMemory } from './listings.ts'
import { Loading } from './loading.ts'
import {
  type Ending,
  findLoad,
  finishLoad,
  type LoadedFile,
  type LoadRecord,
  type LoadState,
  nothingApplied,
} from './loads.ts'
import { undoScrapes } from './undo.ts'

const MIGRATIONS = fileURLToPath(new URL('migrations/sqlite', import.meta.url))

/** Opens the catalogue in a SQLite file, making it when it is not there. Readers and one loader may have it open at once. */
export function openCatalogue(path: string): Catalogue {
  return new Catalogue(SqliteDatabase.open(path, MIGRATIONS))
}

/** An open catalogue. */
export class Catalogue implements Disposable {
  readonly database: SqliteDatabase

  constructor(database: SqliteDatabase) {
    this.database = database
  }

  /** The record of a load, or undefined when these bytes have not been dealt with. */
  findLoad(sha256: string): LoadRecord | undefined {
    return findLoad(this.database, sha256)
  }

  /** What is known of the lines of a scrape that is newer than all of its store. */
  knownLines(scrape: RowMetadata): Known | undefined {
    return findKnownLines(this.database, scrape)
  }

  /** Begins a load: nothing of it stays unless `commit` is called before it is disposed of. `memory`: that of the reader of its file. */
  begin(file: LoadedFile, startedAt: number, memory: ListingMemory): Loading {
    return new Loading(this.database, memory, file, startedAt)
  }

  /** Takes a load's observations out again, as if it had never come, and records why. Undefined when it is not loaded. */
  undo(sha256: string, reason: string, now: number): LoadRecord | undefined {
    using transaction = this.database.begin()
    const load = this.findLoad(sha256)
    if (load?.state !== 'loaded') return undefined
    undoScrapes(this.database, load.id)
    const record = finishLoad(this.database, load.id, endingWithout(load, 'held', reason, now))
    transaction.commit()
    return record
  }

  /** Records that a held load was set aside for good. Undefined when it is not held. */
  discard(sha256: string, reason: string, now: number): LoadRecord | undefined {
    const load = this.findLoad(sha256)
    if (load?.state !== 'held') return undefined
    return finishLoad(this.database, load.id, endingWithout(load, 'failed', reason, now))
  }

  /** How many rows a store's latest scrape before a date has; undefined when there is none. */
  rowsBefore(storeId: number, date: string): number | undefined {
    return rowsBefore(this.database, storeId, date)
  }

  [Symbol.dispose](): void {
    this.database[Symbol.dispose]()
  }
}

function endingWithout(load: LoadRecord, state: LoadState, problem: string, now: number): Ending {
  return { state, problem, counts: load.result, applied: nothingApplied(), startedAt: now, finishedAt: now }
}
