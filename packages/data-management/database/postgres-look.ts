/** Opening PostgreSQL only to look: nothing is made there. */
import pg from 'pg'

const CONNECT_MS_MAX = 10_000

/** How many migrations of a schema have been made: 0 where it is not there. Throws what PostgreSQL or the system says. */
export async function schemaMade(address: string, schema: string): Promise<number> {
  const client = new pg.Client({ connectionString: address, connectionTimeoutMillis: CONNECT_MS_MAX })
  await client.connect()
  try {
    const isThere = "select 1 from pg_tables where schemaname = $1 and tablename = 'schema_version'"
    if ((await client.query(isThere, [schema])).rowCount === 0) return 0
    const { rows } = await client.query(`select version from ${pg.escapeIdentifier(schema)}.schema_version`)
    return rows[0]?.version ?? 0
  } finally {
    await client.end()
  }
}
