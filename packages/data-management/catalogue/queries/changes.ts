/**
 * Finds the changes within a span of dates, the largest first. The same change in many stores or on several dates is
 * one line.
 *
 * For all stores or a company's, in all categories or one, they are read from the counted changes (count-changes.ts).
 * An index has the lines of each date and kind in the requested order. That order depends only on the values of a line,
 * so the dates can be merged, and only as many lines are read as a page needs. For one store or one file, the changes
 * are computed from the price runs.
 */
import type { Sql, Value } from '../../database/sql.ts'
import { CHANGE_KINDS, type ChangeKind, changeKey, changesInTransition, type PriceChange } from '../model/changes.ts'
import { readTransitions, type StoreDates } from './transitions.ts'

/** Which of the two ranks of a change orders the lines first. */
export type ChangeOrder = 'share' | 'cents'

/** The sort key of a line: the two ranks in the order of `ChangeOrder`, listing, both prices, kind. */
export type ChangeCursor = readonly [number, number, number, number, number, string]

/** A query; dates are inclusive. `storeDates`: only these dates. `category`: the name of one, at any level. */
export type ChangesQuery = Readonly<{
  from: string
  to: string
  kinds: readonly ChangeKind[]
  companyId?: number | undefined
  storeDates?: StoreDates | undefined
  category?: string | undefined
  order: ChangeOrder
  after: ChangeCursor | undefined
  limit: number
}>

/** A change. `stores`: in how many stores it happened; a store is counted once per date. */
export type ChangeLine = PriceChange & { stores: number; first_date: string; last_date: string }

/** The number of lines of a kind, summed over the dates (not merged), and the sum of their `stores`. */
export type ChangeCount = Readonly<{ kind: ChangeKind; lines: number; stores: number }>

/** A page of lines, the cursor of the next page (null: none), and the counts of all kinds, requested or not. */
export type ChangesResult = Readonly<{ lines: ChangeLine[]; next: ChangeCursor | null; counts: ChangeCount[] }>

/** Finds a page of changes. */
export async function findChanges(database: Sql, query: ChangesQuery): Promise<ChangesResult> {
  if (query.storeDates !== undefined) return await changesOfStores(database, query, query.storeDates)
  const source = await findChangeTables(database, query)
  const days = await readDayCounts(database, query, source)
  const wantedKinds = new Set(query.kinds)
  const streams = days
    .filter(({ kind }) => wantedKinds.has(kind))
    .map((day) => new LineStream(database, query, { ...source, day }))
  return { ...linesPage(await firstLines(streams, query), query), counts: totalsByKind(days) }
}

/** The latest date up to `until` that has counted changes, of all companies or one; undefined if none. */
export async function latestChangeDate(database: Sql, until: string, companyId?: number): Promise<string | undefined> {
  const of = companyId === undefined ? '' : 'and company_id = ?2'
  const sql = `select max(date) as date from price_change_day where date <= ?1 ${of}`
  const values = companyId === undefined ? [until] : [until, companyId]
  return (await database.get<{ date: string | null }>(sql, ...values))?.date ?? undefined
}

/** The counts of a date and kind. */
type DayCount = Readonly<{ date: string; kind: ChangeKind; lines: number; stores: number }>

/** The tables of counts and of lines that answer a query, and the condition on both, with its values. */
type ChangeTables = Readonly<{ dayTable: string; lineTable: string; where: string; values: readonly Value[] }>

async function findChangeTables(database: Sql, { category, companyId }: ChangesQuery): Promise<ChangeTables> {
  const values: Value[] = companyId === undefined ? [] : [companyId]
  const where = companyId === undefined ? '' : 'and company_id = ?'
  if (category === undefined) return { dayTable: 'price_change_day', lineTable: 'price_change', where, values }
  const found = await database.get<{ id: number }>('select id from category_name where name = ?', category)
  const tables = { dayTable: 'category_change_day', lineTable: 'category_change' }
  return { ...tables, where: `and name_id = ? ${where}`, values: [found?.id ?? 0, ...values] }
}

async function readDayCounts(database: Sql, { from, to }: ChangesQuery, source: ChangeTables): Promise<DayCount[]> {
  return await database.all<DayCount>(
    `select date, kind, cast(sum(lines) as integer) as lines, cast(sum(stores) as integer) as stores from ${source.dayTable}
      where date between ? and ? ${source.where} group by date, kind having sum(lines) > 0`,
    ...[from, to, ...source.values],
  )
}

function totalsByKind(days: readonly Omit<DayCount, 'date'>[]): ChangeCount[] {
  return CHANGE_KINDS.map((kind) => {
    const ofKind = days.filter((day) => day.kind === kind)
    const sum = (of: 'lines' | 'stores') => ofKind.reduce((total, day) => total + day[of], 0)
    return { kind, lines: sum('lines'), stores: sum('stores') }
  })
}

const RANKS = { share: ['by_share', 'by_cents'], cents: ['by_cents', 'by_share'] } as const
const BATCH_MIN = 8

/** The lines of one date and kind in the order of the query, read in batches. */
class LineStream {
  readonly lines: ChangeLine[] = []
  isDone = false
  readonly #database: Sql
  readonly #query: ChangesQuery
  readonly #source: ChangeTables & Readonly<{ day: DayCount }>

  constructor(database: Sql, query: ChangesQuery, source: ChangeTables & Readonly<{ day: DayCount }>) {
    this.#database = database
    this.#query = query
    this.#source = source
  }

  get last(): ChangeLine | undefined {
    return this.lines.at(-1)
  }

  async read(batch: number): Promise<void> {
    const { lineTable, where, day } = this.#source
    const { date, kind } = day
    const [first, second] = RANKS[this.#query.order]
    const start = this.#start()
    const key = `${first}, ${second}, listing_id, from_cents, to_cents`
    const found = await this.#database.all<Omit<ChangeLine, 'first_date' | 'last_date'>>(
      `select kind, by_share, by_cents, listing_id, from_cents, to_cents, stores from (
          select date, kind, by_share, by_cents, listing_id, from_cents, to_cents from ${lineTable}
          where date = ? and kind = ? ${where} ${start === undefined ? '' : `and (${key}) ${start.operator} (?, ?, ?, ?, ?)`}
          order by ${key} limit ${batch}
        ) as line join price_change using (date, kind, by_share, by_cents, listing_id, from_cents, to_cents) order by ${key}`,
      ...[date, kind, ...this.#source.values, ...(start?.key ?? [])],
    )
    this.lines.push(...found.map((line) => ({ ...line, first_date: date, last_date: date })))
    this.isDone = found.length < batch
  }

  /** Where the next batch begins: after the last line read, else after the previous page; `kind` is last in the key. */
  #start(): { operator: string; key: number[] } | undefined {
    const { order, after } = this.#query
    if (this.last !== undefined) return { operator: '>', key: sortKeyOf(this.last, order).slice(0, 5) as number[] }
    if (after === undefined) return undefined
    return { operator: this.#source.day.kind > after[5] ? '>=' : '>', key: after.slice(0, 5) as number[] }
  }
}

/** The first lines of all streams: one more than the page has, to know whether another page follows. */
async function firstLines(streams: readonly LineStream[], { order, limit }: ChangesQuery): Promise<ChangeLine[]> {
  const wanted = limit + 1
  let batch = Math.max(BATCH_MIN, Math.ceil((2 * wanted) / Math.max(streams.length, 1)))
  let reading = streams
  for (;;) {
    for (const stream of reading) await stream.read(batch)
    const lines = mergeLines(streams.flatMap((stream) => stream.lines)).sort((one, other) =>
      compareLines(one, other, order),
    )
    const bound = lines[wanted - 1]
    // Unread lines of these streams may still belong on the page.
    reading = streams.filter(
      ({ isDone, last }) => !isDone && (bound === undefined || compareLines(last!, bound, order) < 0),
    )
    if (reading.length === 0) return lines.slice(0, wanted)
    batch *= 2
  }
}

/** Merges lines of the same change. */
function mergeLines(lines: readonly ChangeLine[]): ChangeLine[] {
  const found = new Map<string, ChangeLine>()
  for (const line of lines) {
    const key = changeKey(line)
    const same = found.get(key)
    if (same === undefined) found.set(key, { ...line })
    else {
      same.stores += line.stores
      if (line.first_date < same.first_date) same.first_date = line.first_date
      if (line.last_date > same.last_date) same.last_date = line.last_date
    }
  }
  return [...found.values()]
}

function sortKeyOf(line: ChangeLine, order: ChangeOrder): ChangeCursor {
  const [first, second] = RANKS[order]
  return [line[first], line[second], line.listing_id, line.from_cents, line.to_cents, line.kind]
}

function compareLines(one: ChangeLine, other: ChangeLine, order: ChangeOrder): number {
  return compareKeys(sortKeyOf(one, order), sortKeyOf(other, order))
}

function compareKeys(one: ChangeCursor, other: ChangeCursor): number {
  for (let at = 0; at < one.length; at++) if (one[at] !== other[at]) return one[at]! < other[at]! ? -1 : 1
  return 0
}

function linesPage(lines: readonly ChangeLine[], { limit, order }: ChangesQuery) {
  const page = lines.slice(0, limit)
  const last = lines.length > limit ? page.at(-1) : undefined
  return { lines: page, next: last === undefined ? null : sortKeyOf(last, order) }
}

/** The changes on some dates of stores: computes all of them and returns a page. */
async function changesOfStores(database: Sql, query: ChangesQuery, storeDates: StoreDates): Promise<ChangesResult> {
  const { kinds, category, order, after } = query
  const wantedKinds = new Set(kinds)
  const changes = (await readTransitions(database, storeDates, category)).flatMap(({ date, stores, ...transition }) =>
    changesInTransition(transition).map((change) => ({ ...change, stores, first_date: date, last_date: date })),
  )
  const counted = changes.map(({ kind, stores }) => ({ kind, lines: 1, stores }))
  const lines = mergeLines(changes.filter(({ kind }) => wantedKinds.has(kind)))
    .sort((one, other) => compareLines(one, other, order))
    .filter((line) => after === undefined || compareKeys(sortKeyOf(line, order), after) > 0)
  return { ...linesPage(lines, query), counts: totalsByKind(counted) }
}
