/**
 * The current prices of each listing, and how many stores ask them (`price_count`). SQLite counts them because reading
 * the run of each of thousands of stores takes a second. A load counts all runs that it opens and ends at once: a
 * trigger per run would take five times as long. A listing shown without a price counts as price -1.
 */
import { type Statement, type Statements, sql } from '../../load/statement.ts'

const PRICE_COUNT_KEY = sql`(listing_id << 32) | (coalesce(price_cents, -1) + 1 << 2) | (coalesce(is_available, -1) + 1)`

/** Counts one store more for each of these prices: rows of listing_id, price_cents and is_available. */
export async function addPrices(database: Statements, rows: Statement): Promise<void> {
  await database.run(
    sql`insert into price_count (key, stores) select ${PRICE_COUNT_KEY}, 1 from (${rows}) as begun where true
      on conflict do update set stores = stores + 1`,
  )
}

/** Counts one store less for each of these prices, of which no two are the same. */
export async function removePrices(database: Statements, rows: Statement): Promise<void> {
  const ended = sql`select ${PRICE_COUNT_KEY} from (${rows}) as ended`
  await database.run(sql`delete from price_count where stores = 1 and key in (${ended})`)
  await database.run(sql`update price_count set stores = stores - 1 where key in (${ended})`)
}
