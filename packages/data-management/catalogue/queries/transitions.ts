/** What changed from one scrape of a store to its next, read from the runs: those that begin on a date, and those that ended before it. */
import type { Sql, Value } from '../../database/sql.ts'
import type { Transition } from '../model/changes.ts'

/** Dates of stores: a query of `store_id` and `date`, each of them once. */
export type StoreDates = Readonly<{ sql: string; values: readonly Value[] }>

/** A transition on a date, and in how many of the stores. */
export type Transitions = Transition & Readonly<{ date: string; stores: number }>

// SQLite reads the tables of a cross join in their order: dates of stores first, or it would read all runs. Which runs begin or end on a date an
// index tells alone; asked for the whole run at once, it would read all runs of the store for each date.
const GROUPED = 'date, listing_id, appeared, is_gone, from_cents, to_cents, was_available, is_available'

/** The transitions of these dates of stores, in all categories or one of this name; of a store's first date there are none. */
export async function transitionsOn(
  database: Sql,
  { sql, values }: StoreDates,
  category?: string,
): Promise<Transitions[]> {
  const isIn = `where exists (select 1 from listing_category join category on category.id = category_id
    where listing_category.listing_id = transition.listing_id and category.name = ?)`
  return await database.all<Transitions>(
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
      ) as transition ${category === undefined ? '' : isIn} group by ${GROUPED}`,
    ...values,
    ...(category === undefined ? [] : [category]),
  )
}

/** The dates of a company's stores on one date. */
export function datesOfCompany(companyId: number, date: string): StoreDates {
  return {
    sql: `select distinct scrape.store_id, scrape.date from store join scrape on scrape.store_id = store.id
      where store.company_id = ? and scrape.date = ?`,
    values: [companyId, date],
  }
}

/** A store's dates within a span. */
export function datesOfStore(storeId: number, from: string, to: string): StoreDates {
  return {
    sql: 'select distinct store_id, date from scrape where store_id = ? and date between ? and ?',
    values: [storeId, from, to],
  }
}

/** The dates of stores that a load tells of. */
export function datesOfLoad(sha256: string): StoreDates {
  return {
    sql: 'select distinct store_id, date from scrape join load on load.id = load_id where sha256 = ?',
    values: [sha256],
  }
}
