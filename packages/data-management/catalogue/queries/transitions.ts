/** Compares consecutive scrapes of a store, by the price runs that begin on a date or ended on the scrape before. */
import type { Sql, Value } from '../../database/sql.ts'
import type { Transition } from '../model/changes.ts'

/** Dates of stores: a query that selects distinct `store_id` and `date`. */
export type StoreDates = Readonly<{ sql: string; values: readonly Value[] }>

/** A transition on a date, and the number of stores in which it happened. */
export type CountedTransition = Transition & Readonly<{ date: string; stores: number }>

const GROUPED = 'date, listing_id, appeared, is_gone, from_cents, to_cents, was_available, is_available'

/** The transitions on these dates of stores, in all categories or one of this name. A store's first date has none. */
export async function readTransitions(
  database: Sql,
  { sql, values }: StoreDates,
  category?: string,
): Promise<CountedTransition[]> {
  const inCategory = `where exists (select 1 from listing_category join category on category.id = category_id
    where listing_category.listing_id = transition.listing_id and category.name = ?)`
  // In SQLite, a cross join fixes the order of the tables: the dates of stores come first, else all runs would be read.
  // `begun` and `ended` are read from indexes only; without them, all runs of the store would be read for each date.
  return await database.all<CountedTransition>(
    `with given as (${sql}), at as (
        select given.store_id, given.date, (
          select max(earlier.date) from scrape as earlier where earlier.store_id = given.store_id and earlier.date < given.date) as before
        from given)
      select ${GROUPED}, count(*) as stores from (
        select at.date, run.listing_id, 0 as is_gone,
          case when was.listing_id is not null then 0 when exists (
            select 1 from price_run as earlier where earlier.store_id = run.store_id and earlier.listing_id = run.listing_id
              and earlier.from_date < run.from_date) then 2 else 1 end as appeared,
          coalesce(was.price_cents, -1) as from_cents, coalesce(run.price_cents, -1) as to_cents,
          coalesce(was.is_available, -1) as was_available, coalesce(run.is_available, -1) as is_available
        from at cross join price_run as begun cross join price_run as run
        left join price_run as was on was.store_id = run.store_id and was.listing_id = run.listing_id and was.to_date = at.before
        where at.before is not null and begun.store_id = at.store_id and begun.from_date = at.date
          and run.store_id = begun.store_id and run.listing_id = begun.listing_id and run.from_date = begun.from_date
        union all
        select at.date, run.listing_id, 1, 0, coalesce(run.price_cents, -1), -1, -1, -1
        from at cross join price_run as ended cross join price_run as run
        where ended.store_id = at.store_id and ended.to_date = at.before
          and run.store_id = ended.store_id and run.listing_id = ended.listing_id and run.from_date = ended.from_date and not exists (
          select 1 from price_run as next where next.store_id = run.store_id and next.listing_id = run.listing_id
            and next.from_date = at.date)
      ) as transition ${category === undefined ? '' : inCategory} group by ${GROUPED}`,
    ...values,
    ...(category === undefined ? [] : [category]),
  )
}

/** One date of all stores of a company that were scraped on it. */
export function datesOfCompany(companyId: number, date: string): StoreDates {
  return {
    sql: `select distinct scrape.store_id, scrape.date from store join scrape on scrape.store_id = store.id
      where store.company_id = ? and scrape.date = ?`,
    values: [companyId, date],
  }
}

/** A store's dates from `from` to `to`, both included. */
export function datesOfStore(storeId: number, from: string, to: string): StoreDates {
  return {
    sql: 'select distinct store_id, date from scrape where store_id = ? and date between ? and ?',
    values: [storeId, from, to],
  }
}

/** The dates of stores in the file with this SHA-256. */
export function datesOfLoad(sha256: string): StoreDates {
  return {
    sql: 'select distinct store_id, date from scrape join load on load.id = load_id where sha256 = ?',
    values: [sha256],
  }
}
