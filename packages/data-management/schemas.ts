/** Counts migrations of ledger and catalogue: those that this program knows, and those applied to a database. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Problem } from '@splitcart/shared/problem.ts'
import { openForReading } from './database/open-for-reading.ts'

/** The names of the two databases of a server; on PostgreSQL they are schemas of one database. */
export const SCHEMAS = ['ledger', 'catalogue'] as const
export type Schema = (typeof SCHEMAS)[number]

/** How many migrations this program knows. */
export function knownMigrations(schema: Schema, dialect: 'sqlite' | 'postgres'): number {
  const folder = schema === 'ledger' ? `ledger/migrations/${dialect}` : `catalogue/dialects/${dialect}/migrations`
  return readdirSync(join(import.meta.dirname, folder)).filter((name) => name.endsWith('.sql')).length
}

/** How many migrations were applied to an existing SQLite file. Throws the errors of SQLite or the system. */
export function appliedMigrations(path: string): number {
  const connection = openForReading(path)
  try {
    connection.prepare('select count(*) from sqlite_schema').get()
    return Number(connection.prepare('pragma user_version').get()?.user_version)
  } finally {
    connection.close()
  }
}

/** Whether an error says that a newer version has changed the schema: this program must then stop. */
export function isNewerSchema(error: unknown): boolean {
  return error instanceof Problem && error.code === 'schema_newer'
}
