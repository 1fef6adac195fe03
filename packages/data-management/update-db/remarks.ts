/** What is told about a file besides its rejects: which fields were left out and why, and which are not known. Bounded, whatever it holds. */
import type { FileRemarks } from '@splitcart/shared/receipt.ts'
import type { Warning } from '@splitcart/shared/row.ts'
import type { IgnoredField, WarnedRows } from '../catalogue/load/row-batch.ts'

// A name comes from the file: more of them, and longer ones, are counted together.
const NAMES_MAX = 100
const NAME_CHARACTERS_MAX = 100
const LINES_SHOWN_MAX = 5
/** What more names than there is room for are counted under. */
export const OTHERS = '(others)'

type Counted = { field: string; reason: string; count: number; lines: number[] }

/** Collects remarks. */
export class Remarked {
  readonly #warnings = new Map<string, Counted>()
  readonly #ignored = new Map<string, number>()

  /** A field of the row on a line was left out. */
  warn({ field, reason }: Warning, line: number): void {
    this.addWarned({ field, reason, count: 1, lines: [line] })
  }

  addWarned({ field: whole, reason, count, lines }: WarnedRows): void {
    const name = shortened(whole)
    const isRoom = this.#warnings.size < NAMES_MAX || this.#warnings.has(`${name}\0${reason}`)
    const field = isRoom ? name : OTHERS
    const key = `${field}\0${isRoom ? reason : ''}`
    const counted = this.#warnings.get(key) ?? {
      field,
      reason: isRoom ? reason : 'for other reasons',
      count: 0,
      lines: [],
    }
    this.#warnings.set(key, counted)
    counted.count += count
    for (const line of lines) if (counted.lines.length < LINES_SHOWN_MAX) counted.lines.push(line)
  }

  /** So many rows have a field that is not known. */
  addIgnored({ name: whole, rows }: IgnoredField): void {
    const name = shortened(whole)
    const field = this.#ignored.size < NAMES_MAX || this.#ignored.has(name) ? name : OTHERS
    this.#ignored.set(field, (this.#ignored.get(field) ?? 0) + rows)
  }

  get warnings(): WarnedRows[] {
    return [...this.#warnings.values()]
  }

  get ignored(): IgnoredField[] {
    return [...this.#ignored].map(([name, rows]) => ({ name, rows }))
  }

  /** The same, in an order that depends on the file alone: what is most often first. */
  get all(): FileRemarks {
    const warnings = this.warnings.toSorted((one, other) => other.count - one.count || byName(one.field, other.field))
    const ignored = this.ignored.toSorted((one, other) => other.rows - one.rows || byName(one.name, other.name))
    return { warnings, ignored: Object.fromEntries(ignored.map(({ name, rows }) => [name, rows])) }
  }
}

function byName(one: string, other: string): number {
  return one < other ? -1 : 1
}

function shortened(name: string): string {
  const text = name.length > NAME_CHARACTERS_MAX ? `${name.slice(0, NAME_CHARACTERS_MAX)}…` : name
  return text.replaceAll('\0', '').toWellFormed()
}
