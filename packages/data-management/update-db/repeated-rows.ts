/**
 * A cache of rows by the fingerprints of their lines, over many files. The stores of a company sell the same articles,
 * mostly at the same price: nine of ten lines of a store repeat another store's line exactly, and are not parsed again.
 * The cache is an open-addressing hash table in typed arrays.
 */
import { ROW } from '../catalogue/load/row-batch.ts'
import type { Fingerprint } from './line-parts.ts'

// An entry has `ENTRY_LENGTH` numbers: the company, the row from `ROW.listing` on, and the fingerprint.
const FIRST_CACHED = ROW.listing
const FINGERPRINT_AT = 1 + ROW.length - FIRST_CACHED
const ENTRY_LENGTH = FINGERPRINT_AT + 4
const ROWS_INITIAL = 256
// Bounds memory: a full cache is emptied.
const ROWS_MAX = 65_536

/** The cache. It refers to listings and labels by number, so it must be emptied whenever numbers begin again. */
export class RepeatedRows {
  #entries = new Int32Array(ROWS_INITIAL * ENTRY_LENGTH)
  // The hash table: 1 + the index of an entry, or 0 for an empty slot. At most half full, so that probing ends.
  #slots = new Int32Array(2 * ROWS_INITIAL)
  #count = 0

  /** Empties the cache. */
  clear(): void {
    this.#slots.fill(0)
    this.#count = 0
  }

  /** Copies the cached row, from `ROW.listing` on, to `rows` at `at`; false if the company has no such row. */
  copyRow(company: number, [one, two, three, four]: Fingerprint, rows: Int32Array, at: number): boolean {
    const entries = this.#entries
    const slots = this.#slots
    for (let slot = one & (slots.length - 1); slots[slot] !== 0; slot = (slot + 1) & (slots.length - 1)) {
      const entry = (slots[slot]! - 1) * ENTRY_LENGTH
      const fingerprintAt = entry + FINGERPRINT_AT
      if (entries[fingerprintAt] !== one || entries[fingerprintAt + 1] !== two) continue
      if (entries[fingerprintAt + 2] !== three || entries[fingerprintAt + 3] !== four || entries[entry] !== company)
        continue
      for (let number = 1; number < FINGERPRINT_AT; number++)
        rows[at + FIRST_CACHED - 1 + number] = entries[entry + number]!
      return true
    }
    return false
  }

  /** Caches the row at `at` under the fingerprint of its line. */
  add(company: number, fingerprint: Fingerprint, rows: Int32Array, at: number): void {
    if (this.#count === ROWS_MAX) this.clear()
    if (2 * this.#count === this.#slots.length) this.#grow()
    const entry = this.#count++ * ENTRY_LENGTH
    this.#entries[entry] = company
    this.#entries.set(rows.subarray(at + FIRST_CACHED, at + ROW.length), entry + 1)
    this.#entries.set(fingerprint, entry + FINGERPRINT_AT)
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
    let slot = this.#entries[(entry - 1) * ENTRY_LENGTH + FINGERPRINT_AT]! & (slots.length - 1)
    while (slots[slot] !== 0) slot = (slot + 1) & (slots.length - 1)
    slots[slot] = entry
  }
}
