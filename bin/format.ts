/** Formats numbers and texts for the terminal. */
import { maskKeys } from '@splitcart/shared/mask-keys.ts'
import { formatNumber } from '@splitcart/shared/number.ts'
import { DAY_MS, HOUR_MS } from '@splitcart/shared/time.ts'

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB']

/** Formats a number of bytes in binary units: 3152723 → "3.0 MiB". */
export function size(bytes: number): string {
  let unit = 0
  let rest = bytes
  for (; rest >= 1024 && unit < UNITS.length - 1; unit++) rest /= 1024
  return `${unit === 0 ? rest : rest.toFixed(1)} ${UNITS[unit]}`
}

/** Formats a count with its noun in the singular or with -s: "1 file", "2,000 files". */
export function count(number: number, noun: string): string {
  return `${formatNumber(number)} ${noun}${number === 1 ? '' : 's'}`
}

/** Formats rows as lines of columns, each as wide as its widest cell. `right`: indices of right-aligned columns. */
export function columns(rows: readonly (readonly string[])[], right: readonly number[] = []): string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length))) ?? []
  const cell = (text: string, column: number) =>
    right.includes(column) ? text.padStart(widths[column] ?? 0) : text.padEnd(widths[column] ?? 0)
  return rows.map((row) => row.map(cell).join('  ').trimEnd())
}

/** Formats a duration, rounded, in the largest unit of which it has about two or more: 90_000 → "2 min". */
export function duration(milliseconds: number): string {
  const [, unit, ms] = DURATIONS.find(([from]) => milliseconds >= from) ?? [0, 's', 1000]
  return `${Math.round(milliseconds / ms)} ${unit}`
}

// From how many milliseconds on a unit is used.
const DURATIONS = [
  [172_800_000, 'days', DAY_MS],
  [7_200_000, 'h', HOUR_MS],
  [90_000, 'min', 60_000],
] as const

/** Makes untrusted text safe to print: masks keys, and escapes control characters, which could draw on the terminal. */
export function safeToPrint(text: string): string {
  return escapeControls(maskKeys(text))
}

/** Escapes characters of Unicode category C (control, format …) and line separators: a line feed becomes `\u{a}`. */
export function escapeControls(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`)
}
