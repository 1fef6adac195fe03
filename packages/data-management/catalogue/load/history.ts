/**
 * The changes of a store's history that append.ts and remove-date.ts do not make: a late scrape between two others, a
 * second file of a date, removing one of several. Applies model/price-runs.ts, page by page, to the runs that change.
 */
import { type DateChange, nothingChanged } from '../model/date-change.ts'
import {
  type AffectedRuns,
  type DateEdit,
  groupByListing,
  type LabelRunRow,
  labelRunChanges,
  type PriceRunRow,
  priceRunChanges,
  type ShownListing,
  type Terms,
} from '../model/listing-change.ts'
import type { Run } from '../model/price-runs.ts'
import { adjustLabelUses } from './label-uses.ts'
import { type LoadDatabase, records, type Statement, sql } from './statement.ts'

const PAGE_LISTINGS = 2_000

/** A date of a store that is to change. `scrapeId`: the scrape that is added or removed. */
export type ChangedDate = Omit<DateEdit, 'total'>

/**
 * Rewrites the runs of a store so that on the window's date it showed what is in the table `shown`. The store's scrapes
 * must already be as after the change. Counts only listings whose row on the date comes from `scrapeId`.
 */
export async function changeDate(database: LoadDatabase, changed: ChangedDate): Promise<DateChange> {
  const total = nothingChanged()
  const change: DateEdit = { ...changed, total }
  await fillAffected(database, change)
  for (let last = 0; ; ) {
    const page = await pageAfter(database, change, last)
    if (page.length === 0) return total
    await changePage(database, change, page)
    last = page.at(-1)!.listingId
  }
}

/** Fills `affected` with the listings whose runs change: those of the date that differ from `shown`. */
async function fillAffected(database: LoadDatabase, { storeId, window }: DateEdit): Promise<void> {
  await database.script('delete from affected')
  const { date } = window
  const on = sql`run.store_id = ${storeId} and run.from_date <= ${date} and (run.to_date is null or run.to_date >= ${date})`
  await database.run(
    sql`insert into affected
      select shown.listing_id from shown
      left join price_run as run on run.listing_id = shown.listing_id and ${on}
      where run.listing_id is null or run.price_cents is distinct from shown.price_cents
        or run.was_price_cents is distinct from shown.was_price_cents
        or run.is_on_special is distinct from shown.is_on_special or run.is_available is distinct from shown.is_available`,
  )
  await database.run(
    sql`insert into affected
      select shown.listing_id from shown left join label_run as run on run.listing_id = shown.listing_id and ${on}
      where run.label_id is distinct from shown.label_id on conflict do nothing`,
  )
  // Both tables: after the date the price may change while the label stays the same, and the other way round.
  for (const table of [sql`price_run`, sql`label_run`])
    await database.run(
      sql`insert into affected
        select run.listing_id from ${table} as run left join shown on shown.listing_id = run.listing_id
        where ${on} and shown.listing_id is null on conflict do nothing`,
    )
}

/** The next page of affected listings after one, with all that their change needs. */
async function pageAfter(database: LoadDatabase, { storeId, window }: DateEdit, last: number): Promise<AffectedRuns[]> {
  const ids = await database.all<{ listing_id: number }>(
    sql`select listing_id from affected where listing_id > ${last} order by listing_id limit ${PAGE_LISTINGS}`,
  )
  if (ids.length === 0) return []
  const until = ids.at(-1)!.listing_id
  const within = sql`affected.listing_id > ${last} and affected.listing_id <= ${until}`
  const runs = <T>(table: Statement) =>
    database.all<T>(
      sql`select run.* from affected join ${table} as run on run.store_id = ${storeId} and run.listing_id = affected.listing_id
        where ${within} and (run.to_date is null or run.to_date >= ${window.before ?? window.date})
          and run.from_date <= ${window.after ?? window.date} order by run.listing_id, run.from_date`,
    )
  return groupByListing(
    ids.map(({ listing_id }) => listing_id),
    {
      prices: await runs<PriceRunRow>(sql`price_run`),
      labels: await runs<LabelRunRow>(sql`label_run`),
      shown: await database.all<ShownListing>(
        sql`select shown.* from affected join shown on shown.listing_id = affected.listing_id where ${within}`,
      ),
    },
  )
}

type RunKey = Readonly<{ listingId: number; from: string }>
type NewRun<V> = RunKey & Pick<Run<V>, 'to' | 'value'>

type ListingTerms = Readonly<{ listingId: number; value: Terms }>

/**
 * The changes to the runs of a page: runs to remove, runs to write, the current prices that begin and end thereby, and
 * by how much the uses of labels change.
 */
class PageChange {
  readonly prices = { removed: [] as RunKey[], written: [] as NewRun<Terms>[] }
  readonly labels = { removed: [] as RunKey[], written: [] as NewRun<number>[] }
  readonly begun: ListingTerms[] = []
  readonly ended: ListingTerms[] = []
  readonly uses = new Map<number, number>()

  add(change: DateEdit, affected: AffectedRuns): void {
    const { listingId } = affected
    const price = priceRunChanges(change, affected)
    const label = labelRunChanges(change, affected)
    const changed = new Set([...price.remove, ...price.write.map(({ from }) => from)])
    for (const { from, to, value } of affected.prices)
      if (to === null && changed.has(from)) this.ended.push({ listingId, value })
    for (const { to, value } of price.write) if (to === null) this.begun.push({ listingId, value })
    this.prices.removed.push(...price.remove.map((from) => ({ listingId, from })))
    this.prices.written.push(...price.write.map((run) => ({ listingId, ...run })))
    this.labels.removed.push(...label.remove.map((from) => ({ listingId, from })))
    this.labels.written.push(...label.write.map((run) => ({ listingId, ...run })))
    const old = new Map(affected.labels.map(({ from, value }) => [from, value]))
    for (const from of label.remove) this.#use(old.get(from)!, -1)
    for (const { from, value } of label.write) {
      if (old.has(from)) this.#use(old.get(from)!, -1)
      this.#use(value, 1)
    }
  }

  #use(labelId: number, by: number): void {
    this.uses.set(labelId, (this.uses.get(labelId) ?? 0) + by)
  }
}

async function changePage(database: LoadDatabase, change: DateEdit, page: readonly AffectedRuns[]): Promise<void> {
  const changes = new PageChange()
  for (const affected of page) changes.add(change, affected)
  const { storeId } = change
  await removeRuns(database, sql`price_run`, storeId, changes.prices.removed)
  await removeRuns(database, sql`label_run`, storeId, changes.labels.removed)
  await writePrices(database, storeId, changes.prices.written)
  await writeLabels(database, storeId, changes.labels.written)
  if (changes.begun.length > 0) await database.addPrices(priceRows(changes.begun))
  if (changes.ended.length > 0) await database.removePrices(priceRows(changes.ended))
  const uses = [...changes.uses].filter(([, by]) => by !== 0)
  if (uses.length === 0) return
  const changed = records('changed', { label_id: 'integer', uses: 'integer' }, [
    uses.map(([labelId]) => labelId),
    uses.map(([, by]) => by),
  ])
  await adjustLabelUses(database, sql`select label_id, uses from ${changed}`)
}

function priceRows(prices: readonly ListingTerms[]): Statement {
  const types = { listing_id: 'integer', price_cents: 'integer', is_available: 'smallint' } as const
  const given = records('price', types, [
    prices.map(({ listingId }) => listingId),
    prices.map(({ value }) => value.price_cents),
    prices.map(({ value }) => value.is_available),
  ])
  return sql`select listing_id, price_cents, is_available from ${given}`
}

async function removeRuns(
  database: LoadDatabase,
  table: Statement,
  storeId: number,
  removed: readonly RunKey[],
): Promise<void> {
  if (removed.length === 0) return
  const wanted = records('removed', { listing_id: 'integer', from_date: 'text' }, [
    removed.map(({ listingId }) => listingId),
    removed.map(({ from }) => from),
  ])
  await database.run(
    sql`delete from ${table} where store_id = ${storeId}
      and (listing_id, from_date) in (select removed.listing_id, removed.from_date from ${wanted})`,
  )
}

async function writePrices(database: LoadDatabase, storeId: number, written: readonly NewRun<Terms>[]): Promise<void> {
  if (written.length === 0) return
  const terms = {
    price_cents: 'integer',
    was_price_cents: 'integer',
    is_on_special: 'smallint',
    is_available: 'smallint',
  }
  const runs = records('written', { ...RUN_TYPES, ...terms } as typeof RUN_TYPES, [
    ...runColumns(written),
    written.map(({ value }) => value.price_cents),
    written.map(({ value }) => value.was_price_cents),
    written.map(({ value }) => value.is_on_special),
    written.map(({ value }) => value.is_available),
  ])
  await database.run(
    sql`insert into price_run select cast(${storeId} as integer), written.* from ${runs} where true
      on conflict (store_id, listing_id, from_date) do update set to_date = excluded.to_date, price_cents = excluded.price_cents,
        was_price_cents = excluded.was_price_cents, is_on_special = excluded.is_on_special, is_available = excluded.is_available`,
  )
}

async function writeLabels(database: LoadDatabase, storeId: number, written: readonly NewRun<number>[]): Promise<void> {
  if (written.length === 0) return
  const runs = records('written', { ...RUN_TYPES, label_id: 'integer' } as typeof RUN_TYPES, [
    ...runColumns(written),
    written.map(({ value }) => value),
  ])
  await database.run(
    sql`insert into label_run (store_id, listing_id, from_date, to_date, label_id)
      select cast(${storeId} as integer), written.* from ${runs} where true
      on conflict (store_id, listing_id, from_date) do update set to_date = excluded.to_date, label_id = excluded.label_id`,
  )
}

const RUN_TYPES = { listing_id: 'integer', from_date: 'text', to_date: 'text' } as const

function runColumns(written: readonly NewRun<unknown>[]) {
  return [
    written.map(({ listingId }) => listingId),
    written.map(({ from }) => from),
    written.map(({ to }) => to),
  ] as const
}
