/**
 * The history of a store in PostgreSQL. A first scrape, and one behind all others, are set-based statements; any other change goes by
 * the rules of `price-runs`, page by page.
 */
import type { PostgresTransaction } from '../../database/postgres-queries.ts'
import type { Run, Window } from '../../update-db/price-runs.ts'
import { type DateChange, nothingChanged } from '../date-change.ts'
import {
  type Affected,
  affectedOf,
  type Change,
  type DateBecomes,
  labelChanges,
  priceChanges,
  type Shown,
  type StoredLabel,
  type StoredPrice,
  type Terms,
} from '../listing-change.ts'

const PAGE_LISTINGS = 2_000
const EXAMPLES = 20
const TERMS = 'price_cents, was_price_cents, is_on_special, is_available'

/** A date of a store, and the number of the staged scrape that is put there. */
export type NewDate = Readonly<{ storeId: number; date: string; scrape: number }>

/** A date of a store that is to change. `scrapeId`: the scrape that is put in or taken out. */
export type ChangedDate = Readonly<{
  storeId: number
  date: string
  scrapeId: number
  becomes: Exclude<DateBecomes, 'newest'>
}>

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

/** Puts a new date behind all others of the store, the last of which is `before`. Only what differs from that one is written. */
export async function appendDate(
  transaction: PostgresTransaction,
  { storeId, date, scrape }: NewDate,
  before: string,
): Promise<DateChange> {
  await transaction.script('truncate different')
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
  await transaction.run(
    `update price_run as run set to_date = ?2 from different
      where run.store_id = ?1 and run.listing_id = different.listing_id and run.from_date = different.from_date`,
    storeId,
    before,
  )
  await transaction.run(
    `insert into price_run select ?::integer, listing_id, ?::text, null, ${TERMS} from different where is_shown order by listing_id`,
    storeId,
    date,
  )
  await appendLabels(transaction, { storeId, date, scrape }, before)
  return countDifferent(transaction, storeId)
}

async function appendLabels(
  transaction: PostgresTransaction,
  { storeId, date, scrape }: NewDate,
  before: string,
): Promise<void> {
  await transaction.run(
    `update label_run as run set to_date = ?2 from different
      where not is_shown and run.store_id = ?1 and run.listing_id = different.listing_id and run.to_date is null`,
    storeId,
    before,
  )
  await transaction.run(
    `with changed as (
        select row.listing_id, row.label_id, run.from_date
        from observed as row left join label_run as run
          on run.listing_id = row.listing_id and run.store_id = ?1 and run.to_date is null
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

/**
 * Makes the runs of a store say that `shown` is what it showed on a date; `gone`: that it has no scrape on that date. The scrapes of the
 * store must be as they are after the change. Counts only listings that `scrapeId` is responsible for.
 */
export async function changeDate(
  transaction: PostgresTransaction,
  { storeId, date, scrapeId, becomes }: ChangedDate,
): Promise<DateChange> {
  const total = nothingChanged()
  const window = await windowOf(transaction, storeId, date, becomes !== 'gone')
  const change: Change = { storeId, scrapeId, window, total }
  await findAffected(transaction, change)
  for (let last = 0; ; ) {
    const page = await pageAfter(transaction, change, last)
    if (page.length === 0) return total
    await changePage(transaction, change, page)
    last = page.at(-1)!.listingId
  }
}

async function windowOf(
  transaction: PostgresTransaction,
  storeId: number,
  date: string,
  stays: boolean,
): Promise<Window> {
  const dates = await transaction.get<{ before: string | null; after: string | null }>(
    `select (select max(date) from scrape where store_id = ?1 and date < ?2) as before,
      (select min(date) from scrape where store_id = ?1 and date > ?2) as after`,
    storeId,
    date,
  )
  return { before: dates?.before ?? undefined, date, after: dates?.after ?? undefined, stays }
}

async function findAffected(transaction: PostgresTransaction, { storeId, window }: Change): Promise<void> {
  await transaction.script('truncate affected')
  await transaction.run(
    `insert into affected
      select listing_id from price_run where store_id = ? and (to_date is null or to_date >= ?) and from_date <= ?
      union select listing_id from shown`,
    storeId,
    window.before ?? window.date,
    window.after ?? window.date,
  )
}

/** The next listings after one, with all that their change needs. */
async function pageAfter(
  transaction: PostgresTransaction,
  { storeId, window }: Change,
  last: number,
): Promise<Affected[]> {
  const sql = `select listing_id from affected where listing_id > ? order by listing_id limit ${PAGE_LISTINGS}`
  const ids = (await transaction.all<{ listing_id: number }>(sql, last)).map(({ listing_id }) => listing_id)
  if (ids.length === 0) return []
  const runs = <T>(table: string) =>
    transaction.all<T>(
      `select * from ${table} where store_id = ? and listing_id = any(?::integer[]) and (to_date is null or to_date >= ?)
        and from_date <= ? order by listing_id, from_date`,
      storeId,
      ids,
      window.before ?? window.date,
      window.after ?? window.date,
    )
  return affectedOf(ids, {
    prices: await runs<StoredPrice>('price_run'),
    labels: await runs<StoredLabel>('label_run'),
    shown: await transaction.all<Shown>('select * from shown where listing_id = any(?::integer[])', ids),
  })
}

type Removed = Readonly<{ listingId: number; from: string }>
type Written<V> = Removed & Pick<Run<V>, 'to' | 'value'>

async function changePage(transaction: PostgresTransaction, change: Change, page: readonly Affected[]): Promise<void> {
  const prices = { removed: [] as Removed[], written: [] as Written<Terms>[] }
  const labels = { removed: [] as Removed[], written: [] as Written<number>[] }
  for (const affected of page) {
    const { listingId } = affected
    const price = priceChanges(change, affected)
    const label = labelChanges(change, affected)
    prices.removed.push(...price.remove.map((from) => ({ listingId, from })))
    prices.written.push(...price.write.map((run) => ({ listingId, ...run })))
    labels.removed.push(...label.remove.map((from) => ({ listingId, from })))
    labels.written.push(...label.write.map((run) => ({ listingId, ...run })))
  }
  await removeRuns(transaction, 'price_run', change.storeId, prices.removed)
  await removeRuns(transaction, 'label_run', change.storeId, labels.removed)
  await writePrices(transaction, change.storeId, prices.written)
  await writeLabels(transaction, change.storeId, labels.written)
  const relabelled = [...labels.removed, ...labels.written].map(({ listingId }) => listingId)
  if (relabelled.length > 0)
    await transaction.run('insert into relabelled select unnest(?::integer[]) on conflict do nothing', relabelled)
}

async function removeRuns(
  transaction: PostgresTransaction,
  table: string,
  storeId: number,
  removed: readonly Removed[],
): Promise<void> {
  if (removed.length === 0) return
  await transaction.run(
    `delete from ${table} as run using unnest(?::integer[], ?::text[]) as removed (listing_id, from_date)
      where run.store_id = ? and run.listing_id = removed.listing_id and run.from_date = removed.from_date collate "C"`,
    removed.map(({ listingId }) => listingId),
    removed.map(({ from }) => from),
    storeId,
  )
}

async function writePrices(
  transaction: PostgresTransaction,
  storeId: number,
  written: readonly Written<Terms>[],
): Promise<void> {
  if (written.length === 0) return
  await transaction.run(
    `insert into price_run
      select ?::integer, * from unnest(?::integer[], ?::text[], ?::text[], ?::integer[], ?::integer[], ?::smallint[], ?::smallint[])
      on conflict (store_id, listing_id, from_date) do update set to_date = excluded.to_date, price_cents = excluded.price_cents,
        was_price_cents = excluded.was_price_cents, is_on_special = excluded.is_on_special, is_available = excluded.is_available`,
    storeId,
    ...columnsOf(written),
    written.map(({ value }) => value.price_cents),
    written.map(({ value }) => value.was_price_cents),
    written.map(({ value }) => value.is_on_special),
    written.map(({ value }) => value.is_available),
  )
}

async function writeLabels(
  transaction: PostgresTransaction,
  storeId: number,
  written: readonly Written<number>[],
): Promise<void> {
  if (written.length === 0) return
  await transaction.run(
    `insert into label_run (store_id, listing_id, from_date, to_date, label_id)
      select ?::integer, * from unnest(?::integer[], ?::text[], ?::text[], ?::integer[])
      on conflict (listing_id, store_id, from_date) do update set to_date = excluded.to_date, label_id = excluded.label_id`,
    storeId,
    ...columnsOf(written),
    written.map(({ value }) => value),
  )
}

function columnsOf(written: readonly Written<unknown>[]) {
  return [
    written.map(({ listingId }) => listingId),
    written.map(({ from }) => from),
    written.map(({ to }) => to),
  ] as const
}
