/** The sources: every store with how regularly, how lately and how wholly it is scraped. */
import type { SqliteDatabase } from '../../database/sqlite.ts'
import { type DayState, daysOf, freshnessOf, type Scraped, type SourceState } from './freshness.ts'

export type SourceView = Readonly<{
  company: string
  store_id: string
  store_name: string
  last_date: string
  /** When the latest file of that date was received. */
  received_at: string
  usual_days: number | null
  due_date: string | null
  state: SourceState
  rows: number
  usual_rows: number
  is_partial: boolean
  /** The share of rejected rows in the latest load, from 0 to 1. */
  reject_share: number
}>

/** A source with the number of its store, for further questions. */
export type Source = SourceView & Readonly<{ storeId: number }>

/** When it is now, and from which share of the usual rows on a scrape counts as whole. */
export type Moment = Readonly<{ now: number; partialShare: number }>

const LATEST_DATES = 10

type SourceRecord = {
  store_id: number
  company: string
  code: string
  name: string
  latest: string
  received_at: number
  rows: number
  rejected: number
}

/** All sources, in the order of company and store; about 10 µs each. */
export function allSources(database: SqliteDatabase, moment: Moment): Source[] {
  // One record a store: two thousand times ten records would take longer to hand over than to find.
  const records = database.all<SourceRecord>(
    `select store.id as store_id, company.code as company, store.code, store.name, load.received_at, load.rows, load.rejected,
        (select group_concat(date || ' ' || listings) from (
          select date, max(listings) as listings from scrape where store_id = store.id
          group by date order by date desc limit ${LATEST_DATES})) as latest
      from store join company on company.id = store.company_id
      join load on load.id = (select load_id from scrape where store_id = store.id order by date desc, load_id desc limit 1)
      order by company.code, store.code`,
  )
  return records.map((record) => sourceOf(record, moment))
}

function sourceOf(record: SourceRecord, { now, partialShare }: Moment): Source {
  const latest = record.latest.split(',').map((each) => {
    const [date = '', rows] = each.split(' ')
    return { date, rows: Number(rows) }
  })
  const { usualDays, dueDate, state, usualRows, isPartial } = freshnessOf(latest, record.received_at, now, partialShare)
  return {
    storeId: record.store_id,
    company: record.company,
    store_id: record.code,
    store_name: record.name,
    last_date: latest[0]!.date,
    received_at: new Date(record.received_at).toISOString(),
    usual_days: usualDays,
    due_date: dueDate,
    state,
    rows: latest[0]!.rows,
    usual_rows: usualRows,
    is_partial: isPartial,
    reject_share: record.rows === 0 ? 0 : record.rejected / record.rows,
  }
}

/** The last days of a source, today last. */
export function lastDaysOf(database: SqliteDatabase, source: Source, moment: Moment, count: number): DayState[] {
  const first = new Date(moment.now - count * 86_400_000).toISOString().slice(0, 10)
  const scraped = database.all<Scraped>(
    `select date, max(listings) as rows, min(load.received_at) as receivedAt
      from scrape join load on load.id = load_id
      where store_id = ?1 and date >= coalesce((select max(date) from scrape where store_id = ?1 and date < ?2), ?2)
      group by date order by date`,
    source.storeId,
    first,
  )
  return daysOf(scraped, { usualDays: source.usual_days, usualRows: source.usual_rows }, { ...moment, count })
}
