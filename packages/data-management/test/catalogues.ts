/** Empty catalogues for tests, in both databases. */
import { NO_POSTGRES, sharedPostgres } from '../../../test/postgres.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import { openPostgresCatalogueDatabase, PostgresCatalogue } from '../catalogue/dialects/postgres/catalogue.ts'
import { transactionsOf } from '../catalogue/dialects/postgres/transactions.ts'
import { openCatalogue } from '../catalogue/dialects/sqlite/catalogue.ts'
import type { PostgresDatabase } from '../database/postgres.ts'

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
  const database = await openPostgresCatalogueDatabase(address)
  await empty(database)
  return new PostgresCatalogue(database, transactionsOf(database), () => database[Symbol.asyncDispose]())
}

/** One PostgreSQL database over one connection for many catalogues, one after the other, each of them empty when it is opened. */
export async function keptPostgres(address: string): Promise<AsyncDisposable & Readonly<{ open: OpenEmpty }>> {
  const database = await openPostgresCatalogueDatabase(address, { connections: 1 })
  const open = async () => {
    await empty(database)
    return new PostgresCatalogue(database, transactionsOf(database), async () => {})
  }
  return { open, [Symbol.asyncDispose]: () => database[Symbol.asyncDispose]() }
}

/** Empties every table of a catalogue in PostgreSQL. There is little in them: to truncate them all takes fifty times as long. */
async function empty(database: PostgresDatabase): Promise<void> {
  const tables = await database.all<{ name: string }>(
    `select tablename as name from pg_tables where schemaname = 'catalogue' and tablename not in ('schema_version', 'undone')
      and tablename !~ '^price_run_'`,
  )
  // As a new schema has it; in one transaction, in which references are not looked at.
  await database.script(`begin; set local session_replication_role = replica;
    ${tables.map(({ name }) => `delete from ${name}`).join('; ')};
    insert into revision values (1, 'first'); commit`)
}
