/** What has been loaded lately, and how much there is in all. */
import type { SqliteDatabase } from '../../database/sqlite.ts'

/** Sums over loads. `rows` counts what was read from their files. */
export type Activity = Readonly<{
  files: number
  rows: number
  inserted: number
  changed: number
  rejected: number
}>

/** How much there is in the catalogue. */
export type Totals = Readonly<{
  companies: number
  stores: number
  listings: number
  products: number
  scrapes: number
}>

/** What was loaded in one hour. */
export type Hour = Readonly<{ from: string; files: number; rows: number }>

/** A load that rejected rows. */
export type LoadWithRejects = Readonly<{
  sha256: string
  filename: string
  finished_at: number
  rows: number
  rejected: number
}>

const HOUR_MS = 3_600_000

/** The loads that ended at or after a time; those that are held or failed count their rejects only. */
export function activitySince(database: SqliteDatabase, since: number): Activity {
  return database.get<Activity>(
    `select count(*) filter (where state = 'loaded') as files, coalesce(sum(rows) filter (where state = 'loaded'), 0) as rows,
        coalesce(sum(inserted), 0) as inserted, coalesce(sum(changed), 0) as changed, coalesce(sum(rejected), 0) as rejected
      from load where finished_at >= ?`,
    since,
  )!
}

/** What was loaded in each of the last hours, the one that is now last; hours begin at full hours of UTC. */
export function throughput(database: SqliteDatabase, now: number, hours: number): Hour[] {
  const current = Math.floor(now / HOUR_MS)
  const first = current - hours + 1
  const records = database.all<{ hour: number; files: number; rows: number }>(
    `select finished_at / ${HOUR_MS} as hour, count(*) as files, sum(rows) as rows
      from load where finished_at >= ? and state = 'loaded' group by hour`,
    first * HOUR_MS,
  )
  const byHour = new Map(records.map((record) => [record.hour, record]))
  return Array.from({ length: hours }, (_, index) => {
    const { files = 0, rows = 0 } = byHour.get(first + index) ?? {}
    return { from: new Date((first + index) * HOUR_MS).toISOString(), files, rows }
  })
}

/** The latest loads since a time that rejected rows. */
export function loadsWithRejects(database: SqliteDatabase, since: number, limit: number): LoadWithRejects[] {
  return database.all<LoadWithRejects>(
    `select sha256, filename, finished_at, rows, rejected from load
      where finished_at >= ? and rejected > 0 order by finished_at desc limit ?`,
    since,
    limit,
  )
}

/** How many loads since a time rejected rows; it stops counting at `max`. */
export function countLoadsWithRejects(database: SqliteDatabase, since: number, max: number): number {
  const sql = 'select count(*) as count from (select 1 from load where finished_at >= ? and rejected > 0 limit ?)'
  return database.get<{ count: number }>(sql, since, max)!.count
}

/** Counts everything: some milliseconds for a million listings. */
export function totals(database: SqliteDatabase): Totals {
  return database.get<Totals>(
    `select (select count(*) from company) as companies, (select count(*) from store) as stores,
      (select count(*) from listing) as listings, (select count(*) from product) as products,
      (select count(*) from scrape) as scrapes`,
  )!
}
