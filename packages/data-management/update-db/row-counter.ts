/** Counts the rows of a file as they are read, for the figures of its scrapes. */
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { type CountedRow, FiguresMaker, type Shown } from '@splitcart/shared/truth/figures.ts'
import type { LabelFields } from '@splitcart/shared/truth/label-fields.ts'
import { ROW, type ScrapeFigures } from '../catalogue/load/row-batch.ts'
import type { Numbers } from './numbers.ts'

// Memory is bounded: of a file of more stores and dates only the first ones are counted.
const SCRAPES_MAX = 200
// All of them are kept until the file is judged: of more scrapes than a shop has in a file their samples are compressed.
const PLAIN_MAX = 20

type Changing<T> = { -readonly [Name in keyof T]: T[Name] }

/** The counts of one file. */
export class RowCounter {
  readonly #numbers: Numbers
  readonly #makers: (FiguresMaker | undefined)[] = []
  #last: FiguresMaker | undefined
  // One object for all rows: an own one for each of them is most of what counting costs.
  readonly #counted = { hash: 0, price: 0, was: 0, special: 0, available: 0, unit: 0 } as Changing<CountedRow>
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
    const maker = this.#makers[scrape] ?? this.#makerOf(scrape)
    // Of a file of many scrapes only the one that is read needs much memory.
    if (maker !== this.#last) this.#last?.settle()
    this.#last = maker
    const { seenBy, hashes, byName, traits } = this.#numbers
    const listing = rows[at + ROW.listing]!
    if (seenBy[listing] === this.#first + scrape) {
      maker.repeat()
      return
    }
    seenBy[listing] = this.#first + scrape
    const counted = this.#counted
    counted.hash = hashes[listing]!
    counted.byName = byName[listing]!
    counted.traits = traits[rows[at + ROW.label]!]!
    counted.price = rows[at + ROW.price]!
    counted.was = rows[at + ROW.was]!
    counted.special = rows[at + ROW.special]!
    counted.available = rows[at + ROW.available]!
    counted.unit = rows[at + ROW.unit]!
    if (maker.add(counted)) maker.take(this.#shown(rows, at))
  }

  #makerOf(scrape: number): FiguresMaker {
    this.#numbers.counted = Math.max(this.#numbers.counted, this.#first + scrape + 1)
    const maker = new FiguresMaker()
    this.#makers[scrape] = maker
    return maker
  }

  #shown(rows: Int32Array, at: number): Shown {
    const { codes, said } = this.#numbers
    const { hash, price, was, special, available, unit, traits } = this.#counted
    const { brand, odd } = traits
    const code = codes[rows[at + ROW.listing]!]!
    return { hash, code, said: said[rows[at + ROW.label]!]!, brand, odd, price, was, special, available, unit }
  }

  /** The figures of the scrapes, one after the other: what a scrape was counted by is forgotten with that. */
  *all(): Generator<ScrapeFigures> {
    const arePlain = this.#makers.length <= PLAIN_MAX
    for (let scrape = 0; scrape < this.#makers.length; scrape++) {
      const maker = this.#makers[scrape]
      this.#makers[scrape] = undefined
      if (maker === undefined) continue
      const bytes = bytesOf(maker.sampled)
      // A copy of what is compressed, for its memory is handed over.
      const sampled = arePlain ? bytes : Uint8Array.from(zstdCompressSync(bytes, SMALLER))
      yield { scrape, figures: maker.figures(), sampled }
    }
  }
}

const SMALLER = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }
const OPENING = 0x5b
const texts = new WeakMap<LabelFields, string>()

/** A sample as lines of JSON: what all rows are chosen by, then the texts of each. Most labels are in the samples of many scrapes. */
function bytesOf(sampled: readonly Shown[]): Uint8Array<ArrayBuffer> {
  const numbers = sampled.map(
    ({ hash, price, was, available, special, unit, odd, brand }) =>
      `[${hash},${price},${was},${available},${special},${unit},${odd},${JSON.stringify(brand)}]`,
  )
  const lines = sampled.map(({ code, said }) => `\n[${JSON.stringify(code)},${textOfSaid(said)}]`)
  return new TextEncoder().encode(`[${numbers.join(',')}]${lines.join('')}`)
}

function textOfSaid(said: LabelFields): string {
  const known = texts.get(said)
  if (known !== undefined) return known
  const text = JSON.stringify(said)
  texts.set(said, text)
  return text
}

/** What a row is chosen by, in the order in which it is written. */
type Chosen = readonly [
  hash: number,
  price: number,
  was: number,
  available: number,
  special: number,
  unit: number,
  odd: number,
  brand: string | null,
]

/** The rows of a sample in the bytes that were made of it. */
export function shownIn(sampled: Uint8Array): Shown[] {
  const { buffer, byteOffset, byteLength } = sampled
  const given = Buffer.from(buffer, byteOffset, byteLength)
  const lines = new Lines(given[0] === OPENING ? given : zstdDecompressSync(given))
  return (JSON.parse(lines.at(0)) as Chosen[]).map((each, place) => new ShownInSample(each, lines, place + 1))
}

const NEWLINE = 0x0a

/** Lines of bytes, of which only those become text that are asked for. */
class Lines {
  readonly #bytes: Buffer
  // Where each line begins that has been come to.
  readonly #from = [0]

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  at(place: number): string {
    while (this.#from.length <= place + 1) this.#from.push(this.#endOf(this.#from.length - 1) + 1)
    return this.#bytes.toString('utf8', this.#from[place], this.#from[place + 1]! - 1)
  }

  #endOf(place: number): number {
    const end = this.#bytes.indexOf(NEWLINE, this.#from[place])
    return end < 0 ? this.#bytes.length : end
  }
}

/** Rules choose rows, and tell the texts of few of them: those are read when they are asked for. */
class ShownInSample implements Shown {
  readonly hash: number
  readonly price: number
  readonly was: number
  readonly available: number
  readonly special: number
  readonly unit: number
  readonly odd: number
  readonly brand: string | null
  readonly #lines: Lines
  readonly #place: number
  #texts: readonly [code: string, said: LabelFields] | undefined

  constructor([hash, price, was, available, special, unit, odd, brand]: Chosen, lines: Lines, place: number) {
    this.hash = hash
    this.price = price
    this.was = was
    this.available = available
    this.special = special
    this.unit = unit
    this.odd = odd
    this.brand = brand
    this.#lines = lines
    this.#place = place
  }

  get code(): string {
    return this.#read()[0]
  }

  get said(): LabelFields {
    return this.#read()[1]
  }

  #read(): readonly [code: string, said: LabelFields] {
    this.#texts ??= JSON.parse(this.#lines.at(this.#place)) as [string, LabelFields]
    return this.#texts
  }
}
