/** A catalogue in a SQLite file: one loader writes to it, any number of readers may have it open meanwhile. */
import { fileURLToPath } from 'node:url'
import { SqliteDatabase } from '../../../database/sqlite.ts'
import type { Catalogue, Loading, StoreAlias, VerdictInForce } from '../../catalogue.ts'
import type { ListingCache } from '../../load/listing-cache.ts'
import { CatalogueLoading, insertLoadRecord } from '../../load/loading.ts'
import { finishPendingWork, PENDING_WORK_QUERY } from '../../load/pending-work.ts'
import { haveAliasesChanged, mergeStores } from '../../load/store-aliases.ts'
import { undoScrapes } from '../../load/undo.ts'
import { replaceVerdicts } from '../../load/verdicts.ts'
import { discardLoad, findLoad, finishLoad, type LoadedFile, type LoadRecord, unappliedOutcome } from '../../loads.ts'
import { renewRevision } from '../../queries/revision.ts'
import { SqliteStatements } from './statements.ts'
import { WalSync } from './wal-sync.ts'

const MIGRATIONS = fileURLToPath(new URL('migrations', import.meta.url))

// After how many pages (4 KiB) the write-ahead log is checkpointed. Consecutive scrapes change many of the same
// thousands of pages: a checkpoint with every load would write these, and wait for them, each time.
const WAL_PAGES = 4_000

/** Opens the catalogue in a SQLite file, and creates it if it does not exist. */
export function openCatalogue(path: string): SqliteCatalogue {
  const database = SqliteDatabase.open(path, MIGRATIONS)
  database.script(`pragma wal_autocheckpoint = ${WAL_PAGES}`)
  return new SqliteCatalogue(database)
}

/** A catalogue in a SQLite file. */
export class SqliteCatalogue implements Catalogue, Disposable {
  readonly database: SqliteDatabase
  readonly #statements: SqliteStatements
  readonly #log: WalSync

  constructor(database: SqliteDatabase) {
    this.database = database
    this.#statements = new SqliteStatements(database)
    this.#log = new WalSync(this.path)
  }

  get path(): string {
    return this.database.connection.location() ?? ''
  }

  async findLoad(sha256: string): Promise<LoadRecord | undefined> {
    const load = await findLoad(this.database, sha256)
    if (load !== undefined) await this.durable()
    return load
  }

  durable(): Promise<void> {
    return this.#log.onDisk()
  }

  async begin(file: LoadedFile, startedAt: number, cache: ListingCache): Promise<Loading> {
    const database = this.#statements
    const transaction = this.#beginLoad()
    const dispose = async () => transaction[Symbol.dispose]()
    try {
      database.emptyTables()
      const loadId = await insertLoadRecord(database, file)
      cache.useVersion(database.version())
      const { commit } = transaction
      return new CatalogueLoading({ database, file, startedAt, loadId, commit, [Symbol.asyncDispose]: dispose }, cache)
    } catch (error) {
      await dispose()
      throw error
    }
  }

  undo(sha256: string, reason: string, now: number): Promise<LoadRecord | undefined> {
    return this.#change(async () => {
      const load = await this.findLoad(sha256)
      if (load?.state !== 'loaded') return undefined
      await undoScrapes(this.#statements, load.id)
      return await finishLoad(this.database, load.id, unappliedOutcome(load, 'held', reason, now))
    })
  }

  discard(sha256: string, reason: string, now: number): Promise<LoadRecord | undefined> {
    return discardLoad(this.database, sha256, reason, now)
  }

  replaceVerdicts(verdicts: readonly VerdictInForce[]): Promise<void> {
    return this.#change(async () => {
      if (await replaceVerdicts(this.#statements, verdicts)) await renewRevision(this.database)
    })
  }

  async mergeStores(aliases: readonly StoreAlias[]): Promise<void> {
    if (!(await haveAliasesChanged(this.database, aliases))) return
    await this.#change(async () => {
      await mergeStores(this.#statements, aliases)
      await renewRevision(this.database)
    })
  }

  async finishPendingWork(): Promise<void> {
    if (this.database.get(PENDING_WORK_QUERY) === undefined) return
    await this.#change(async () => {
      await finishPendingWork(this.#statements)
      await renewRevision(this.database)
    })
  }

  async beginDryRun(): Promise<Catalogue> {
    const transaction = this.database.begin()
    const catalogue = new SqliteCatalogue(this.database)
    catalogue[Symbol.asyncDispose] = async () => transaction[Symbol.dispose]()
    return catalogue
  }

  /** Changes the catalogue in its own transaction. */
  async #change<T>(work: () => Promise<T>): Promise<T> {
    using transaction = this.database.begin()
    this.#statements.emptyTables()
    const result = await work()
    transaction.commit()
    return result
  }

  /** A transaction whose commit does not wait for the disk: `durable` does. */
  #beginLoad(): Disposable & { commit: () => void } {
    const { connection } = this.database
    if (connection.isTransaction) return this.database.begin()
    connection.exec('pragma synchronous = normal')
    const transaction = this.database.begin()
    const commit = () => {
      transaction.commit()
      this.#log.markDirty()
    }
    let isOpen = true
    const dispose = () => {
      transaction[Symbol.dispose]()
      if (isOpen) connection.exec('pragma synchronous = full')
      isOpen = false
    }
    return { commit, [Symbol.dispose]: dispose }
  }

  [Symbol.dispose](): void {
    this.database[Symbol.dispose]()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.database[Symbol.dispose]()
  }
}
