/** Lines that repeat a listing with different values, beyond those that are rejected with their bytes. */

// Bounds memory: a line takes eight bytes.
const LINES_MAX = 500_000
// More than the number of compared fields.
const FIELDS_MAX = 64

/** The lines in the order in which they are added, each with the field that differs. */
export class DifferingLines {
  // The line times `FIELDS_MAX`, plus the index of the field.
  readonly #packed: number[] = []
  readonly #fields: string[] = []
  readonly #linesMax: number
  #count = 0

  /** `linesMax`: how many are kept. */
  constructor(linesMax: number = LINES_MAX) {
    this.#linesMax = linesMax
  }

  /** How many were added. */
  get count(): number {
    return this.#count
  }

  /** Keeps a line; only counts it if they have become too many. */
  add(line: number, field: string): void {
    this.#count++
    if (this.#packed.length >= this.#linesMax) return
    if (!this.#fields.includes(field)) this.#fields.push(field)
    this.#packed.push(line * FIELDS_MAX + this.#fields.indexOf(field))
  }

  /** The lines that are kept. */
  *[Symbol.iterator](): Generator<readonly [line: number, field: string]> {
    for (const packed of this.#packed) yield [Math.floor(packed / FIELDS_MAX), this.#fields[packed % FIELDS_MAX]!]
  }
}
