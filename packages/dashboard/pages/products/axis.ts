/** The ticks of a chart's axes: dates, with the year where it begins, and prices in steps of whole cents. Pure. */
import { DAY_SECONDS } from '../../parts/durations.ts'
import { dayAndMonth } from '../../parts/format.ts'

const DATE_STEPS = { days: [1, 2, 3, 7, 14], months: [1, 2, 3, 6], years: [1, 2, 5, 10, 20, 50] } as const

/** Possible distances between price ticks. Below one cent, two ticks would have the same label. */
export const PRICE_STEPS: number[] = Array.from({ length: 8 }, (_, power) =>
  [1, 2, 5].map((digit) => (digit * 10 ** power) / 100),
).flat()

/** At most `most` date ticks between two times: every few days, or the first of months or years. In seconds. */
export function dateTicks(from: number, to: number, most: number): number[] {
  for (const days of DATE_STEPS.days) {
    const first = Math.ceil(from / DAY_SECONDS)
    const count = Math.floor((Math.floor(to / DAY_SECONDS) - first) / days) + 1
    if (count <= most) return Array.from({ length: Math.max(0, count) }, (_, at) => (first + at * days) * DAY_SECONDS)
  }
  for (const months of [...DATE_STEPS.months, ...DATE_STEPS.years.map((years) => years * 12)]) {
    const marks = monthTicks(from, to, months)
    if (marks.length <= most) return marks
  }
  return []
}

function monthTicks(from: number, to: number, step: number): number[] {
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

/** Labels of date ticks: the day, and below it the year at the first tick and wherever the year changes. */
export function dateLabels(marks: readonly number[]): string[] {
  const yearOf = (seconds: number | undefined) =>
    seconds === undefined ? undefined : new Date(seconds * 1000).getUTCFullYear()
  return marks.map((seconds, index) => {
    const year = yearOf(seconds)
    return yearOf(marks[index - 1]) === year ? dayAndMonth(seconds * 1000) : `${dayAndMonth(seconds * 1000)}\n${year}`
  })
}
