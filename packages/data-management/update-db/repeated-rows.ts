/**
 * Rows by the fingerprints of their lines, over many files. The stores of a company sell the same things, most of them at the same
 * price: nine lines in ten of a store say, letter for letter, what the line of another store said. Those are not parsed again.
 */
import { ROW } from '../catalogue/load/row-batch.ts'
import type { Fingerprint } from './line-parts.ts'

// An entry: the company, then the row from its listing on, then the fingerprint.
const FROM = ROW.listing
const WORDS = 1 + ROW.length - FROM
const NUMBERS = WORDS + 4
const ROWS_AT_FIRST = 256
// Memory is bounded: beyond this it starts again.
const ROWS_MAX = 65_536

/** The rows that have been read. */
export class RepeatedRows {
  #entries = new Int32Array(ROWS_AT_FIRST * NUMBERS)
  // Where to look for a fingerprint: entries from 1, 0 where there is none.
  #slots = new Int32Array(2 * ROWS_AT_FIRST)
  #count = 0

  /** Starts again. */
  forget(): void {
    this.#slots.fill(0)
    this.#count = 0
  }

  /** Writes the row of a line, from its listing on, to `rows` at `at`; false when no line of the company was like it. */
  repeat(company: number, [one, two, three, four]: Fingerprint, rows: Int32Array, at: number): boolean {
    const entries = this.#entries
    const slots = this.#slots
    for (let slot = one & (slots.length - 1); slots[slot] !== 0; slot = (slot + 1) & (slots.length - 1)) {
      const entry = (slots[slot]! - 1) * NUMBERS
      const words = entry + WORDS
      if (entries[words] !== one || entries[words + 1] !== two) continue
      if (entries[words + 2] !== three || entries[words + 3] !== four || entries[entry] !== company) continue
      for (let number = 1; number < WORDS; number++) rows[at + FROM - 1 + number] = entries[entry + number]!
      return true
    }
    return false
  }

  /** Remembers the row at `at` by its fingerprint. */
  add(company: number, fingerprint: Fingerprint, rows: Int32Array, at: number): void {
    if (this.#count === ROWS_MAX) this.forget()
    if (2 * this.#count === this.#slots.length) this.#grow()
    const entry = this.#count++ * NUMBERS
    this.#entries[entry] = company
    this.#entries.set(rows.subarray(at + FROM, at + ROW.length), entry + 1)
    this.#entries.set(fingerprint, entry + WORDS)
    this.#setSlot(this.#count)
  }

  #grow(): void {
    const grown = new Int32Array(2 * this.#entries.length)
    grown.set(this.#entries)
    this.#entries = grown
    this.#slots = new Int32Array(2 * this.#slots.length)
    for (let entry = 1; entry <= this.#count; entry++) this.#setSlot(entry)
  }

  #setSlot(entry: number): void {
    const slots = this.#slots
    let slot = this.#entries[(entry - 1) * NUMBERS + WORDS]! & (slots.length - 1)
    while (slots[slot] !== 0) slot = (slot + 1) & (slots.length - 1)
    slots[slot] = entry
  }
}
