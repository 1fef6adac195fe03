/** Opens catalogue and ledger read-only. */
import type { ConnectionLimits } from './database/postgres.ts'
import type { Sql } from './database/sql.ts'
import { SqliteDatabase } from './database/sqlite.ts'
import { type Ledger, openLedgerReadOnly } from './ledger/ledger.ts'

/** Where both databases are: on the PostgreSQL at `server`; or the catalogue in `file`, the ledger in `dataFolder`. */
export type DatabaseLocations = Readonly<{
  dataFolder: string
  catalogue: Readonly<{ file: string }> | Readonly<{ server: string }>
}>

/** The open databases. `path`: the file of the catalogue; null on PostgreSQL. */
export type ReadOnlyDatabases = AsyncDisposable & Readonly<{ database: Sql; ledger: Ledger; path: string | null }>

/** Opens both; on PostgreSQL with one connection each. */
export async function openDatabasesReadOnly(
  { catalogue, dataFolder }: DatabaseLocations,
  limits: Pick<ConnectionLimits, 'statementMsMax'> = {},
): Promise<ReadOnlyDatabases> {
  await using stack = new AsyncDisposableStack()
  const { database, ledger } =
    'file' in catalogue
      ? {
          database: stack.use(SqliteDatabase.openReadOnly(catalogue.file)),
          ledger: stack.use(openLedgerReadOnly(dataFolder)),
        }
      : await openBothInPostgres(catalogue.server, { ...limits, connections: 1 }, stack)
  const opened = stack.move()
  const path = 'file' in catalogue ? catalogue.file : null
  return { database, ledger, path, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}

async function openBothInPostgres(server: string, limits: ConnectionLimits, stack: AsyncDisposableStack) {
  // Imported only for PostgreSQL, so that threads start sooner.
  const { openPostgresCatalogue } = await import('./catalogue/dialects/postgres/catalogue.ts')
  const { openPostgresLedger } = await import('./ledger/postgres.ts')
  const { database } = stack.use(await openPostgresCatalogue(server, limits))
  return { database, ledger: stack.use(await openPostgresLedger(server, undefined, limits)) }
}
