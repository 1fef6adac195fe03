/**
 * How fresh a source is: a store, as its scrapes arrive. Pure: the caller passes the time.
 *
 *   last scrape ──── usual interval ────▶ due ──▶ 1.5 × late ──▶ 2 × silent
 */

import type { DatedRows, Usual } from '../usual.ts'

/** A date on which a store was scraped. Times are milliseconds since 1970. */
export type Scraped = DatedRows & Readonly<{ receivedAt: number }>

/** Whether the next scrape is still to be expected, overdue, or hardly to be expected any more. */
export type SourceState = 'good' | 'late' | 'silent'

/** One day of a source; none: nothing was due. */
export type DayState = 'good' | 'late' | 'partial' | 'missing' | 'none'

/** When it is now, and from which share of the usual rows on a scrape counts as whole. */
export type Moment = Readonly<{ now: number; partialShare: number }>

/** `dueDate`: of the next scrape; null while nothing is usual yet. */
export type Freshness = Readonly<{ dueDate: string | null; state: SourceState; isPartial: boolean }>

const DAY_MS = 86_400_000
const LATE_FROM = 1.5
const SILENT_FROM = 2
// Of a store that was scraped once nobody knows when it is scraped again: so long it is waited for, from when its file came.
const UNKNOWN_DAYS = 14

/** The freshness of a source, from its latest date and what is usual for it. */
export function freshnessOf(last: Scraped, { usualDays, usualRows }: Usual, { now, partialShare }: Moment): Freshness {
  const isPartial = last.rows < partialShare * usualRows
  const state =
    now > quietFor(last, usualDays, SILENT_FROM)
      ? 'silent'
      : now > quietFor(last, usualDays, LATE_FROM)
        ? 'late'
        : 'good'
  if (usualDays === null) return { dueDate: null, state, isPartial }
  return { dueDate: dateOf(dayOf(last.date) + Math.round(usualDays)), state, isPartial }
}

/** Until when a source is not silent, unless another scrape comes. */
export function silentAfter(last: Omit<Scraped, 'rows'>, usualDays: number | null): number {
  return quietFor(last, usualDays, SILENT_FROM)
}

function quietFor({ date, receivedAt }: Omit<Scraped, 'rows'>, usualDays: number | null, intervals: number): number {
  if (usualDays === null) return receivedAt + intervals * UNKNOWN_DAYS * DAY_MS
  return seenAt(date, receivedAt) + intervals * usualDays * DAY_MS
}

/**
 * The last day that is shown: today in UTC, or tomorrow where a scrape has that date. It is today where the store is, and perhaps where
 * the viewer is: in the mornings of the zones ahead of UTC.
 */
export function lastDayOf(dates: readonly string[], now: number): string {
  const today = Math.floor(now / DAY_MS)
  const tomorrow = dateOf(today + 1)
  return dates.includes(tomorrow) ? tomorrow : dateOf(today)
}

/** Days that are shown: so many up to the last of them. */
export type Days = Readonly<{ to: string; count: number }>

/**
 * The states of days. `scraped`: the dates among them, in order, with the one before them.
 * Where a scrape came at most half an interval after a day on which it was due, that day misses nothing.
 */
export function daysOf(
  scraped: readonly Scraped[],
  usual: Usual,
  { now, partialShare }: Moment,
  { to, count }: Days,
): DayState[] {
  const last = dayOf(to)
  const byDay = scraped.map((each) => ({ ...each, day: dayOf(each.date) }))
  return Array.from({ length: count }, (_, index) => {
    const day = last - count + 1 + index
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
  { usualDays, usualRows }: Usual,
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

function dayOf(date: string): number {
  return Date.parse(date) / DAY_MS
}

function dateOf(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10)
}
