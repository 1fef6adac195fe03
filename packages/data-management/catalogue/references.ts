/**
 * The references that a scrape is compared with before it is applied: figures of loaded scrapes, chosen by their dates
 * and never by their order of arrival.
 */
import { addDays, daysBetween } from '@splitcart/shared/date.ts'
import type { Figures } from '@splitcart/shared/truth/figures.ts'
import { mergeFigures } from '@splitcart/shared/truth/merge-figures.ts'
import type { Reference, References } from '@splitcart/shared/truth/rule-input.ts'
import type { Sql } from '../database/sql.ts'
import type { StoreDate } from './load/pending-changes.ts'

/** The most days between a scrape and one of another store that it is compared with. */
const OTHER_STORE_DAYS_MAX = 30
const OTHER_STORES_MAX = 30
// Scrapes read on either side of the date: more than OTHER_STORES_MAX, since several may be of one store.
const NEAREST_SCRAPES = 60
const ROW_COUNT_DATES = 10

/** A store and date to find references for. `until`: scrapes of later dates are ignored, since they lie in the future. */
export type ComparedDate = StoreDate & Readonly<{ until: string }>

/** The store's own references: its nearest other date, and what is already known of the same date. */
export async function sameStoreReferences(database: Sql, at: ComparedDate): Promise<References> {
  const { storeId, companyId, date, until } = at
  const onDate = await figuresOn(database, storeId, date)
  const nearest = await nearestDate(database, at)
  const own = nearest === undefined ? undefined : await figuresOn(database, storeId, nearest)
  const newest = await database.get<{ date: string | null }>(
    'select max(date) as date from scrape where store_id = ? and date <= ?',
    storeId,
    until,
  )
  return {
    own: own && { store: own.store, date: nearest!, figures: own.figures },
    usual: await rowCountsOf(database, at, nearest),
    newest: newest?.date ?? (await newestOfCompany(database, companyId, until)),
    beside: onDate?.figures,
    sisters: [],
  }
}

/** The newest earlier date of the store, else its first later one. */
async function nearestDate(database: Sql, { storeId, date, until }: ComparedDate): Promise<string | undefined> {
  const near = await database.get<{ earlier: string | null; later: string | null }>(
    `select (select max(date) from scrape where store_id = ?1 and date < ?2) as earlier,
      (select min(date) from scrape where store_id = ?1 and date > ?2 and date <= ?3) as later`,
    storeId,
    date,
    until,
  )
  return near?.earlier ?? near?.later ?? undefined
}

/** Row counts of the store's last dates before this one; if there are none, that of its nearest later date. */
async function rowCountsOf(database: Sql, { storeId, date }: ComparedDate, day: string | undefined): Promise<number[]> {
  if (day === undefined) return []
  const [from, to] = day < date ? ['', date] : [day, `${day}~`]
  const rows = await database.all<{ rows: number }>(
    `select max(listings) as rows from scrape where store_id = ? and date >= ? and date < ?
      group by date order by date desc limit ${ROW_COUNT_DATES}`,
    storeId,
    from,
    to,
  )
  return rows.map((each) => Number(each.rows))
}

async function newestOfCompany(database: Sql, companyId: number, until: string): Promise<string | undefined> {
  const newest = await database.get<{ date: string | null }>(
    'select max(date) as date from figures where company_id = ? and date <= ?',
    companyId,
    until,
  )
  return newest?.date ?? undefined
}

/** The combined figures of a store's scrapes of one date. Of a listing in several scrapes, the latest scrape counts. */
async function figuresOn(database: Sql, storeId: number, date: string) {
  const found = await database.all<{ store: string; figures: string }>(
    `select store.name as store, figures from scrape join figures on figures.scrape_id = scrape.id
      join load on load.id = load_id join store on store.id = scrape.store_id
      where scrape.store_id = ? and scrape.date = ? order by scrape.ranked_at, sha256`,
    storeId,
    date,
  )
  const [first] = found
  if (first === undefined) return undefined
  return { store: first.store, figures: mergeFigures(found.map(({ figures }) => parseFigures(figures))) }
}

type NearbyScrape = Readonly<{ scrape_id: number; store_id: number; date: string }>

/** References from the company's other stores: for each, the scrape with the date nearest to this one. */
export async function otherStoreReferences(
  database: Sql,
  { companyId, storeId, date, until }: ComparedDate,
): Promise<Reference[]> {
  const nearby = (beyond: string, order: string, from: string, to: string) =>
    database.all<NearbyScrape>(
      `select scrape_id, store_id, date from figures where company_id = ? and date ${beyond} ? and date <= ?
        and store_id <> ? order by date ${order}, store_id limit ${NEAREST_SCRAPES}`,
      companyId,
      from,
      to,
      storeId,
    )
  const earliest = addDays(date, -OTHER_STORE_DAYS_MAX)
  const latest = addDays(date, OTHER_STORE_DAYS_MAX)
  const both = [
    ...(await nearby('>=', 'desc', earliest, date)),
    ...(await nearby('>', 'asc', date, latest < until ? latest : until)),
  ]
  const sorted = both.toSorted((one, other) => daysApart(date, one) - daysApart(date, other))
  const nearest = new Map(sorted.toReversed().map((each) => [each.store_id, each]))
  const chosen = [...nearest.values()].toReversed().slice(0, OTHER_STORES_MAX)
  return toReferences(database, chosen, date)
}

async function toReferences(database: Sql, chosen: readonly NearbyScrape[], date: string): Promise<Reference[]> {
  if (chosen.length === 0) return []
  const found = await database.all<{ code: string; store: string; date: string; figures: string }>(
    `select store.code, store.name as store, date, figures from figures join store on store.id = store_id
      where scrape_id in (${chosen.map(() => '?').join(', ')})`,
    ...chosen.map(({ scrape_id }) => scrape_id),
  )
  // Ties are sorted by store code, so that the order does not depend on the order of loading.
  const sorted = found.toSorted(
    (one, other) => daysApart(date, one) - daysApart(date, other) || (one.code < other.code ? -1 : 1),
  )
  return sorted.map(({ store, date: day, figures }) => ({
    store,
    date: day,
    figures: parseFigures(figures),
  }))
}

// Size of the cache: the same stores are compared with again and again.
const PARSED_MAX = 64
const parsedFigures = new Map<string, Figures>()

/** Parses figures. The last PARSED_MAX parsed objects are cached, together with what has been derived from them. */
function parseFigures(text: string): Figures {
  const figures = parsedFigures.get(text) ?? (JSON.parse(text) as Figures)
  parsedFigures.delete(text)
  parsedFigures.set(text, figures)
  const [oldest = ''] = parsedFigures.keys()
  if (parsedFigures.size > PARSED_MAX) parsedFigures.delete(oldest)
  return figures
}

function daysApart(date: string, other: Readonly<{ date: string }>): number {
  return Math.abs(daysBetween(date, other.date))
}

/** A scrape that has figures. */
export type ScrapeWithFigures = Readonly<{
  id: number
  companyId: number
  storeId: number
  date: string
  figures: Figures
}>

/** Stores the figures of a scrape. */
export async function insertFigures(
  database: Sql,
  { id, companyId, storeId, date, figures }: ScrapeWithFigures,
): Promise<void> {
  await database.run(
    'insert into figures (scrape_id, company_id, store_id, date, figures) values (?, ?, ?, ?, ?)',
    id,
    companyId,
    storeId,
    date,
    JSON.stringify(figures),
  )
}
