/**
 * The tables that each connection has for the load that it makes; they are emptied before the next one.
 *
 *   observed    one record a listing and scrape of the file: the first row of each
 *   shown       what a store showed on the date that is being changed, where that is not simply `observed`
 *   different   the listings of which the newest scrape of a store says something else than the one before it
 *   affected    the listings whose runs may change
 *   relabelled  the listings that may get another label
 *   labelled    the labels that these had before
 *   unjoined    the labels that are new: their keys lead to no product yet
 */
import type { PoolClient } from 'pg'
import type { PostgresTransaction } from '../../database/postgres-queries.ts'

const OF_LISTING = 'listing_id integer primary key'
const TERMS = `price_cents integer not null, was_price_cents integer, is_on_special smallint, is_available smallint`

const TABLES: Readonly<Record<string, string>> = {
  observed: `scrape bigint, listing_id integer, label_id integer not null, ${TERMS}, primary key (scrape, listing_id)`,
  shown: `${OF_LISTING}, label_id integer not null, scrape_id bigint, ${TERMS}`,
  different: `${OF_LISTING}, from_date text collate "C", old_cents integer, is_shown boolean not null, price_cents integer,
    was_price_cents integer, is_on_special smallint, is_available smallint`,
  affected: OF_LISTING,
  relabelled: OF_LISTING,
  labelled: `${OF_LISTING}, label_id integer`,
  unjoined: 'label_id integer primary key',
}

// Nothing is known of what is in these tables, and a load must take as long as its file is large, not as the catalogue is: so what belongs
// to a row is looked up in an index, even where reading a whole table would seem cheaper.
const SETTINGS = 'set enable_seqscan = off; set jit = off;'

/** Makes the tables of a connection. */
export const TEMPORARY_TABLES = `${SETTINGS}\n${Object.entries(TABLES)
  .map(([name, columns]) => `create temp table ${name} (${columns});`)
  .join('\n')}`

// To truncate a table takes longer than to load a small file; what was deleted and what others have left is in the way when it is much.
const ROWS_LEFT_MAX = 100_000
// As much as so many rows.
const LOAD_ROWS = 3_000

const left = new WeakMap<PoolClient, number>()

/** Empties them, within a transaction. Only `observed` keeps for a while what is there: a scrape has a number of its own in it. */
export async function emptyTables(transaction: PostgresTransaction): Promise<void> {
  const names = Object.keys(TABLES)
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
