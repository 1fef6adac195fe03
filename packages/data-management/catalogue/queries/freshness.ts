/**
 * How fresh a source is: a store, as its scrapes arrive. Pure: the caller passes the time.
 *
 *   last scrape ──── usual interval ────▶ due ──▶ 1.5 × late ──▶ 2 × silent
 */

/** A date on which a store was scraped. Times are milliseconds since 1970. */
export type Scraped = Readonly<{ date: string; rows: number; receivedAt: number }>

/** Whether the next scrape is still to be expected, overdue, or hardly to be expected any more. */
export type SourceState = 'good' | 'late' | 'silent'

/** One day of a source; none: nothing was due. */
export type DayState = 'good' | 'late' | 'partial' | 'missing' | 'none'

export type Freshness = Readonly<{
  /** The median of the days between its last ten dates; null while there is only one. */
  usualDays: number | null
  dueDate: string | null
  state: SourceState
  /** The median of the rows of its last ten dates. */
  usualRows: number
  isPartial: boolean
}>

const DAY_MS = 86_400_000
const LATE_FROM = 1.5
const SILENT_FROM = 2

/** The freshness of a source, from its latest dates (up to ten, the newest first). A scrape below `partialShare` of the usual rows is partial. */
export function freshnessOf(
  latest: readonly Omit<Scraped, 'receivedAt'>[],
  receivedAt: number,
  now: number,
  partialShare: number,
): Freshness {
  const days = latest.map(({ date }) => dayOf(date))
  const [last] = latest
  const usualDays = medianOf(days.slice(1).map((day, index) => days[index]! - day)) ?? null
  const usualRows = medianOf(latest.map(({ rows }) => rows)) ?? 0
  const isPartial = last !== undefined && last.rows < partialShare * usualRows
  if (last === undefined || usualDays === null) return { usualDays, dueDate: null, state: 'good', usualRows, isPartial }
  const intervals = (now - seenAt(last.date, receivedAt)) / (usualDays * DAY_MS)
  const state = intervals > SILENT_FROM ? 'silent' : intervals > LATE_FROM ? 'late' : 'good'
  return { usualDays, dueDate: dateOf(days[0]! + Math.round(usualDays)), state, usualRows, isPartial }
}

/**
 * The states of `count` days up to today (UTC), today last. `scraped`: the dates among them, in order, with the one before them.
 * Where a scrape came at most half an interval after a day on which it was due, that day misses nothing.
 */
export function daysOf(
  scraped: readonly Scraped[],
  usual: Pick<Freshness, 'usualDays' | 'usualRows'>,
  { now, count, partialShare }: Readonly<{ now: number; count: number; partialShare: number }>,
): DayState[] {
  const today = Math.floor(now / DAY_MS)
  const byDay = scraped.map((each) => ({ ...each, day: dayOf(each.date) }))
  return Array.from({ length: count }, (_, index) => {
    const day = today - count + 1 + index
    const at = byDay.find((each) => each.day === day)
    if (at !== undefined) return stateOfScrape(at, usual, partialShare)
    const before = byDay.findLast((each) => each.day < day)
    const after = byDay.find((each) => each.day > day)
    if (before === undefined || usual.usualDays === null || !isDue(day - before.day, usual.usualDays)) return 'none'
    const waited =
      after === undefined
        ? (now - seenAt(before.date, before.receivedAt)) / DAY_MS - (day - before.day)
        : after.day - day
    return waited > (LATE_FROM - 1) * usual.usualDays ? 'missing' : 'none'
  })
}

function stateOfScrape(
  { day, rows, receivedAt }: Scraped & { day: number },
  { usualDays, usualRows }: Pick<Freshness, 'usualDays' | 'usualRows'>,
  partialShare: number,
): DayState {
  if (rows < partialShare * usualRows) return 'partial'
  return receivedAt - day * DAY_MS > LATE_FROM * Math.max(usualDays ?? 1, 1) * DAY_MS ? 'late' : 'good'
}

function isDue(daysSince: number, usualDays: number): boolean {
  const intervals = Math.round(daysSince / usualDays)
  return intervals > 0 && Math.round(intervals * usualDays) === daysSince
}

/** When the scrape of a date was there: when it was received, or, for one that was brought in later, when its date ended. */
function seenAt(date: string, receivedAt: number): number {
  return Math.min(receivedAt, Date.parse(date) + DAY_MS)
}

/** The middle of the numbers, or of the two in the middle; undefined of none. */
export function medianOf(numbers: readonly number[]): number | undefined {
  const sorted = numbers.toSorted((one, other) => one - other)
  const upper = sorted[sorted.length >> 1]
  if (upper === undefined) return undefined
  return sorted.length % 2 === 1 ? upper : (upper + sorted[(sorted.length >> 1) - 1]!) / 2
}

function dayOf(date: string): number {
  return Date.parse(date) / DAY_MS
}

function dateOf(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10)
}
