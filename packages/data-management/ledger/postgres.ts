/** The ledger in PostgreSQL, where any number of receivers and loaders share it. */
import { fileURLToPath } from 'node:url'
import { Problem } from '@splitcart/shared/problem.ts'
import { Kysely, sql } from 'kysely'
import { type ConnectionLimits, PostgresDatabase } from '../database/postgres.ts'
import { kyselyDialect } from '../database/postgres-dialect.ts'
import { CHANGES_BETWEEN_SQL, LATEST_CHANGE_SQL, lastChanges, type UploadChangeReader } from './changes.ts'
import type { LedgerDatabase, LedgerTables } from './database.ts'
import { Ledger, type LedgerStore } from './ledger.ts'
import type { LoadNumberSql } from './sorted-uploads.ts'

const MIGRATIONS = fileURLToPath(new URL('migrations/postgres', import.meta.url))

/** The schema that holds the ledger's tables. */
const LEDGER_SCHEMA = 'ledger'

/** Opens the ledger at an address and creates missing tables. `settingsKey`: API_SECRET_KEY, if set. */
export async function openPostgresLedger(
  address: string,
  settingsKey?: string,
  limits: ConnectionLimits = {},
): Promise<Ledger> {
  const { database, postgres } = await openPostgresLedgerDatabase(address, limits)
  const openChangeReader = () => openPostgresChangeReader(postgres)
  const withExclusiveLock: LedgerStore['withExclusiveLock'] = (what, work) =>
    postgres.tryWithLock(`splitcart ${what}`, work)
  const checkWritable = async () => {
    const is = await postgres.get<{ read_only: string }>("select current_setting('transaction_read_only') as read_only")
    if (is?.read_only === 'on') throw new Problem('database_unreachable', 'PostgreSQL can only be read at the moment')
    await postgres.checkSchema()
  }
  const loadNumber: LoadNumberSql = (name) => sql`(upload.load::jsonb ->> ${sql.lit(name)})::bigint`
  return new Ledger({ database, openChangeReader, withExclusiveLock, checkWritable, loadNumber }, settingsKey)
}

/** Opens only the database, without a `Ledger`. Close it with `destroy`. */
export async function openPostgresLedgerDatabase(address: string, limits: ConnectionLimits = {}) {
  const postgres = await PostgresDatabase.open({ address, schema: LEDGER_SCHEMA, migrations: MIGRATIONS, ...limits })
  const database: LedgerDatabase = new Kysely<LedgerTables>({ dialect: kyselyDialect(postgres) })
  // Kysely closes the connections only after a first query.
  await database.selectFrom('upload').select('id').limit(1).execute()
  return { database, postgres }
}

async function openPostgresChangeReader(database: PostgresDatabase): Promise<UploadChangeReader> {
  // The snapshot changes with every writing transaction of any session.
  const SNAPSHOT = 'select pg_current_snapshot()::text as snapshot'
  const look = async () => (await database.get<{ snapshot: string }>(SNAPSHOT))?.snapshot
  let snapshot = await look()
  return {
    hasChanged: async () => {
      const before = snapshot
      snapshot = await look()
      return snapshot !== before
    },
    latest: async () => (await database.get<{ id: number }>(LATEST_CHANGE_SQL))?.id ?? 0,
    between: async (after, until) => lastChanges(await database.all(CHANGES_BETWEEN_SQL, after, until), until - after),
    [Symbol.asyncDispose]: async () => {},
  }
}
