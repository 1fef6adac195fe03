/** Formats numbers, sizes, prices and times in the viewer's locale. */
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from './durations.ts'

const WHOLE = new Intl.NumberFormat()
const CENTS = { minimumFractionDigits: 2, maximumFractionDigits: 2 } as const
const TENTHS = new Intl.NumberFormat(undefined, { minimumFractionDigits: 1, maximumFractionDigits: 1 })
const PERCENT = new Intl.NumberFormat(undefined, { style: 'percent', maximumFractionDigits: 1 })
const CHANGE = new Intl.NumberFormat(undefined, {
  style: 'percent',
  maximumFractionDigits: 0,
  signDisplay: 'exceptZero',
})
const SHARE = new Intl.NumberFormat(undefined, {
  style: 'percent',
  maximumFractionDigits: 1,
  signDisplay: 'exceptZero',
})
const RELATIVE = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto', style: 'short' })
const LIST = new Intl.ListFormat()
const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB']

/** 18012 → "18,012" */
export function formatNumber(number: number): string {
  return WHOLE.format(number)
}

/** "1 file", "2 files" */
export function count(number: number, noun: string): string {
  return `${formatNumber(number)} ${noun}${number === 1 ? '' : 's'}`
}

/** A count; one that is only a lower bound gets a plus: "10,000+" */
export function atLeast({ count: number, exact }: Readonly<{ count: number; exact: boolean }>): string {
  return `${formatNumber(number)}${exact ? '' : '+'}`
}

const SIGNED = { signDisplay: 'exceptZero' } as const

let priceFormat = new Intl.NumberFormat(undefined, CENTS)
let differenceFormat = new Intl.NumberFormat(undefined, { ...CENTS, ...SIGNED })

/** Formats all prices in this currency from now on; null: as plain numbers. */
export function writeMoneyIn(currency: string | null): void {
  const inCurrency =
    currency === null ? {} : ({ style: 'currency', currency, currencyDisplay: 'narrowSymbol' } as const)
  priceFormat = new Intl.NumberFormat(undefined, { ...CENTS, ...inCurrency })
  differenceFormat = new Intl.NumberFormat(undefined, { ...CENTS, ...SIGNED, ...inCurrency })
}

/** 599 → "5.99", or "$5.99" */
export function money(cents: number): string {
  return priceFormat.format(cents / 100)
}

/** "2.99 – 3.49", or one price if both are the same. */
export function moneyRange(lowest: number, highest: number): string {
  return lowest === highest ? money(lowest) : `${money(lowest)} – ${money(highest)}`
}

type UnitPriced = Readonly<{ unit_price_cents: number | null; unit_price_per: string | null }>

/** A unit price: "0.50 / 100 g", "1.20 each". */
export function unitPrice({ unit_price_cents: cents, unit_price_per: per }: UnitPriced): string {
  if (cents === null || per === null) return '–'
  return per === 'each' ? `${money(cents)} each` : `${money(cents)} / ${per}`
}

/** A price, or "no price", as a listing that is sold out may have none. */
export function priceOrNone({ price_cents: cents }: Readonly<{ price_cents: number | null }>): string {
  return cents === null ? 'no price' : money(cents)
}

/** 0.0123 → "1.2%" */
export function percent(share: number): string {
  return PERCENT.format(share)
}

/** From 310 to 290 → "−6%" */
export function changePercent(from: number, to: number): string {
  return from === 0 ? '' : CHANGE.format(to / from - 1)
}

/** −40 and −0.1254 → "−0.40 (−12.5%)", or "−$0.40 (−12.5%)" */
export function formatPriceChange(cents: number, share: number): string {
  return `${differenceFormat.format(cents / 100)} (${SHARE.format(share)})`
}

/** 3152723 → "3.0 MiB" */
export function size(bytes: number): string {
  let unit = 0
  let rest = bytes
  for (; rest >= 1024 && unit < UNITS.length - 1; unit++) rest /= 1024
  return `${unit === 0 ? formatNumber(rest) : TENTHS.format(rest)} ${UNITS[unit]}`
}

/** "3 min. ago", "in 2 days" */
export function timeAgo(at: number, now: number): string {
  const ms = at - now
  const [unit, of] = unitOf(Math.abs(ms))
  return RELATIVE.format(Math.round(ms / of), unit)
}

function unitOf(ms: number): ['second' | 'minute' | 'hour' | 'day', number] {
  if (ms < 45 * SECOND_MS) return ['second', SECOND_MS]
  if (ms < 90 * MINUTE_MS) return ['minute', MINUTE_MS]
  if (ms < 36 * HOUR_MS) return ['hour', HOUR_MS]
  return ['day', DAY_MS]
}

/** "1.4 s", "12 min" */
export function duration(ms: number): string {
  if (ms < 10 * SECOND_MS) return `${TENTHS.format(ms / SECOND_MS)} s`
  const [unit, of] = unitOf(ms)
  return new Intl.NumberFormat(undefined, { style: 'unit', unit, unitDisplay: 'short' }).format(Math.round(ms / of))
}

/** "a, b and c" */
export function joinWords(words: readonly string[]): string {
  return LIST.format(words)
}

const TIME = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' })
const CLOCK = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' })
const DAY = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', timeZone: 'UTC' })
const DATE = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeZone: 'UTC' })

/** Date and time in the viewer's time zone, in milliseconds since 1970. */
export function dateAndTime(at: number): string {
  return TIME.format(at)
}

/** The time of day: "14:05" */
export function timeOfDay(at: number): string {
  return CLOCK.format(at)
}

/** Date and time in UTC: "2025-09-23 04:05:06 UTC" */
export function utc(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

/** A scrape's date, which has no time zone: "2025-09-23" → "23 Sept 2025". Other texts are returned unchanged. */
export function date(text: string): string {
  const at = Date.parse(text)
  return Number.isNaN(at) ? text : DATE.format(at)
}

/** The date in a time zone at a time, as ISO text. */
export function dateInZone(zone: string, at: number): string {
  return new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short' }).format(at)
}

/** The last second of a date in a time zone, in milliseconds since 1970. */
export function lastSecondOfDate(zone: string, date: string): number {
  const wanted = Date.parse(`${date}T23:59:59Z`)
  // Twice: the zone's offset may change between the first guess and the result (daylight saving time).
  const once = wanted - utcOffset(zone, wanted)
  return wanted - utcOffset(zone, once)
}

function utcOffset(zone: string, at: number): number {
  const shown = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' }).format(at)
  return Date.parse(`${shown.replace(' ', 'T')}Z`) - at
}

/** Day and month, without the year. */
export function dayAndMonth(at: number): string {
  return DAY.format(at)
}

// Control characters, bidirectional marks, and line separators.
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]/gu
const JOINERS = new Set(['\u200c', '\u200d'])

/** Untrusted text, with characters escaped that are invisible or would reorder the text around them. */
export function escapeInvisible(text: string): string {
  return text.replace(INVISIBLE, (character) => {
    // Joiners are part of words in some scripts and of emoji.
    if (JOINERS.has(character)) return character
    return `\\u{${character.codePointAt(0)!.toString(16)}}`
  })
}
