/** The temporary tables of a connection to PostgreSQL: what is in them stands in ../../load/temp-tables.ts. */
import type { PoolClient } from 'pg'
import type { PostgresTransaction } from '../../../database/postgres-queries.ts'
import { tempTables } from '../../load/temp-tables.ts'

const TABLES = tempTables({ text: 'text collate "C"', wide: 'bigint' })

// Nothing is known of what is in these tables, and a load must take as long as its file is large, not as the catalogue is: so what belongs
// to a row is looked up in an index, even where reading a whole table, or keeping what was read of one, would seem cheaper.
const LOOK_UP = ['seqscan', 'hashjoin', 'mergejoin', 'material'].map((way) => `set enable_${way} = off;`).join(' ')
const SETTINGS = `${LOOK_UP} set jit = off;`

/** Makes the tables of a connection. */
export const TEMPORARY_TABLES = `${SETTINGS}\n${TABLES.map(({ name, columns }) => `create temp table ${name} (${columns});`).join('\n')}`

// To truncate a table takes longer than to load a small file; what was deleted and what others have left is in the way when it is much.
const ROWS_LEFT_MAX = 100_000
// As much as so many rows.
const LOAD_ROWS = 3_000

const left = new WeakMap<PoolClient, number>()

/** Empties them, within a transaction. Only `observed` keeps for a while what is there: a scrape has a number of its own in it. */
export async function emptyTables(transaction: PostgresTransaction): Promise<void> {
  const names = TABLES.map(({ name }) => name)
  const isMuch = (left.get(transaction.client) ?? 0) > ROWS_LEFT_MAX
  if (isMuch) left.delete(transaction.client)
  noteRows(transaction, LOAD_ROWS)
  await transaction.script(
    isMuch
      ? `truncate ${names.join(', ')}`
      : names.map((name) => (name === 'observed' ? '' : `delete from ${name}`)).join(';'),
  )
}

/** Notes that so many rows were set down. */
export function noteRows({ client }: PostgresTransaction, rows: number): void {
  left.set(client, (left.get(client) ?? 0) + rows)
}
