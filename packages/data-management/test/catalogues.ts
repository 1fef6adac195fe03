/** Empty catalogues for tests, in both databases. */
import { NO_POSTGRES, sharedPostgres } from '../../../test/postgres.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import { openPostgresCatalogue, type PostgresCatalogue } from '../catalogue/dialects/postgres/catalogue.ts'
import { openCatalogue } from '../catalogue/dialects/sqlite/catalogue.ts'

/** Opens an empty catalogue. */
export type OpenEmpty = () => Promise<Catalogue>

/** A catalogue in memory. */
export const openSqlite: OpenEmpty = async () => openCatalogue(':memory:')

/** The databases, and why one of them cannot be used here, or false. */
export function databasesOfFile(): Readonly<{
  name: 'SQLite' | 'PostgreSQL'
  skip: string | false
  open: OpenEmpty
}>[] {
  return [
    { name: 'SQLite', skip: false, open: openSqlite },
    { name: 'PostgreSQL', skip: NO_POSTGRES, open: openPostgresOfFile() },
  ]
}

/** One database for all tests of a file, emptied each time: making one takes much longer. */
function openPostgresOfFile(): OpenEmpty {
  const makeDatabase = sharedPostgres()
  let made: ReturnType<typeof makeDatabase> | undefined
  return async () => {
    made ??= makeDatabase()
    return await openEmptied((await made).address)
  }
}

/** The catalogue in a PostgreSQL database, emptied. */
export async function openEmptied(address: string): Promise<PostgresCatalogue> {
  const catalogue = await openPostgresCatalogue(address)
  await empty(catalogue)
  return catalogue
}

/** Empties every table of a catalogue in PostgreSQL. */
export async function empty({ database }: PostgresCatalogue): Promise<void> {
  const tables = await database.all<{ name: string }>(
    `select tablename as name from pg_tables where schemaname = 'catalogue' and tablename not in ('schema_version', 'undone')
      and tablename !~ '^price_run_'`,
  )
  await database.run(`truncate ${tables.map(({ name }) => name).join(', ')}`)
  // As a new schema has it.
  await database.run("insert into revision values (1, 'first')")
}
