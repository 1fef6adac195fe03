/** Counts the rows of a file as they are read, for the figures of its scrapes. */
import { FiguresMaker } from '@splitcart/shared/truth/figures.ts'
import { ROW, type ScrapeFigures } from '../catalogue/load/portion.ts'
import type { Numbers } from './numbers.ts'

// Memory is bounded: of a file of more stores and dates only the first ones are counted.
const SCRAPES_MAX = 200

/** The counts of one file. */
export class RowCounter {
  readonly #numbers: Numbers
  readonly #makers: FiguresMaker[] = []
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
    maker.add({
      ...numbers.codes[listing]!,
      said: numbers.said[rows[at + ROW.label]!]!,
      price: rows[at + ROW.price]!,
      was: rows[at + ROW.was]!,
      special: rows[at + ROW.special]!,
      available: rows[at + ROW.available]!,
      unit: rows[at + ROW.unit]!,
    })
  }

  /** The figures of the scrapes. */
  get all(): ScrapeFigures[] {
    return this.#makers.map((maker, scrape) => ({ scrape, figures: maker.figures(), sampled: maker.sampled }))
  }
}
