/**
 * How fresh a source is: a store, as its scrapes arrive. Pure: the caller passes the time.
 *
 *   last scrape ──── interval ────▶ due ──▶ 1.5 × late ──▶ 2 × silent
 *
 * The interval is what people have set for the store, else what is usual for it, else the longest that is usual for a store of its company.
 */
import { DAY_MS } from '@splitcart/shared/time.ts'
import type { TimeZone } from '@splitcart/shared/time-zone.ts'
import type { DatedRows, Usual } from '../usual.ts'

/** A date on which a store was scraped. Times are milliseconds since 1970. */
export type Scraped = DatedRows & Readonly<{ receivedAt: number }>

/**
 * Whether the next scrape is still to be expected (good), overdue (late), or hardly to be expected any more (silent).
 * snoozed: something is wrong, and people have said that it may be, for a time. retired: nothing is expected any more,
 * until a scrape comes.
 */
export type SourceState = 'good' | 'late' | 'silent' | 'snoozed' | 'retired'

/** What people have set for a store. `expectedDays`: in place of what is usual. `snoozedUntil`: before that date nothing is amiss with it. */
export type SourceSetting = Readonly<{ expectedDays: number | null; isRetired: boolean; snoozedUntil: string | null }>

/** What is expected of a source. `companyDays`: the longest interval of its company. `isClosed`: a list of stores says so. */
export type Expected = Usual &
  Readonly<{ companyDays?: number | null; set?: SourceSetting | undefined; isClosed?: boolean }>

/** One day of a source; none: nothing was due. */
export type DayState = 'good' | 'late' | 'partial' | 'missing' | 'none'

/** When it is now, and in which zone days begin. */
export type Clock = Readonly<{ now: number; zone: TimeZone }>

/** The same, and from which share of the usual rows on a scrape counts as whole. */
export type Moment = Clock & Readonly<{ partialShare: number }>

/** `dueDate`: of the next scrape; null while nothing is usual yet, and where nothing is expected. */
export type Freshness = Readonly<{ dueDate: string | null; state: SourceState; isPartial: boolean }>

const LATE_FROM = 1.5
const SILENT_FROM = 2
// Where no store of a company was scraped twice.
const UNKNOWN_DAYS = 14

/** The freshness of a source, from its latest date and what is expected of it. */
export function freshnessOf(last: Scraped, expected: Expected, moment: Moment): Freshness {
  const isPartial = last.rows < moment.partialShare * expected.usualRows
  const quiet = quietState(last, expected, moment)
  const state = stateAs(quiet, expected, isPartial, moment)
  const days = intervalOf(expected)
  const dueDate = days === null || state === 'retired' ? null : dateOf(dayOf(last.date) + Math.round(days))
  return { dueDate, state, isPartial }
}

/** Until when a source is not silent, unless another scrape comes or something else is set. */
export function silentAfter(
  last: Omit<Scraped, 'rows'>,
  expected: Omit<Expected, 'usualRows'>,
  zone: TimeZone,
): number {
  return quietFor(last, expected, SILENT_FROM, zone)
}

function quietState(last: Scraped, expected: Expected, { now, zone }: Clock): 'good' | 'late' | 'silent' {
  if (now > quietFor(last, expected, SILENT_FROM, zone)) return 'silent'
  return now > quietFor(last, expected, LATE_FROM, zone) ? 'late' : 'good'
}

/** As people have said, and lists of stores. Nothing is made of a closed store or a snooze as long as all is well. */
function stateAs(quiet: SourceState, { set, isClosed }: Expected, isPartial: boolean, clock: Clock): SourceState {
  if (set?.isRetired) return 'retired'
  if (quiet === 'good' && !isPartial) return 'good'
  if (isClosed) return 'retired'
  return isSnoozed(set, clock) ? 'snoozed' : quiet
}

function isSnoozed(set: SourceSetting | undefined, { now, zone }: Clock): boolean {
  return set !== undefined && set.snoozedUntil !== null && now < zone.startOf(set.snoozedUntil)
}

/** Days from one scrape to the next; null: nobody knows. */
function intervalOf({ usualDays, set }: Pick<Expected, 'usualDays' | 'set'>): number | null {
  return set?.expectedDays ?? usualDays
}

function quietFor(
  last: Omit<Scraped, 'rows'>,
  expected: Omit<Expected, 'usualRows'>,
  intervals: number,
  zone: TimeZone,
): number {
  const days = intervalOf(expected) ?? expected.companyDays ?? UNKNOWN_DAYS
  return seenAt(last, zone) + intervals * days * DAY_MS
}

/**
 * The last day that is shown: today, or tomorrow where a scrape has that date. It is today where the store is: in the mornings of zones
 * ahead of that of the server.
 */
export function lastDayOf(dates: readonly string[], { now, zone }: Clock): string {
  const today = zone.dateAt(now)
  const tomorrow = dateOf(dayOf(today) + 1)
  return dates.includes(tomorrow) ? tomorrow : today
}

/** Days that are shown: so many up to the last of them. */
export type Days = Readonly<{ to: string; count: number }>

/**
 * The states of days. `scraped`: the dates among them, in order, with the one before them.
 * Where a scrape came at most half an interval after a day on which it was due, that day misses nothing; nor do those of a store that is
 * retired, after its last scrape.
 */
export function daysOf(
  scraped: readonly Scraped[],
  expected: Expected,
  { now, zone, partialShare }: Moment,
  { to, count }: Days,
): DayState[] {
  const usual = { usualDays: intervalOf(expected), usualRows: expected.usualRows }
  const last = dayOf(to)
  const byDay = scraped.map((each) => ({ ...each, day: dayOf(each.date) }))
  return Array.from({ length: count }, (_, index) => {
    const day = last - count + 1 + index
    const at = byDay.find((each) => each.day === day)
    if (at !== undefined) return stateOfScrape(at, usual, { zone, partialShare })
    const before = byDay.findLast((each) => each.day < day)
    const after = byDay.find((each) => each.day > day)
    if (before === undefined || usual.usualDays === null || !isDue(day - before.day, usual.usualDays)) return 'none'
    if (after === undefined && expected.set?.isRetired) return 'none'
    const waited = after === undefined ? (now - seenAt(before, zone)) / DAY_MS - (day - before.day) : after.day - day
    return waited > (LATE_FROM - 1) * usual.usualDays ? 'missing' : 'none'
  })
}

function stateOfScrape(
  { date, rows, receivedAt }: Scraped,
  { usualDays, usualRows }: Usual,
  { zone, partialShare }: Omit<Moment, 'now'>,
): DayState {
  if (rows < partialShare * usualRows) return 'partial'
  return receivedAt - zone.startOf(date) > LATE_FROM * Math.max(usualDays ?? 1, 1) * DAY_MS ? 'late' : 'good'
}

function isDue(daysSince: number, usualDays: number): boolean {
  const intervals = Math.round(daysSince / usualDays)
  return intervals > 0 && Math.round(intervals * usualDays) === daysSince
}

/** What counts of what was set at a time: a store that was scraped after it is retired no more. */
export function stillSet<Set extends SourceSetting & Readonly<{ at: number }>>(
  set: Set,
  last: Omit<Scraped, 'rows'>,
  zone: TimeZone,
): Set {
  return set.isRetired && seenAt(last, zone) > set.at ? { ...set, isRetired: false } : set
}

/** When the scrape of a date was there: when it was received, or, for one that was brought in later, when its date ended. */
function seenAt({ date, receivedAt }: Omit<Scraped, 'rows'>, zone: TimeZone): number {
  return Math.min(receivedAt, zone.endOf(date))
}

function dayOf(date: string): number {
  return Date.parse(date) / DAY_MS
}

function dateOf(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10)
}
