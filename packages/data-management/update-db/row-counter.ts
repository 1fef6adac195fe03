/** Counts the rows of a file as they are read, for the figures of its scrapes. */
import { FiguresMaker, type Shown } from '@splitcart/shared/truth/figures.ts'
import { ROW, type ScrapeFigures } from '../catalogue/load/portion.ts'
import type { Numbers } from './numbers.ts'

// Memory is bounded: of a file of more stores and dates only the first ones are counted.
const SCRAPES_MAX = 200

type Changing<T> = { -readonly [Name in keyof T]: T[Name] }

/** The counts of one file. */
export class RowCounter {
  readonly #numbers: Numbers
  readonly #makers: FiguresMaker[] = []
  readonly #shown = { code: '', hash: 0, price: 0, was: 0, special: 0, available: 0, unit: 0 } as Changing<Shown>
  // No other file has these numbers.
  readonly #first: number

  constructor(numbers: Numbers) {
    this.#numbers = numbers
    this.#first = numbers.counted
  }

  /** Counts the row at `at`. */
  count(rows: Int32Array, at: number): void {
    const scrape = rows[at + ROW.scrape]!
    if (scrape >= SCRAPES_MAX) return
    this.#makers[scrape] ??= new FiguresMaker()
    const maker = this.#makers[scrape]
    const numbers = this.#numbers
    const listing = rows[at + ROW.listing]!
    if (numbers.seenBy[listing] === this.#first + scrape) {
      maker.repeat()
      return
    }
    numbers.seenBy[listing] = this.#first + scrape
    numbers.counted = Math.max(numbers.counted, this.#first + scrape + 1)
    this.#show(listing, rows, at)
    maker.add(this.#shown)
  }

  /** One object for all rows: an own one for each of them is most of what counting costs. */
  #show(listing: number, rows: Int32Array, at: number): void {
    const shown = this.#shown
    const { code, byName, hash } = this.#numbers.codes[listing]!
    shown.code = code
    shown.byName = byName
    shown.hash = hash
    shown.said = this.#numbers.said[rows[at + ROW.label]!]!
    shown.price = rows[at + ROW.price]!
    shown.was = rows[at + ROW.was]!
    shown.special = rows[at + ROW.special]!
    shown.available = rows[at + ROW.available]!
    shown.unit = rows[at + ROW.unit]!
  }

  /** The figures of the scrapes. */
  get all(): ScrapeFigures[] {
    return this.#makers.map((maker, scrape) => ({ scrape, figures: maker.figures(), sampled: maker.sampled }))
  }
}
