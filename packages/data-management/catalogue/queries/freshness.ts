/**
 * How fresh a source (a store and the arrival of its scrapes) is. Pure: the caller passes the time.
 *
 *   last scrape ──── interval ────▶ due ──▶ 1.5 × late ──▶ 2 × silent
 *
 * The interval is that set by people for the store, else its usual one, else the longest usual one in its company.
 */
import { DAY_MS } from '@splitcart/shared/time.ts'
import type { TimeZone } from '@splitcart/shared/time-zone.ts'
import type { DatedRowCount, UsualScraping } from '../usual-scraping.ts'

/** A date on which a store was scraped. Times are milliseconds since 1970. */
export type ScrapedDate = DatedRowCount & Readonly<{ receivedAt: number }>

/**
 * good: the next scrape is not overdue; late: it is overdue; silent: it is so overdue that it may never come.
 * snoozed: something is wrong, and people have accepted that for a time. retired: nothing is expected any more,
 * until a scrape comes.
 */
export type SourceState = 'good' | 'late' | 'silent' | 'snoozed' | 'retired'

/** Settings of a store. `expectedDays` replaces its usual interval; before `snoozedUntil` its problems are accepted. */
export type SourceSetting = Readonly<{ expectedDays: number | null; isRetired: boolean; snoozedUntil: string | null }>

/** What is expected of a source. `companyDays`: the longest interval of its company. `isClosed`: a list of stores says so. */
export type Expectation = UsualScraping &
  Readonly<{ companyDays?: number | null; set?: SourceSetting | undefined; isClosed?: boolean }>

/** One day of a source; none: nothing was due. */
export type DayState = 'good' | 'late' | 'partial' | 'missing' | 'none'

/** The current time, and the time zone of days. */
export type ZonedNow = Readonly<{ now: number; zone: TimeZone }>

/** `partialShare`: the share of the usual rows below which a scrape is partial, from 0 to 1. */
export type FreshnessContext = ZonedNow & Readonly<{ partialShare: number }>

/** `dueDate` is that of the next scrape; null while no interval is known, and if nothing is expected. */
export type Freshness = Readonly<{ dueDate: string | null; state: SourceState; isPartial: boolean }>

const LATE_FROM = 1.5
const SILENT_FROM = 2
// The interval if no store of the company was scraped twice.
const DEFAULT_INTERVAL_DAYS = 14

/** The freshness of a source, from its latest date and what is expected of it. */
export function freshnessOf(last: ScrapedDate, expected: Expectation, context: FreshnessContext): Freshness {
  const isPartial = last.rows < context.partialShare * expected.usualRows
  const overdue = overdueState(last, expected, context)
  const state = applySetting(overdue, expected, isPartial, context)
  const days = intervalOf(expected)
  const dueDate = days === null || state === 'retired' ? null : dateOfDay(dayNumber(last.date) + Math.round(days))
  return { dueDate, state, isPartial }
}

/** The time after which a source is silent, unless another scrape comes or its settings change. */
export function silentAfter(
  last: Omit<ScrapedDate, 'rows'>,
  expected: Omit<Expectation, 'usualRows'>,
  zone: TimeZone,
): number {
  return overdueFrom(last, expected, SILENT_FROM, zone)
}

function overdueState(last: ScrapedDate, expected: Expectation, { now, zone }: ZonedNow): 'good' | 'late' | 'silent' {
  if (now > overdueFrom(last, expected, SILENT_FROM, zone)) return 'silent'
  return now > overdueFrom(last, expected, LATE_FROM, zone) ? 'late' : 'good'
}

/** Applies the settings and lists of stores. That a store is closed or snoozed counts only if something is wrong. */
function applySetting(
  overdue: SourceState,
  { set, isClosed }: Expectation,
  isPartial: boolean,
  clock: ZonedNow,
): SourceState {
  if (set?.isRetired) return 'retired'
  if (overdue === 'good' && !isPartial) return 'good'
  if (isClosed) return 'retired'
  return isSnoozed(set, clock) ? 'snoozed' : overdue
}

function isSnoozed(set: SourceSetting | undefined, { now, zone }: ZonedNow): boolean {
  return set !== undefined && set.snoozedUntil !== null && now < zone.startOf(set.snoozedUntil)
}

/** Days from one scrape to the next; null if unknown. */
function intervalOf({ usualDays, set }: Pick<Expectation, 'usualDays' | 'set'>): number | null {
  return set?.expectedDays ?? usualDays
}

function overdueFrom(
  last: Omit<ScrapedDate, 'rows'>,
  expected: Omit<Expectation, 'usualRows'>,
  intervals: number,
  zone: TimeZone,
): number {
  const days = intervalOf(expected) ?? expected.companyDays ?? DEFAULT_INTERVAL_DAYS
  return intervalStart(last, zone) + intervals * days * DAY_MS
}

/**
 * The last day to show: today, or tomorrow if a scrape has that date: it may already be that day where the store is, if
 * its time zone is ahead of the server's.
 */
export function lastShownDay(dates: readonly string[], { now, zone }: ZonedNow): string {
  const today = zone.dateAt(now)
  const tomorrow = dateOfDay(dayNumber(today) + 1)
  return dates.includes(tomorrow) ? tomorrow : today
}

/** The days to show: `count` days that end with `to`. */
export type DayRange = Readonly<{ to: string; count: number }>

/**
 * The states of days. `scraped`: the scraped dates among them, in order, and the last one before them.
 * A due day is not missing if a scrape came at most half an interval after it; nor is one after the last scrape of a
 * retired store.
 */
export function dayStatesOf(
  scraped: readonly ScrapedDate[],
  expected: Expectation,
  { now, zone, partialShare }: FreshnessContext,
  { to, count }: DayRange,
): DayState[] {
  const usual = { usualDays: intervalOf(expected), usualRows: expected.usualRows }
  const last = dayNumber(to)
  const byDay = scraped.map((each) => ({ ...each, day: dayNumber(each.date) }))
  return Array.from({ length: count }, (_, index) => {
    const day = last - count + 1 + index
    const at = byDay.find((each) => each.day === day)
    if (at !== undefined) return stateOfScrape(at, usual, { zone, partialShare })
    const before = byDay.findLast((each) => each.day < day)
    const after = byDay.find((each) => each.day > day)
    if (before === undefined || usual.usualDays === null || !isDue(day - before.day, usual.usualDays)) return 'none'
    if (after === undefined && expected.set?.isRetired) return 'none'
    const waited =
      after === undefined ? (now - intervalStart(before, zone)) / DAY_MS - (day - before.day) : after.day - day
    return waited > (LATE_FROM - 1) * usual.usualDays ? 'missing' : 'none'
  })
}

function stateOfScrape(
  { date, rows, receivedAt }: ScrapedDate,
  { usualDays, usualRows }: UsualScraping,
  { zone, partialShare }: Omit<FreshnessContext, 'now'>,
): DayState {
  if (rows < partialShare * usualRows) return 'partial'
  return receivedAt - zone.startOf(date) > LATE_FROM * Math.max(usualDays ?? 1, 1) * DAY_MS ? 'late' : 'good'
}

function isDue(daysSince: number, usualDays: number): boolean {
  const intervals = Math.round(daysSince / usualDays)
  return intervals > 0 && Math.round(intervals * usualDays) === daysSince
}

/** The settings that still apply: a store that was scraped after they were made is no longer retired. */
export function effectiveSetting<Set extends SourceSetting & Readonly<{ at: number }>>(
  set: Set,
  last: Omit<ScrapedDate, 'rows'>,
  zone: TimeZone,
): Set {
  return set.isRetired && intervalStart(last, zone) > set.at ? { ...set, isRetired: false } : set
}

/** When the interval after a scrape begins: on its receipt, but at the latest when its date ends. */
function intervalStart({ date, receivedAt }: Omit<ScrapedDate, 'rows'>, zone: TimeZone): number {
  return Math.min(receivedAt, zone.endOf(date))
}

function dayNumber(date: string): number {
  return Date.parse(date) / DAY_MS
}

function dateOfDay(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10)
}
