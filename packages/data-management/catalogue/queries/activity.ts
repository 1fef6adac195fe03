/** Recent load activity, and the size of the catalogue. */
import { HOUR_MS } from '@splitcart/shared/time.ts'
import type { Sql } from '../../database/sql.ts'
import { readDataVersion } from './data-version.ts'

/**
 * Sums over loaded files: `rows` read from them, and how many of these were `rejected`. `rejects` counts those of all
 * files, also held and failed ones, as the list of rejects does.
 */
export type Activity = Readonly<{
  files: number
  rows: number
  inserted: number
  changed: number
  rejected: number
  rejects: number
}>

/** How much there is in the catalogue. */
export type CatalogueTotals = Readonly<{
  companies: number
  stores: number
  listings: number
  products: number
  scrapes: number
}>

/** What was loaded in one hour: `rows` without those that were rejected. */
export type HourlyLoads = Readonly<{ from: string; files: number; rows: number }>

/** A loaded file that has rejected rows. */
export type LoadWithRejects = Readonly<{
  sha256: string
  filename: string
  finished_at: number
  rows: number
  rejected: number
}>

/** The activity of loads that ended at or after a time, in milliseconds since 1970. */
export async function activitySince(database: Sql, since: number): Promise<Activity> {
  const activity = await database.get<Activity>(
    `select count(*) as files, coalesce(sum(rows), 0) as rows, coalesce(sum(inserted), 0) as inserted,
        coalesce(sum(changed), 0) as changed, coalesce(sum(rejected), 0) as rejected,
        (select coalesce(sum(count), 0) from load join reject_group as rejects on load_id = load.id
          where load.finished_at >= ?1 and rejected > 0 and rejects.finished_at >= ?1) as rejects
      from load where finished_at >= ?1 and state = 'loaded'`,
    since,
  )
  return activity!
}

/** What was loaded in each of the last hours, the current hour last; hours begin at full hours of UTC. */
export async function hourlyLoads(database: Sql, now: number, hours: number): Promise<HourlyLoads[]> {
  const current = Math.floor(now / HOUR_MS)
  const first = current - hours + 1
  const records = await database.all<{ hour: number; files: number; rows: number }>(
    `select finished_at / ${HOUR_MS} as hour, count(*) as files, sum(rows - rejected) as rows
      from load where finished_at >= ? and state = 'loaded' group by hour`,
    first * HOUR_MS,
  )
  const byHour = new Map(records.map((record) => [record.hour, record]))
  return Array.from({ length: hours }, (_, index) => {
    const { files = 0, rows = 0 } = byHour.get(first + index) ?? {}
    return { from: new Date((first + index) * HOUR_MS).toISOString(), files, rows }
  })
}

/** The latest files that were loaded since a time with rejected rows. Held and failed files are reported elsewhere. */
export async function loadsWithRejects(database: Sql, since: number, limit: number): Promise<LoadWithRejects[]> {
  return await database.all<LoadWithRejects>(
    `select sha256, filename, finished_at, rows, rejected from load
      where finished_at >= ? and rejected > 0 and state = 'loaded' order by finished_at desc limit ?`,
    since,
    limit,
  )
}

/** The same, but only for these files; at most some hundreds at once. */
export async function loadsWithRejectsOf(
  database: Sql,
  since: number,
  sha256s: readonly string[],
): Promise<LoadWithRejects[]> {
  if (sha256s.length === 0) return []
  return await database.all<LoadWithRejects>(
    `select sha256, filename, finished_at, rows, rejected from load
      where finished_at >= ? and rejected > 0 and state = 'loaded' and sha256 in (${sha256s.map(() => '?').join(', ')})`,
    since,
    ...sha256s,
  )
}

/** How many loaded files have rejected rows; it stops counting at `max`. */
export async function countLoadsWithRejects(database: Sql, since: number, max: number): Promise<number> {
  const sql = `select count(*) as count from (
    select 1 from load where finished_at >= ? and rejected > 0 and state = 'loaded' limit ?) as found`
  return (await database.get<{ count: number }>(sql, since, max))!.count
}

/** What each read-only connection has counted, with the version of the database at that time. */
const totalsByConnection = new WeakMap<Sql, Readonly<{ version: number; totals: CatalogueTotals }>>()

/** Counts everything: some ten milliseconds for a million listings, and nothing while nobody has written since. */
export async function catalogueTotals(database: Sql): Promise<CatalogueTotals> {
  const version = await readDataVersion(database)
  const known = totalsByConnection.get(database)
  if (known !== undefined && known.version === version) return known.totals
  const found = await countAll(database)
  if (version !== undefined) totalsByConnection.set(database, { version, totals: found })
  return found
}

/** The number of a product is that of its first listing. SQLite has an index of all others, which are fewer. */
async function countAll(database: Sql): Promise<CatalogueTotals> {
  const all = await database.get<Omit<CatalogueTotals, 'products'> & { joined: number }>(
    `select (select count(*) from company) as companies, (select count(*) from store) as stores,
      (select count(*) from listing) as listings, (select count(*) from scrape) as scrapes,
      (select count(*) from listing where product_id <> id) as joined`,
  )
  const { joined, ...others } = all!
  return { ...others, products: others.listings - joined }
}
