/** Any change of a store's history in PostgreSQL that is not one of append.ts: by the rules of `price-runs`, page by page. */
import type { PostgresTransaction } from '../../database/postgres-queries.ts'
import { type DateChange, nothingChanged } from '../model/date-change.ts'
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
} from '../model/listing-change.ts'
import type { Run, Window } from '../model/price-runs.ts'

const PAGE_LISTINGS = 2_000

/** A date of a store that is to change. `scrapeId`: the scrape that is put in or taken out. */
export type ChangedDate = Readonly<{
  storeId: number
  date: string
  scrapeId: number
  becomes: Exclude<DateBecomes, 'newest'>
}>

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
  await transaction.script('delete from affected')
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
