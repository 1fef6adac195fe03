/** A catalogue in PostgreSQL. Any number of programs may load into it at once, on any machines. */
import { fileURLToPath } from 'node:url'
import {
  type ConnectionLimits,
  type OpenTransaction,
  PostgresDatabase,
  UnknownCommit,
} from '../../../database/postgres.ts'
import { errorCodeOf, retryConflicts } from '../../../database/postgres-problems.ts'
import type { PostgresTransaction } from '../../../database/postgres-queries.ts'
import type { Sql } from '../../../database/sql.ts'
import { type Catalogue, LoadedMeanwhile, type Loading, type StoreAlias, type VerdictInForce } from '../../catalogue.ts'
import type { ListingCache } from '../../load/listing-cache.ts'
import { CatalogueLoading, insertLoadRecord } from '../../load/loading.ts'
import { finishPendingWork, PENDING_WORK_QUERY } from '../../load/pending-work.ts'
import { haveAliasesChanged, mergeStores } from '../../load/store-aliases.ts'
import { undoScrapes } from '../../load/undo.ts'
import { replaceVerdicts } from '../../load/verdicts.ts'
import {
  discardLoad,
  findLoad,
  finishLoad,
  insertLoad,
  type LoadedFile,
  type LoadRecord,
  unappliedOutcome,
} from '../../loads.ts'
import { renewRevision } from '../../queries/revision.ts'
import { foldCodes } from './fold-codes.ts'
import { lockCatalogueAndProducts, lockCatalogueExclusive, lockCatalogueShared } from './locks.ts'
import { PostgresStatements } from './statements.ts'
import { CONNECTION_SETUP_SQL } from './temp-tables.ts'
import { savepointsOf, type Transactions, transactionsOf } from './transactions.ts'

const UNIQUE_VIOLATION = '23505'
const SCHEMA = 'catalogue'
const MIGRATIONS = fileURLToPath(new URL('migrations', import.meta.url))

/** Opens the catalogue in a PostgreSQL database, and creates it if it does not exist. */
export async function openPostgresCatalogue(
  address: string,
  limits: ConnectionLimits = {},
): Promise<PostgresCatalogue> {
  const database = await openPostgresCatalogueDatabase(address, limits)
  return new PostgresCatalogue(database, transactionsOf(database), () => database[Symbol.asyncDispose]())
}

/** Opens only the database of the catalogue, with its tables up to date. */
export async function openPostgresCatalogueDatabase(
  address: string,
  limits: ConnectionLimits = {},
): Promise<PostgresDatabase> {
  const location = { address, schema: SCHEMA, migrations: MIGRATIONS, temporary: CONNECTION_SETUP_SQL }
  const database = await PostgresDatabase.open({ ...location, ...limits })
  await foldCodes(database)
  return database
}

/** A catalogue in PostgreSQL. */
export class PostgresCatalogue implements Catalogue {
  readonly database: Sql
  readonly path = null
  readonly #transactions: Transactions
  readonly #close: () => Promise<void>

  constructor(database: Sql, transactions: Transactions, close: () => Promise<void>) {
    this.database = database
    this.#transactions = transactions
    this.#close = close
  }

  findLoad(sha256: string): Promise<LoadRecord | undefined> {
    return findLoad(this.database, sha256)
  }

  // Nothing to do: PostgreSQL commits reach the disk in order, and the one that reports a load's outcome waits for the disk.
  async durable(): Promise<void> {}

  async begin(file: LoadedFile, startedAt: number, cache: ListingCache): Promise<Loading> {
    const open = await this.#transactions.begin()
    const database = new PostgresStatements(open.transaction, this.#transactions)
    const dispose = () => open[Symbol.asyncDispose]()
    try {
      await database.emptyTables()
      const loadId = await this.#record(open.transaction, database, file)
      cache.useVersion(await database.version())
      const commit = (record: LoadRecord) => this.#commit(open, record)
      return new CatalogueLoading({ database, file, startedAt, loadId, commit, [Symbol.asyncDispose]: dispose }, cache)
    } catch (error) {
      await dispose()
      if (errorCodeOf(error) !== UNIQUE_VIOLATION) throw error
      const load = await findLoad(this.database, file.sha256)
      throw load === undefined ? error : new LoadedMeanwhile(load)
    }
  }

  undo(sha256: string, reason: string, now: number): Promise<LoadRecord | undefined> {
    return this.#change(lockCatalogueExclusive, async (database, transaction) => {
      const load = await findLoad(transaction, sha256)
      if (load?.state !== 'loaded') return undefined
      await undoScrapes(database, load.id)
      return await finishLoad(transaction, load.id, unappliedOutcome(load, 'held', reason, now))
    })
  }

  discard(sha256: string, reason: string, now: number): Promise<LoadRecord | undefined> {
    return discardLoad(this.database, sha256, reason, now)
  }

  replaceVerdicts(verdicts: readonly VerdictInForce[]): Promise<void> {
    return this.#change(lockCatalogueAndProducts, async (database, transaction) => {
      if (await replaceVerdicts(database, verdicts)) await renewRevision(transaction)
    })
  }

  async mergeStores(aliases: readonly StoreAlias[]): Promise<void> {
    if (!(await haveAliasesChanged(this.database, aliases))) return
    await this.#change(lockCatalogueExclusive, async (database, transaction) => {
      await mergeStores(database, aliases)
      await renewRevision(transaction)
    })
  }

  async finishPendingWork(): Promise<void> {
    if ((await this.database.get(PENDING_WORK_QUERY)) === undefined) return
    await this.#change(lockCatalogueAndProducts, async (database, transaction) => {
      await finishPendingWork(database)
      await renewRevision(transaction)
    })
  }

  async beginDryRun(): Promise<Catalogue> {
    const open = await this.#transactions.begin()
    const undo = async () => open[Symbol.asyncDispose]()
    return new PostgresCatalogue(open.transaction, savepointsOf(open.transaction), undo)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#close()
  }

  /** Changes the catalogue in its own transaction, which is repeated if it conflicts with another one. */
  #change<T>(
    lock: (transaction: PostgresTransaction) => Promise<void>,
    work: (database: PostgresStatements, transaction: PostgresTransaction) => Promise<T>,
  ): Promise<T> {
    return retryConflicts(async () => {
      await using open = await this.#transactions.begin()
      const database = new PostgresStatements(open.transaction, this.#transactions)
      await database.emptyTables()
      await lock(open.transaction)
      const done = await work(database, open.transaction)
      await open.commit()
      return done
    })
  }

  /** Inserts the load record. Another loader of the same bytes waits here until this load has ended. */
  async #record(transaction: PostgresTransaction, database: PostgresStatements, file: LoadedFile): Promise<number> {
    if ((await findLoad(transaction, file.sha256)) === undefined) {
      await lockCatalogueShared(transaction)
      return insertLoad(transaction, file)
    }
    await lockCatalogueExclusive(transaction)
    return insertLoadRecord(database, file)
  }

  /** Commits. If the connection is lost meanwhile, the load record tells whether the commit was made. */
  async #commit(open: OpenTransaction, record: LoadRecord): Promise<void> {
    try {
      await open.commit()
    } catch (error) {
      if (!(error instanceof UnknownCommit)) throw error
      const found = await findLoad(this.database, record.sha256)
      if (found?.id !== record.id) throw error
    }
  }
}
