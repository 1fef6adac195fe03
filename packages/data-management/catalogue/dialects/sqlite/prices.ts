/**
 * What is asked for each listing now, and by how many stores (`price_count`): SQLite counts it, because to look at the run of each store takes
 * a second where there are thousands. What is counted here is what a load opens and ends, all at once: a trigger for each run would take
 * five times as long. What is shown without a price is counted with a price of -1: the store shows it, and nobody can pay that.
 */
import { type Statement, type Statements, sql } from '../../load/statement.ts'

const KEY = sql`(listing_id << 32) | (coalesce(price_cents, -1) + 1 << 2) | (coalesce(is_available, -1) + 1)`

/** Counts one store more for each of these prices: rows of listing_id, price_cents and is_available. */
export async function beginPrices(database: Statements, rows: Statement): Promise<void> {
  await database.run(
    sql`insert into price_count (key, stores) select ${KEY}, 1 from (${rows}) as begun where true
      on conflict do update set stores = stores + 1`,
  )
}

/** Counts one store less for each of these prices, of which no two are the same. */
export async function endPrices(database: Statements, rows: Statement): Promise<void> {
  const ended = sql`select ${KEY} from (${rows}) as ended`
  await database.run(sql`delete from price_count where stores = 1 and key in (${ended})`)
  await database.run(sql`update price_count set stores = stores - 1 where key in (${ended})`)
}
