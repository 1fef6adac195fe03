/**
 * The lines of a store's newest scrape, by their fingerprints: what a line says that is known need not be read again, nor compared.
 *
 * It is kept with the catalogue and holds only what the catalogue says anyway. Promise: it has an entry for each listing that the
 * store shows now, and the open runs say of the listing exactly what the line said. Whoever changes a store's newest scrape writes it anew or removes it; without it
 * a load is slower and comes to the same.
 */
import { endianness } from 'node:os'
import type { RowMetadata } from '@splitcart/shared/row.ts'
import type { SqliteDatabase } from '../database/sqlite.ts'

// An entry: the listing's id and the three words of the fingerprint, which are 0 where the line cannot be known again. In the order
// of the ids.
const WORDS = 4
const LISTING_ID_MAX = 0x7fff_ffff
// A store of more listings does without: its lines would be written anew with every scrape.
const LINES_MAX = 250_000
const REMEMBERED_MAX = 500_000
// What is written by a machine of the other kind is not read.
const KIND = endianness()

/** The known lines of one store. */
export class KnownLines {
  readonly count: number
  readonly #entries: Int32Array
  // Where to look for a fingerprint: entries from 1, 0 where there is none.
  readonly #slots: Int32Array

  constructor(entries: Int32Array) {
    this.#entries = entries
    this.count = entries.length / WORDS
    this.#slots = new Int32Array(2 ** Math.ceil(Math.log2(2 * this.count + 1)))
    for (let entry = 0; entry < this.count; entry++) {
      const at = entry * WORDS
      if (entries[at + 1] === 0 && entries[at + 2] === 0 && entries[at + 3] === 0) continue
      let slot = this.#slotOf(entries[at + 1]!)
      while (this.#slots[slot] !== 0) slot = (slot + 1) & (this.#slots.length - 1)
      this.#slots[slot] = entry + 1
    }
  }

  /** The entry of a fingerprint, or -1. */
  find(one: number, two: number, three: number): number {
    for (let slot = this.#slotOf(one); this.#slots[slot] !== 0; slot = (slot + 1) & (this.#slots.length - 1)) {
      const at = (this.#slots[slot]! - 1) * WORDS
      const entries = this.#entries
      if (entries[at + 1] === one && entries[at + 2] === two && entries[at + 3] === three) return at / WORDS
    }
    return -1
  }

  /** The listing of an entry. */
  listingOf(entry: number): number {
    return this.#entries[entry * WORDS]!
  }

  /** The entry of a listing, or -1. */
  entryOf(listingId: number): number {
    let [low, high] = [0, this.count - 1]
    while (low <= high) {
      const middle = (low + high) >> 1
      const found = this.listingOf(middle)
      if (found === listingId) return middle
      if (found < listingId) low = middle + 1
      else high = middle - 1
    }
    return -1
  }

  /** Adds an entry to others. */
  copyEntry(entry: number, to: LineList): void {
    const at = entry * WORDS
    const entries = this.#entries
    to.add(entries[at]!, entries[at + 1]!, entries[at + 2]!, entries[at + 3]!)
  }

  #slotOf(word: number): number {
    return word & (this.#slots.length - 1)
  }
}

/** Known lines while they are gathered, in any order, each listing once. */
export class LineList {
  #entries = new Int32Array(64 * WORDS)
  #length = 0
  #isWhole = true

  /** Adds the line of a listing; beyond the bound nothing is kept. */
  add(listingId: number, one: number, two: number, three: number): void {
    if (this.#length >= LINES_MAX * WORDS || listingId > LISTING_ID_MAX) this.giveUp()
    if (!this.#isWhole) return
    if (this.#length === this.#entries.length) {
      const grown = new Int32Array(2 * this.#length)
      grown.set(this.#entries)
      this.#entries = grown
    }
    this.#entries.set([listingId, one, two, three], this.#length)
    this.#length += WORDS
  }

  /** Keeps nothing from here on: the next scrape of the store is read line by line. */
  giveUp(): void {
    this.#isWhole = false
    this.#entries = new Int32Array(0)
    this.#length = 0
  }

  /** Adds those of another list. */
  addAll(other: LineList): void {
    if (!other.#isWhole) this.giveUp()
    const entries = other.#entries
    for (let at = 0; at < other.#length; at += WORDS)
      this.add(entries[at]!, entries[at + 1]!, entries[at + 2]!, entries[at + 3]!)
  }

  /** The entries in the order of their listings; undefined when there were too many. */
  inOrder(): Int32Array | undefined {
    if (!this.#isWhole) return undefined
    const entries = this.#entries
    const starts = Array.from({ length: this.#length / WORDS }, (_, entry) => entry * WORDS)
    starts.sort((one, other) => entries[one]! - entries[other]!)
    const sorted = new Int32Array(this.#length)
    for (const [entry, start] of starts.entries()) sorted.set(entries.subarray(start, start + WORDS), entry * WORDS)
    return sorted
  }
}

/** Known lines, and the scrape they are of. */
export type Known = Readonly<{ scrapeId: number; lines: KnownLines }>

type Stored = { scrape_id: number; lines: Uint8Array }

/** The known lines of a store, or undefined where there are none. */
export function readKnownLines(database: SqliteDatabase, storeId: number): Known | undefined {
  const sql = 'select scrape_id, lines from known_lines where store_id = ? and kind = ?'
  return knownOf(database.get<Stored>(sql, storeId, KIND))
}

/** Those of the store of a scrape that is newer than all that are there of it. */
export function findKnownLines(database: SqliteDatabase, scrape: RowMetadata): Known | undefined {
  const sql = `select scrape_id, lines from known_lines
    join scrape on scrape.id = scrape_id join store on store.id = known_lines.store_id join company on company.id = company_id
    where company.code = ? and store.code = ? and scrape.date < ? and kind = ?`
  return knownOf(database.get<Stored>(sql, scrape.company, scrape.storeCode, scrape.date, KIND))
}

function knownOf(stored: Stored | undefined): Known | undefined {
  if (stored === undefined) return undefined
  // Copied, because the numbers must lie at a multiple of four.
  const lines = new KnownLines(new Int32Array(new Uint8Array(stored.lines).buffer))
  return { scrapeId: stored.scrape_id, lines }
}

/** Notes the lines of what is now the newest scrape of a store. */
export function writeKnownLines(database: SqliteDatabase, storeId: number, scrapeId: number, lines: LineList): void {
  const entries = lines.inOrder()
  if (entries === undefined) {
    forgetKnownLines(database, storeId)
    return
  }
  const bytes = new Uint8Array(entries.buffer)
  database.run('insert or replace into known_lines values (?, ?, ?, ?)', storeId, scrapeId, KIND, bytes)
}

/** Forgets the lines of a store, because its newest scrape has become another or is about to. */
export function forgetKnownLines(database: SqliteDatabase, storeId: number): void {
  database.run('delete from known_lines where store_id = ?', storeId)
}

/** The known lines of the stores that are in turn: those that have not been for long are read again. */
export class KnownLinesMemory {
  readonly #database: SqliteDatabase
  readonly #byStore = new Map<number, Known | undefined>()
  #lines = 0

  constructor(database: SqliteDatabase) {
    this.#database = database
  }

  /** The known lines of a store, as they were when the load began. */
  of(storeId: number): Known | undefined {
    if (this.#byStore.has(storeId)) return this.#byStore.get(storeId)
    const known = readKnownLines(this.#database, storeId)
    const count = known?.lines.count ?? 0
    if (this.#lines + count > REMEMBERED_MAX) {
      this.#byStore.clear()
      this.#lines = 0
    }
    this.#lines += count
    this.#byStore.set(storeId, known)
    return known
  }
}
