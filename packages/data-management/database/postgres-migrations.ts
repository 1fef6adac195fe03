/** Applies numbered SQL files to a schema of PostgreSQL. Several programs may do so at the same time. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Problem } from '@splitcart/shared/problem.ts'
import type { PostgresQueries } from './postgres-queries.ts'

type Database = PostgresQueries &
  Readonly<{ transaction: (work: (transaction: PostgresQueries) => Promise<number>) => Promise<number> }>

type MigrationTarget = Readonly<{ schema: string; migrations: string }>

/** Applies the missing migrations, each in its own transaction; returns how many are applied. Throws `schema_newer`. */
export async function migrate(database: Database, { schema, migrations }: MigrationTarget): Promise<number> {
  const names = await readdir(migrations)
  const files = names.filter((name) => name.endsWith('.sql')).sort()
  // Checked first without the lock: usually no migration is missing.
  let applied = await countApplied(database, schema, files.length)
  while (applied < files.length) {
    applied = await database.transaction(async (transaction) => {
      // If two programs start at once, the second waits here, and then finds the migration applied.
      await transaction.run('select pg_advisory_xact_lock(hashtextextended(?, 0))', migrationLockName(schema))
      const before = await countApplied(transaction, schema, files.length)
      const next = files[before]
      if (next === undefined) return before
      if (before === 0) await createSchema(transaction, schema)
      await transaction.script(await readFile(join(migrations, next), 'utf8'))
      await transaction.run('update schema_version set version = ?', before + 1)
      return before + 1
    })
  }
  return applied
}

/** Locks a schema against migrations until the transaction ends. Throws `schema_newer` if it is above `known`. */
export async function lockSchema(transaction: PostgresQueries, schema: string, known: number): Promise<void> {
  await transaction.run('select pg_advisory_xact_lock_shared(hashtextextended(?, 0))', migrationLockName(schema))
  await checkedVersion(transaction, schema, known)
}

/** The name of the lock that migrations take exclusively, and writing transactions shared. */
function migrationLockName(schema: string): string {
  return `splitcart ${schema}`
}

/** How many migrations were applied to a schema; 0 if it does not exist. */
async function countApplied(database: PostgresQueries, schema: string, known: number): Promise<number> {
  // Reads pg_tables, since to_regclass() may not see yet what another program has just committed.
  const isThere = "select 1 from pg_tables where schemaname = ? and tablename = 'schema_version'"
  if ((await database.get(isThere, schema)) === undefined) return 0
  return checkedVersion(database, schema, known)
}

async function checkedVersion(database: PostgresQueries, schema: string, known: number): Promise<number> {
  const made = (await database.get<{ version: number }>(`select version from "${schema}".schema_version`))?.version ?? 0
  if (made <= known) return made
  throw new Problem('schema_newer', `the schema ${schema} is at ${made}, this program knows ${known}`)
}

/** Creates the table `schema_version`, and the schema unless an administrator has created it. */
async function createSchema(database: PostgresQueries, schema: string): Promise<void> {
  if ((await database.get('select 1 from pg_namespace where nspname = ?', schema)) === undefined)
    await database.script(`create schema "${schema}"`)
  await database.script('create table schema_version (version integer not null); insert into schema_version values (0)')
}
