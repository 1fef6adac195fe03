/** The schemas of ledger and catalogue: how many migrations this program knows, and how many have been made where. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Problem } from '@splitcart/shared/problem.ts'
import { openForReading } from './database/open-for-reading.ts'

/** The two that a server has. */
export const SCHEMAS = ['ledger', 'catalogue'] as const
export type Schema = (typeof SCHEMAS)[number]

/** How many migrations this program knows. */
export function migrationsKnown(schema: Schema, dialect: 'sqlite' | 'postgres'): number {
  const folder = schema === 'ledger' ? `ledger/migrations/${dialect}` : `catalogue/dialects/${dialect}/migrations`
  return readdirSync(join(import.meta.dirname, folder)).filter((name) => name.endsWith('.sql')).length
}

/** How many migrations an existing file has. Throws the errors of SQLite or the system. */
export function migrationsIn(path: string): number {
  const connection = openForReading(path)
  try {
    connection.prepare('select count(*) from sqlite_schema').get()
    return Number(connection.prepare('pragma user_version').get()?.user_version)
  } finally {
    connection.close()
  }
}

/** Whether an error says that a newer program has changed a schema: then this one must stop writing and end. */
export function isNewerSchema(error: unknown): boolean {
  return error instanceof Problem && error.code === 'schema_newer'
}
