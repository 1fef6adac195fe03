/** Dates and times in a time zone: the date of a moment, and when a date begins. Days may have 23 or 25 hours. */
import { addDays } from './date.ts'
import { HOUR_MS } from './time.ts'

// No zone is further from UTC.
const OFFSET_MS_MAX = 16 * HOUR_MS
const CACHED_MAX = 4_096

/** A zone of the IANA database. */
export class TimeZone {
  static readonly utc = new TimeZone('UTC')

  readonly name: string
  readonly #format: Intl.DateTimeFormat
  #clock: Intl.DateTimeFormat | undefined
  readonly #starts = new Map<string, number>()
  readonly #ends = new Map<string, number>()

  /** Throws a RangeError where there is no such zone. */
  constructor(name: string) {
    this.#format = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      calendar: 'iso8601',
      numberingSystem: 'latn',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
    })
    this.name = this.#format.resolvedOptions().timeZone
  }

  /** The zone of the system, or UTC if that is unknown. */
  static ofSystem(): TimeZone {
    const { timeZone } = new Intl.DateTimeFormat().resolvedOptions()
    try {
      return new TimeZone(timeZone)
    } catch {
      return TimeZone.utc
    }
  }

  /** The date of a moment, as 2026-10-04. */
  dateAt(at: number): string {
    const parts = new Map(this.#format.formatToParts(at).map(({ type, value }) => [type, value]))
    return `${parts.get('year')!.padStart(4, '0')}-${parts.get('month')}-${parts.get('day')}`
  }

  /** The minute of a moment, as 2026-10-04 10:05 +11:00. */
  timeAt(at: number): string {
    this.#clock ??= new Intl.DateTimeFormat('en-US', {
      timeZone: this.name,
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
      timeZoneName: 'longOffset',
    })
    const parts = new Map(this.#clock.formatToParts(at).map(({ type, value }) => [type, value]))
    const offset = parts.get('timeZoneName')!.replace(/^GMT(?:\+00:00)?/, '') || 'UTC'
    return `${this.dateAt(at)} ${parts.get('hour')}:${parts.get('minute')} ${offset}`
  }

  /** The first moment after a date, in milliseconds since 1970. */
  endOf(date: string): number {
    return cachedIn(this.#ends, date, () => this.startOf(addDays(date, 1)))
  }

  /** The first moment of a date, in milliseconds since 1970; for a date that the zone skipped, that of the next. */
  startOf(date: string): number {
    return cachedIn(this.#starts, date, () => this.#find(date))
  }

  #find(date: string): number {
    const midnight = Date.parse(date)
    let [before, from] = [midnight - OFFSET_MS_MAX, midnight + OFFSET_MS_MAX]
    while (from - before > 1) {
      const between = Math.floor((before + from) / 2)
      if (this.dateAt(between) < date) before = between
      else from = between
    }
    return from
  }
}

function cachedIn(moments: Map<string, number>, date: string, find: () => number): number {
  const known = moments.get(date)
  if (known !== undefined) return known
  const found = find()
  if (moments.size >= CACHED_MAX) moments.clear()
  moments.set(date, found)
  return found
}
