/** The temporary tables of a connection to PostgreSQL; ../../load/temp-tables.ts describes them. */
import type { PoolClient } from 'pg'
import type { PostgresTransaction } from '../../../database/postgres-queries.ts'
import { tempTables } from '../../load/temp-tables.ts'

const TABLES = tempTables({ text: 'text collate "C"', wide: 'bigint' })

// The planner has no statistics of these tables, and the time of a load must grow with its file, not the catalogue: so
// rows are looked up in an index, even where reading a whole table, or keeping what was read of one, seems cheaper.
const NO_SCANS = ['seqscan', 'hashjoin', 'mergejoin', 'material'].map((way) => `set enable_${way} = off;`).join(' ')
const SETTINGS = `${NO_SCANS} set jit = off;`

/** The SQL that sets up a connection: planner settings and temporary tables. */
export const CONNECTION_SETUP_SQL = `${SETTINGS}\n${TABLES.map(({ name, columns }) => `create temp table ${name} (${columns});`).join('\n')}`

// Truncating a table takes longer than loading a small file, but many deleted and leftover rows slow a load down.
const ROWS_LEFT_MAX = 100_000
// Added to the rows that a load copies, for what else it writes into these tables.
const LOAD_ROWS = 3_000

const rowsLeft = new WeakMap<PoolClient, number>()

/** Empties the tables, in a transaction. `observed` keeps its rows for a while: scrape numbers are unique to a load. */
export async function emptyTables(transaction: PostgresTransaction): Promise<void> {
  const names = TABLES.map(({ name }) => name)
  const isMuch = (rowsLeft.get(transaction.client) ?? 0) > ROWS_LEFT_MAX
  if (isMuch) rowsLeft.delete(transaction.client)
  countRows(transaction, LOAD_ROWS)
  await transaction.script(
    isMuch
      ? `truncate ${names.join(', ')}`
      : names.map((name) => (name === 'observed' ? '' : `delete from ${name}`)).join(';'),
  )
}

/** Counts rows that were written to the temporary tables. */
export function countRows({ client }: PostgresTransaction, rows: number): void {
  rowsLeft.set(client, (rowsLeft.get(client) ?? 0) + rows)
}
