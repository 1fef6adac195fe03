/** Calendar dates, as ISO text. */
import { DAY_MS } from './time.ts'

/** Whether a text is a valid date of the form 2025-09-23, from 1900 on. */
export function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false
  const year = Number(text.slice(0, 4))
  const month = Number(text.slice(5, 7))
  const day = Number(text.slice(8))
  return year >= 1900 && day >= 1 && day <= daysInMonth(year, month)
}

const TIME_PART = /^[T ](?:[01]\d|2[0-4]):[0-5]\d(?::[0-6]\d(?:[.,]\d{1,9})?)?(?:Z|[+-]\d{2}(?::?\d{2})?)?$/

/** The date part of a date or date-time, without time zone conversion; undefined if it is neither. */
export function datePart(text: string): string | undefined {
  const date = text.slice(0, 10)
  return isDate(date) && (text.length === 10 || TIME_PART.test(text.slice(10))) ? date : undefined
}

/** The number of days of a month from 1 to 12, 0 for any other. */
function daysInMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  if (month === 4 || month === 6 || month === 9 || month === 11) return 30
  return month >= 1 && month <= 12 ? 31 : 0
}

/** The date `days` after another; before it if negative. */
export function addDays(date: string, days: number): string {
  return new Date(Date.parse(date) + days * DAY_MS).toISOString().slice(0, 10)
}

/** The number of days from one ISO date to another; negative if `to` is earlier. */
export function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(to) - Date.parse(from)) / DAY_MS)
}

/** Today's date in the local time zone of this process. */
export function localDate(now = new Date()): string {
  const two = (number: number) => String(number).padStart(2, '0')
  return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`
}
