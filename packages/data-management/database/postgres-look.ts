/** Opening PostgreSQL only to look: nothing is made there. */
import pg from 'pg'
import { connectTo } from './postgres-hosts.ts'
import { problemOf } from './postgres-problems.ts'

/** What a database says of itself and of a schema in it. `made`: how many migrations of the schema have been made, 0 where it is not there. */
export type Looked = Readonly<{
  made: number
  version: string
  encoding: string
  isReadOnly: boolean
  mayCreate: boolean
}>

const LOOK = `select current_setting('server_version') as version, current_setting('server_encoding') as encoding,
    current_setting('transaction_read_only') = 'on' as "isReadOnly",
    has_database_privilege(current_database(), 'create') as "mayCreate",
    exists (select from pg_tables where schemaname = $1 and tablename = 'schema_version') as "isThere"`

/** Looks at a schema. Throws `database_unreachable`, `database_unusable`, or what else PostgreSQL says. */
export async function lookAtSchema(address: string, schema: string): Promise<Looked> {
  try {
    return await look(address, schema)
  } catch (error) {
    throw problemOf(error)
  }
}

async function look(address: string, schema: string): Promise<Looked> {
  const client = await connectTo(address)
  try {
    const { isThere, ...said } = (await client.query(LOOK, [schema])).rows[0]
    if (!isThere) return { ...said, made: 0 }
    const { rows } = await client.query(`select version from ${pg.escapeIdentifier(schema)}.schema_version`)
    return { ...said, made: rows[0]?.version ?? 0 }
  } finally {
    await client.end()
  }
}

/** Asks something of the tables of a schema. */
export async function askSchema<Row>(address: string, schema: string, sql: string, values: string[]): Promise<Row[]> {
  const client = await connectTo(address)
  try {
    await client.query(`set search_path to ${pg.escapeIdentifier(schema)}`)
    return (await client.query(sql, values)).rows
  } finally {
    await client.end()
  }
}
