/** Remarks on a file besides its rejects: fields that were left out, with the reason, and unknown fields. Bounded. */
import type { FileRemarks } from '@splitcart/shared/receipt.ts'
import type { Warning } from '@splitcart/shared/row.ts'
import type { IgnoredField, WarnedRows } from '../catalogue/load/row-batch.ts'

// Field names come from the file, so their number and length are bounded. Further names are counted as `OTHER_FIELDS`;
// longer ones are cut.
const NAMES_MAX = 100
const NAME_CHARACTERS_MAX = 100
const LINES_SHOWN_MAX = 5
/** The name under which further names are counted. */
export const OTHER_FIELDS = '(others)'

type CountedWarning = { field: string; reason: string; count: number; lines: number[] }

/** Collects the remarks on a file or a batch. */
export class RemarkCollector {
  readonly #warnings = new Map<string, CountedWarning>()
  readonly #ignored = new Map<string, number>()

  /** Counts a field that was left out of the row on `line`. */
  addWarning({ field, reason }: Warning, line: number): void {
    this.addWarnings({ field, reason, count: 1, lines: [line] })
  }

  /** Counts the rows of a warning of a batch; keeps the first line numbers. */
  addWarnings({ field: fullName, reason, count, lines }: WarnedRows): void {
    const name = shortName(fullName)
    const hasRoom = this.#warnings.size < NAMES_MAX || this.#warnings.has(`${name}\0${reason}`)
    const field = hasRoom ? name : OTHER_FIELDS
    const key = `${field}\0${hasRoom ? reason : ''}`
    const counted = this.#warnings.get(key) ?? {
      field,
      reason: hasRoom ? reason : 'for other reasons',
      count: 0,
      lines: [],
    }
    this.#warnings.set(key, counted)
    counted.count += count
    for (const line of lines) if (counted.lines.length < LINES_SHOWN_MAX) counted.lines.push(line)
  }

  /** Counts rows that have an unknown field. */
  addIgnored({ name: fullName, rows }: IgnoredField): void {
    const name = shortName(fullName)
    const field = this.#ignored.size < NAMES_MAX || this.#ignored.has(name) ? name : OTHER_FIELDS
    this.#ignored.set(field, (this.#ignored.get(field) ?? 0) + rows)
  }

  /** The warnings, in the order of their first rows. */
  get warnings(): WarnedRows[] {
    return [...this.#warnings.values()]
  }

  /** The unknown fields, in the order in which they were first added. */
  get ignored(): IgnoredField[] {
    return [...this.#ignored].map(([name, rows]) => ({ name, rows }))
  }

  /** All remarks, the most frequent first, then by name, so that the order does not depend on how the file was read. */
  get fileRemarks(): FileRemarks {
    const warnings = this.warnings.toSorted(
      (one, other) => other.count - one.count || compareNames(one.field, other.field),
    )
    const ignored = this.ignored.toSorted((one, other) => other.rows - one.rows || compareNames(one.name, other.name))
    return { warnings, ignored: Object.fromEntries(ignored.map(({ name, rows }) => [name, rows])) }
  }
}

function compareNames(one: string, other: string): number {
  return one < other ? -1 : 1
}

function shortName(name: string): string {
  const text = name.length > NAME_CHARACTERS_MAX ? `${name.slice(0, NAME_CHARACTERS_MAX)}…` : name
  return text.replaceAll('\0', '').toWellFormed()
}
