/**
 * Rows by the fingerprints of their lines, over many files. The stores of a company sell the same things, most of them at the same
 * price: nine lines in ten of a store say, letter for letter, what the line of another store said. Those are not parsed again.
 */
import { ROW } from '../catalogue/portion.ts'
import type { Fingerprint } from './line-parts.ts'

// An entry: the company, then the row from its listing to its fingerprint.
const FROM = ROW.listing
const NUMBERS = 1 + ROW.length - FROM
const WORDS = 1 + ROW.fingerprint - FROM
// Memory is bounded: beyond this it starts again.
const ROWS_MAX = 65_536
const SLOTS = 2 * ROWS_MAX

/** The rows that have been read. */
export class RepeatedRows {
  #entries = new Int32Array(1024 * NUMBERS)
  // Where to look for a fingerprint: entries from 1, 0 where there is none.
  readonly #slots = new Int32Array(SLOTS)
  #count = 0

  /** Starts again. */
  forget(): void {
    this.#slots.fill(0)
    this.#count = 0
  }

  /** Writes the row of a line, from its listing on, to `rows` at `at`; false when no line of the company was like it. */
  repeat(company: number, [one, two, three]: Fingerprint, rows: Int32Array, at: number): boolean {
    const entries = this.#entries
    for (let slot = slotOf(one); this.#slots[slot] !== 0; slot = (slot + 1) % SLOTS) {
      const entry = (this.#slots[slot]! - 1) * NUMBERS
      const words = entry + WORDS
      if (entries[words] !== one || entries[words + 1] !== two || entries[words + 2] !== three) continue
      if (entries[entry] !== company) continue
      for (let number = 1; number < NUMBERS; number++) rows[at + FROM - 1 + number] = entries[entry + number]!
      return true
    }
    return false
  }

  /** Remembers the row at `at`, which has a fingerprint. */
  add(company: number, rows: Int32Array, at: number): void {
    if (this.#count === ROWS_MAX) this.forget()
    const entry = this.#count++ * NUMBERS
    if (entry === this.#entries.length) {
      const grown = new Int32Array(2 * entry)
      grown.set(this.#entries)
      this.#entries = grown
    }
    this.#entries[entry] = company
    this.#entries.set(rows.subarray(at + FROM, at + ROW.length), entry + 1)
    let slot = slotOf(rows[at + ROW.fingerprint]!)
    while (this.#slots[slot] !== 0) slot = (slot + 1) % SLOTS
    this.#slots[slot] = this.#count
  }
}

function slotOf(word: number): number {
  return word & (SLOTS - 1)
}
