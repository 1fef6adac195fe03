/** Reads from PostgreSQL without creating or migrating a schema. */
import pg from 'pg'
import { connectToFirstUsableHost } from './postgres-hosts.ts'
import { toPostgresProblem } from './postgres-problems.ts'

/**
 * The state of a database and of a schema in it. `migrations`: how many were applied to the schema, 0 if it does not
 * exist; `mayCreate`: whether this user may create schemas.
 */
export type SchemaState = Readonly<{
  migrations: number
  version: string
  encoding: string
  isReadOnly: boolean
  mayCreate: boolean
}>

const STATE_SQL = `select current_setting('server_version') as version, current_setting('server_encoding') as encoding,
    current_setting('transaction_read_only') = 'on' as "isReadOnly",
    has_database_privilege(current_database(), 'create') as "mayCreate",
    exists (select from pg_tables where schemaname = $1 and tablename = 'schema_version') as "isThere"`

/** Reads the state of a schema. Throws `database_unreachable`, `database_unusable`, or PostgreSQL's own error. */
export async function readSchemaState(address: string, schema: string): Promise<SchemaState> {
  try {
    return await queryState(address, schema)
  } catch (error) {
    throw toPostgresProblem(error)
  }
}

async function queryState(address: string, schema: string): Promise<SchemaState> {
  const client = await connectToFirstUsableHost(address)
  try {
    const { isThere, ...state } = (await client.query(STATE_SQL, [schema])).rows[0]
    if (!isThere) return { ...state, migrations: 0 }
    const { rows } = await client.query(`select version from ${pg.escapeIdentifier(schema)}.schema_version`)
    return { ...state, migrations: rows[0]?.version ?? 0 }
  } finally {
    await client.end()
  }
}

/** The rows of a query on the tables of a schema. Throws PostgreSQL's own errors. */
export async function querySchema<Row>(address: string, schema: string, sql: string, values: string[]): Promise<Row[]> {
  const client = await connectToFirstUsableHost(address)
  try {
    await client.query(`set search_path to ${pg.escapeIdentifier(schema)}`)
    return (await client.query(sql, values)).rows
  } finally {
    await client.end()
  }
}
