/** The marks of the axes of a chart: dates with the year where it begins, prices in steps of whole cents. Pure. */
import { DAY_SECONDS } from '../../parts/durations.ts'
import { day } from '../../parts/format.ts'

const STEPS = { days: [1, 2, 3, 7, 14], months: [1, 2, 3, 6], years: [1, 2, 5, 10, 20, 50] } as const

/** The distances between the prices that are marked. Below a cent two marks would say the same. */
export const PRICE_STEPS: number[] = Array.from({ length: 8 }, (_, power) =>
  [1, 2, 5].map((digit) => (digit * 10 ** power) / 100),
).flat()

/** The midnights that are marked between two moments, at most so many: every few days, or the first of months or years. Seconds. */
export function datesMarked(from: number, to: number, most: number): number[] {
  for (const days of STEPS.days) {
    const first = Math.ceil(from / DAY_SECONDS)
    const count = Math.floor((Math.floor(to / DAY_SECONDS) - first) / days) + 1
    if (count <= most) return Array.from({ length: Math.max(0, count) }, (_, at) => (first + at * days) * DAY_SECONDS)
  }
  for (const months of [...STEPS.months, ...STEPS.years.map((years) => years * 12)]) {
    const marks = monthsMarked(from, to, months)
    if (marks.length <= most) return marks
  }
  return []
}

function monthsMarked(from: number, to: number, step: number): number[] {
  const at = (month: number) => Date.UTC(0, month) / 1000
  const monthOf = (seconds: number) => {
    const date = new Date(seconds * 1000)
    return (date.getUTCFullYear() - 1900) * 12 + date.getUTCMonth()
  }
  const marks: number[] = []
  for (let month = Math.ceil(monthOf(from) / step) * step; at(month) <= to; month += step)
    if (at(month) >= from) marks.push(at(month))
  return marks
}

/** What stands at the marks: the day, and below it the year, where it is the first mark or that of another year. */
export function dateLabels(marks: readonly number[]): string[] {
  const yearOf = (seconds: number | undefined) =>
    seconds === undefined ? undefined : new Date(seconds * 1000).getUTCFullYear()
  return marks.map((seconds, index) => {
    const year = yearOf(seconds)
    return yearOf(marks[index - 1]) === year ? day(seconds * 1000) : `${day(seconds * 1000)}\n${year}`
  })
}
