/** A catalogue in PostgreSQL. Any number of programs may load into it at once, on any machines. */
import { fileURLToPath } from 'node:url'
import { type ConnectionLimits, PostgresDatabase } from '../../database/postgres.ts'
import type { Sql } from '../../database/sql.ts'
import type { Catalogue } from '../catalogue.ts'
import type { ListingMemory } from '../listings.ts'
import type { Loading } from '../loading.ts'
import { discardLoad, endingWithout, findLoad, finishLoad, type LoadedFile, type LoadRecord } from '../loads.ts'
import { PostgresLoading } from './loading.ts'
import { lockCatalogueAlone } from './locks.ts'
import { emptyTables, TEMPORARY_TABLES } from './tables.ts'
import { partsOf, type Transactions, transactionsOf } from './transactions.ts'
import { undoScrapes } from './undo.ts'

const SCHEMA = 'catalogue'
const MIGRATIONS = fileURLToPath(new URL('../migrations/postgres', import.meta.url))

/** Opens the catalogue in a PostgreSQL database, making it when it is not there. */
export async function openPostgresCatalogue(
  address: string,
  limits: ConnectionLimits = {},
): Promise<PostgresCatalogue> {
  const database = await openPostgresCatalogueDatabase(address, limits)
  return new PostgresCatalogue(database, transactionsOf(database), () => database[Symbol.asyncDispose]())
}

/** Opens only its tables. */
export function openPostgresCatalogueDatabase(
  address: string,
  limits: ConnectionLimits = {},
): Promise<PostgresDatabase> {
  const place = { address, schema: SCHEMA, migrations: MIGRATIONS, temporary: TEMPORARY_TABLES }
  return PostgresDatabase.open({ ...place, ...limits })
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

  knownLines(): undefined {
    return undefined
  }

  begin(file: LoadedFile, startedAt: number, memory: ListingMemory): Promise<Loading> {
    return PostgresLoading.begin(this.#transactions, memory, file, startedAt)
  }

  async undo(sha256: string, reason: string, now: number): Promise<LoadRecord | undefined> {
    await using open = await this.#transactions.begin()
    await emptyTables(open.transaction)
    await lockCatalogueAlone(open.transaction)
    const load = await findLoad(open.transaction, sha256)
    if (load?.state !== 'loaded') return undefined
    await undoScrapes(open.transaction, load.id)
    const record = await finishLoad(open.transaction, load.id, endingWithout(load, 'held', reason, now))
    await open.commit()
    return record
  }

  discard(sha256: string, reason: string, now: number): Promise<LoadRecord | undefined> {
    return discardLoad(this.database, sha256, reason, now)
  }

  async attempt(): Promise<Catalogue> {
    const open = await this.#transactions.begin()
    const undo = async () => open[Symbol.asyncDispose]()
    return new PostgresCatalogue(open.transaction, partsOf(open.transaction), undo)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#close()
  }
}
