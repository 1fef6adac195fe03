/** How often and how completely a store is usually scraped: stored in `source` whenever its scrapes change. */
import { DAY_MS } from '@splitcart/shared/time.ts'
import { medianOf } from '@splitcart/shared/truth/rule-input.ts'
import type { Sql } from '../database/sql.ts'

/** A date of a store, and how many listings its scrape shows. */
export type DatedRowCount = Readonly<{ date: string; rows: number }>

/** The median number of days between dates (null if there is only one date), and the median number of rows. */
export type UsualScraping = Readonly<{ usualDays: number | null; usualRows: number }>

const LATEST_DATES = 10

/** Updates the `source` record of a store after its scrapes have changed; does nothing if it has no scrapes. */
export async function updateSource(database: Sql, storeId: number): Promise<void> {
  const latest = await database.all<DatedRowCount>(
    `select date, max(listings) as rows from scrape where store_id = ? group by date order by date desc limit ${LATEST_DATES}`,
    storeId,
  )
  const [last] = latest
  if (last === undefined) return
  const { usualDays, usualRows } = usualScrapingOf(latest)
  const load = await database.get<{ id: number }>(
    `select load.id from scrape join load on load.id = scrape.load_id
      where store_id = ? and date = ? order by load.ranked_at desc, sha256 desc limit 1`,
    storeId,
    last.date,
  )
  await database.run(
    `insert into source (store_id, last_date, load_id, rows, usual_days, usual_rows) values (?, ?, ?, ?, ?, ?)
      on conflict (store_id) do update set last_date = excluded.last_date, load_id = excluded.load_id, rows = excluded.rows,
        usual_days = excluded.usual_days, usual_rows = excluded.usual_rows`,
    storeId,
    last.date,
    load!.id,
    last.rows,
    usualDays,
    usualRows,
  )
}

/** The medians over the latest dates, which are given newest first. */
export function usualScrapingOf(latest: readonly DatedRowCount[]): UsualScraping {
  const days = latest.map(({ date }) => Date.parse(date) / DAY_MS)
  const between = days.slice(1).map((day, index) => days[index]! - day)
  return { usualDays: medianOf(between) ?? null, usualRows: medianOf(latest.map(({ rows }) => rows)) ?? 0 }
}
