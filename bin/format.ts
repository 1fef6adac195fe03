/** Numbers and texts as people read them. */
import { masked } from '@splitcart/shared/masked.ts'
import { whole } from '@splitcart/shared/number.ts'
import { DAY_MS, HOUR_MS } from '@splitcart/shared/time.ts'

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB']

/** 3152723 → "3.0 MiB" */
export function size(bytes: number): string {
  let unit = 0
  let rest = bytes
  for (; rest >= 1024 && unit < UNITS.length - 1; unit++) rest /= 1024
  return `${unit === 0 ? rest : rest.toFixed(1)} ${UNITS[unit]}`
}

/** "1 file", "2 files" */
export function count(number: number, noun: string): string {
  return `${whole(number)} ${noun}${number === 1 ? '' : 's'}`
}

/** Lines of columns, each as wide as its widest cell; columns in `right` are aligned to the right. */
export function columns(rows: readonly (readonly string[])[], right: readonly number[] = []): string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length))) ?? []
  const cell = (text: string, column: number) =>
    right.includes(column) ? text.padStart(widths[column] ?? 0) : text.padEnd(widths[column] ?? 0)
  return rows.map((row) => row.map(cell).join('  ').trimEnd())
}

/** 90_000 → "2 min": one unit, from 2 of it on */
export function duration(milliseconds: number): string {
  const [, unit, ms] = DURATIONS.find(([from]) => milliseconds >= from) ?? [0, 's', 1000]
  return `${Math.round(milliseconds / ms)} ${unit}`
}

const DURATIONS = [
  [172_800_000, 'days', DAY_MS],
  [7_200_000, 'h', HOUR_MS],
  [90_000, 'min', 60_000],
] as const

/** Text from outside, safe to print: no key is in it, and control characters, with which a row could draw on the terminal, become visible. */
export function printed(text: string): string {
  return withoutControls(masked(text))
}

/** Text whose control characters became visible. */
export function withoutControls(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`)
}
