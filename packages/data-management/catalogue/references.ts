/**
 * The references that a scrape is compared with before it is applied: figures of loaded scrapes, chosen by their dates
 * and never by their order of arrival.
 */
import { addDays, daysBetween } from '@splitcart/shared/date.ts'
import type { Figures } from '@splitcart/shared/truth/figures.ts'
import { mergeFigures } from '@splitcart/shared/truth/merge-figures.ts'
import type { Reference, References } from '@splitcart/shared/truth/rule-input.ts'
import type { Sql } from '../database/sql.ts'

/** The most days between a scrape and one of another store that it is compared with. */
const SISTER_DAYS_MAX = 30
const SISTERS_MAX = 30
// Scrapes read on either side of the date: more than SISTERS_MAX, since several may be of one store.
const NEAREST = 60
const USUAL_DATES = 10

/** A store on a date. `until`: scrapes of later dates are ignored, because they are dated after their receipt. */
export type StoreDate = Readonly<{ companyId: number; storeId: number; date: string; until: string }>

/** The store's own references: its nearest other date, and what is already known of the same date. */
export async function ownReferences(database: Sql, at: StoreDate): Promise<References> {
  const { storeId, companyId, date, until } = at
  const beside = await figuresOn(database, storeId, date)
  const day = await nearestDate(database, at)
  const own = day === undefined ? undefined : await figuresOn(database, storeId, day)
  const newest = await database.get<{ date: string | null }>(
    'select max(date) as date from scrape where store_id = ? and date <= ?',
    storeId,
    until,
  )
  return {
    own: own && { store: own.store, date: day!, figures: own.figures },
    usual: await usualRows(database, at, day),
    newest: newest?.date ?? (await newestOfCompany(database, companyId, until)),
    beside: beside?.figures,
    sisters: [],
  }
}

/** The newest earlier date of the store, else its first later one. */
async function nearestDate(database: Sql, { storeId, date, until }: StoreDate): Promise<string | undefined> {
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
async function usualRows(database: Sql, { storeId, date }: StoreDate, day: string | undefined): Promise<number[]> {
  if (day === undefined) return []
  const [from, to] = day < date ? ['', date] : [day, `${day}~`]
  const rows = await database.all<{ rows: number }>(
    `select max(listings) as rows from scrape where store_id = ? and date >= ? and date < ?
      group by date order by date desc limit ${USUAL_DATES}`,
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
  return { store: first.store, figures: mergeFigures(found.map(({ figures }) => figuresIn(figures))) }
}

type Near = Readonly<{ scrape_id: number; store_id: number; date: string }>

/** References from the company's other stores: for each, the scrape with the date nearest to this one. */
export async function sistersOf(database: Sql, { companyId, storeId, date, until }: StoreDate): Promise<Reference[]> {
  const near = (beyond: string, order: string, from: string, to: string) =>
    database.all<Near>(
      `select scrape_id, store_id, date from figures where company_id = ? and date ${beyond} ? and date <= ?
        and store_id <> ? order by date ${order}, store_id limit ${NEAREST}`,
      companyId,
      from,
      to,
      storeId,
    )
  const earliest = addDays(date, -SISTER_DAYS_MAX)
  const latest = addDays(date, SISTER_DAYS_MAX)
  const both = [
    ...(await near('>=', 'desc', earliest, date)),
    ...(await near('>', 'asc', date, latest < until ? latest : until)),
  ]
  const sorted = both.toSorted((one, other) => daysFrom(date, one) - daysFrom(date, other))
  const nearest = new Map(sorted.toReversed().map((each) => [each.store_id, each]))
  const chosen = [...nearest.values()].toReversed().slice(0, SISTERS_MAX)
  return figuresOf(database, chosen, date)
}

async function figuresOf(database: Sql, chosen: readonly Near[], date: string): Promise<Reference[]> {
  if (chosen.length === 0) return []
  const found = await database.all<{ code: string; store: string; date: string; figures: string }>(
    `select store.code, store.name as store, date, figures from figures join store on store.id = store_id
      where scrape_id in (${chosen.map(() => '?').join(', ')})`,
    ...chosen.map(({ scrape_id }) => scrape_id),
  )
  // Ties are sorted by store code, so that the order does not depend on the order of loading.
  const sorted = found.toSorted(
    (one, other) => daysFrom(date, one) - daysFrom(date, other) || (one.code < other.code ? -1 : 1),
  )
  return sorted.map(({ store, date: day, figures }) => ({
    store,
    date: day,
    figures: figuresIn(figures),
  }))
}

// Size of the cache: the same stores are compared with again and again.
const PARSED_MAX = 64
const parsed = new Map<string, Figures>()

/** Parses figures. The last PARSED_MAX parsed objects are cached, together with what has been derived from them. */
function figuresIn(text: string): Figures {
  const figures = parsed.get(text) ?? (JSON.parse(text) as Figures)
  parsed.delete(text)
  parsed.set(text, figures)
  const [oldest = ''] = parsed.keys()
  if (parsed.size > PARSED_MAX) parsed.delete(oldest)
  return figures
}

function daysFrom(date: string, other: Readonly<{ date: string }>): number {
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

/** Keeps the figures of a scrape. */
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
