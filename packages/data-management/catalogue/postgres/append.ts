/** The first scrape of a store, and one behind all others: set-based statements, since these are nearly all that ever come. */
import { copyInto } from '../../database/postgres-copy.ts'
import type { PostgresTransaction } from '../../database/postgres-queries.ts'
import { type DateChange, nothingChanged } from '../model/date-change.ts'
import type { StagedRow } from './staging.ts'

const EXAMPLES = 20
const TERMS = 'price_cents, was_price_cents, is_on_special, is_available'

/** A date of a store, and the number of the staged scrape that is put there. */
export type NewDate = Readonly<{ storeId: number; date: string; scrape: number }>

/** Begins the history of a store that has none: each listing that the scrape shows gets its first runs. */
export async function beginHistory(
  transaction: PostgresTransaction,
  { storeId, date, scrape }: NewDate,
): Promise<void> {
  await transaction.run(
    `insert into price_run select ?::integer, listing_id, ?::text, null, ${TERMS} from observed where scrape = ? order by listing_id`,
    storeId,
    date,
    scrape,
  )
  await transaction.run(
    `insert into label_run select listing_id, ?::integer, ?::text, null, label_id from observed where scrape = ? order by listing_id`,
    storeId,
    date,
    scrape,
  )
}

/** The same with the rows of a scrape, in the order of their listings. */
export async function beginHistoryWith(
  transaction: PostgresTransaction,
  { storeId, date }: Omit<NewDate, 'scrape'>,
  rows: readonly StagedRow[],
): Promise<void> {
  const prices = rows.map(({ listingId, terms }) => `${storeId}\t${listingId}\t${date}\t${terms}\n`)
  await copyInto(transaction, `price_run (store_id, listing_id, from_date, ${TERMS})`, prices)
  const labels = rows.map(({ listingId, labelId }) => `${listingId}\t${storeId}\t${date}\t${labelId}\n`)
  await copyInto(transaction, 'label_run (listing_id, store_id, from_date, label_id)', labels)
}

/** Puts a new date behind all others of the store, the last of which is `before`. Only what differs from that one is written. */
export async function appendDate(
  transaction: PostgresTransaction,
  { storeId, date, scrape }: NewDate,
  before: string,
): Promise<DateChange> {
  await transaction.script('delete from different')
  await transaction.run(
    `insert into different
      select coalesce(run.listing_id, row.listing_id), run.from_date, run.price_cents, row.listing_id is not null,
        row.price_cents, row.was_price_cents, row.is_on_special, row.is_available
      from (select * from price_run where store_id = ?1 and to_date is null) as run
      full join (select * from observed where scrape = ?2) as row on row.listing_id = run.listing_id
      where run.listing_id is null or row.listing_id is null or run.price_cents <> row.price_cents
        or run.was_price_cents is distinct from row.was_price_cents
        or run.is_on_special is distinct from row.is_on_special or run.is_available is distinct from row.is_available`,
    storeId,
    scrape,
  )
  const total = await countDifferent(transaction, storeId)
  if (total.closed > 0)
    await transaction.run(
      `update price_run as run set to_date = ?2 from different
        where run.store_id = ?1 and run.listing_id = different.listing_id and run.from_date = different.from_date`,
      storeId,
      before,
    )
  if (total.opened > 0)
    await transaction.run(
      `insert into price_run select ?::integer, listing_id, ?::text, null, ${TERMS} from different where is_shown order by listing_id`,
      storeId,
      date,
    )
  if (total.disappeared > 0) await closeLabels(transaction, storeId, before)
  await appendLabels(transaction, { storeId, date, scrape }, before)
  return total
}

async function closeLabels(transaction: PostgresTransaction, storeId: number, before: string): Promise<void> {
  await transaction.run(
    `update label_run set to_date = ?2
      where listing_id = any(array(select listing_id from different where not is_shown)) and store_id = ?1 and to_date is null`,
    storeId,
    before,
  )
}

async function appendLabels(
  transaction: PostgresTransaction,
  { storeId, date, scrape }: NewDate,
  before: string,
): Promise<void> {
  await transaction.run(
    `with changed as (
        select row.listing_id, row.label_id, run.from_date
        from observed as row left join lateral (
          select * from label_run where listing_id = row.listing_id and store_id = ?1 and to_date is null offset 0
        ) as run on true
        where row.scrape = ?2 and run.label_id is distinct from row.label_id
      ), closed as (
        update label_run as run set to_date = ?3 from changed
        where run.listing_id = changed.listing_id and run.store_id = ?1 and run.from_date = changed.from_date
      )
      insert into label_run select listing_id, ?1::integer, ?4::text, null, label_id from changed order by listing_id`,
    storeId,
    scrape,
    before,
    date,
  )
}

async function countDifferent(transaction: PostgresTransaction, storeId: number): Promise<DateChange> {
  const counts = await transaction.get<{ inserted: number; changed: number; disappeared: number }>(
    `select count(*) filter (where from_date is null) as inserted,
        count(*) filter (where from_date is not null and is_shown) as changed, count(*) filter (where not is_shown) as disappeared
      from different`,
  )
  const { inserted, changed, disappeared } = counts!
  const total = {
    ...nothingChanged(),
    ...{ inserted, changed, disappeared, opened: inserted + changed, closed: changed + disappeared },
  }
  if (changed > 0)
    total.jumps = await transaction.all(
      `select listing_id as "listingId", ?::integer as "storeId", old_cents as "from", price_cents as "to" from different
        where old_cents <> price_cents
        order by abs(ln((price_cents + 1) / (old_cents + 1)::double precision)) desc, listing_id limit ${EXAMPLES}`,
      storeId,
    )
  if (disappeared > 0)
    total.gone = await transaction.all(
      `select listing_id as "listingId", ?::integer as "storeId" from different where not is_shown order by listing_id limit ${EXAMPLES}`,
      storeId,
    )
  return total
}
