/** Brings a schema of PostgreSQL up to date from a folder of numbered SQL files. Several programs may start at once. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Problem } from '@splitcart/shared/problem.ts'
import type { PostgresQueries } from './postgres-queries.ts'

type Database = PostgresQueries &
  Readonly<{ transaction: (work: (transaction: PostgresQueries) => Promise<number>) => Promise<number> }>

type MigrationTarget = Readonly<{ schema: string; migrations: string }>

/** Makes what is missing, each file in a transaction of its own; returns how many there are. Throws `schema_newer`. */
export async function migrate(database: Database, { schema, migrations }: MigrationTarget): Promise<number> {
  const names = await readdir(migrations)
  const files = names.filter((name) => name.endsWith('.sql')).sort()
  // Most often there is nothing to do, and then nobody is kept waiting.
  let made = await madeIn(database, schema, files.length)
  while (made < files.length) {
    made = await database.transaction(async (transaction) => {
      // So that of two programs that start at once the second finds the schema made.
      await transaction.run('select pg_advisory_xact_lock(hashtextextended(?, 0))', lockOf(schema))
      const before = await madeIn(transaction, schema, files.length)
      const next = files[before]
      if (next === undefined) return before
      if (before === 0) await makeSchema(transaction, schema)
      await transaction.script(await readFile(join(migrations, next), 'utf8'))
      await transaction.run('update schema_version set version = ?', before + 1)
      return before + 1
    })
  }
  return made
}

/** Keeps the schema as it is until a transaction ends, and throws `schema_newer` where it is not as this program knows it. */
export async function keepSchema(transaction: PostgresQueries, schema: string, known: number): Promise<void> {
  await transaction.run('select pg_advisory_xact_lock_shared(hashtextextended(?, 0))', lockOf(schema))
  await versionIn(transaction, schema, known)
}

/** What is locked: by who changes the schema alone, by those who write into it together. */
function lockOf(schema: string): string {
  return `splitcart ${schema}`
}

/** The number of migrations that were made. */
async function madeIn(database: PostgresQueries, schema: string, known: number): Promise<number> {
  // Asked of the table of tables: to_regclass() may not see yet what another program has just committed.
  const isThere = "select 1 from pg_tables where schemaname = ? and tablename = 'schema_version'"
  if ((await database.get(isThere, schema)) === undefined) return 0
  return versionIn(database, schema, known)
}

async function versionIn(database: PostgresQueries, schema: string, known: number): Promise<number> {
  const made = (await database.get<{ version: number }>(`select version from "${schema}".schema_version`))?.version ?? 0
  if (made <= known) return made
  throw new Problem('schema_newer', `the schema ${schema} is at ${made}, this program knows ${known}`)
}

/** The schema itself may have been made before, by somebody who may do more. */
async function makeSchema(database: PostgresQueries, schema: string): Promise<void> {
  if ((await database.get('select 1 from pg_namespace where nspname = ?', schema)) === undefined)
    await database.script(`create schema "${schema}"`)
  await database.script('create table schema_version (version integer not null); insert into schema_version values (0)')
}
