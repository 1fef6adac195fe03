/** Brings a schema of PostgreSQL up to date from a folder of numbered SQL files. Several programs may start at once. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Problem } from '@splitcart/shared/problem.ts'
import type { PostgresQueries } from './postgres-queries.ts'

type Database = PostgresQueries &
  Readonly<{ transaction: (work: (transaction: PostgresQueries) => Promise<number>) => Promise<number> }>

type MigrationTarget = Readonly<{ schema: string; migrations: string }>

/** Runs the missing migrations, each in a transaction of its own; returns how many exist. Throws `schema_newer`. */
export async function migrate(database: Database, { schema, migrations }: MigrationTarget): Promise<number> {
  const names = await readdir(migrations)
  const files = names.filter((name) => name.endsWith('.sql')).sort()
  // Checked first without the lock: mostly there is nothing to do.
  let made = await madeIn(database, schema, files.length)
  while (made < files.length) {
    made = await database.transaction(async (transaction) => {
      // Of two programs that start at once, the second waits here and finds the schema made.
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

/** Locks the schema against migrations until the transaction ends; throws `schema_newer` if it is beyond `known`. */
export async function keepSchema(transaction: PostgresQueries, schema: string, known: number): Promise<void> {
  await transaction.run('select pg_advisory_xact_lock_shared(hashtextextended(?, 0))', lockOf(schema))
  await versionIn(transaction, schema, known)
}

/** The lock's name: migrations take it exclusively, transactions that write take it shared. */
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

/** Creates the schema, unless an administrator with more rights has done so, and the table of its version. */
async function makeSchema(database: PostgresQueries, schema: string): Promise<void> {
  if ((await database.get('select 1 from pg_namespace where nspname = ?', schema)) === undefined)
    await database.script(`create schema "${schema}"`)
  await database.script('create table schema_version (version integer not null); insert into schema_version values (0)')
}
