/** Counts the rows of a file while it is read, for the figures of its scrapes; encodes and decodes their samples. */
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { type CountedRow, FiguresMaker, type Shown } from '@splitcart/shared/truth/figures.ts'
import type { LabelFields } from '@splitcart/shared/truth/label-fields.ts'
import { ROW, type ScrapeFigures } from '../catalogue/load/row-batch.ts'
import type { Numbers } from './numbers.ts'

// Bounds memory: of a file with more stores and dates only the first ones are counted.
const SCRAPES_MAX = 200
// Samples are kept until the file is judged. In a file with more scrapes than shops usually send, they are compressed.
const PLAIN_MAX = 20

type Changing<T> = { -readonly [Name in keyof T]: T[Name] }

/** The counts of one file. */
export class RowCounter {
  readonly #numbers: Numbers
  readonly #makers: (FiguresMaker | undefined)[] = []
  #last: FiguresMaker | undefined
  // Reused for all rows: a new object per row would be most of the cost of counting.
  readonly #counted = { hash: 0, price: 0, was: 0, special: 0, available: 0, unit: 0 } as Changing<CountedRow>
  // Added to the scrape numbers of this file: the sums, in `Numbers.seenBy`, are unique among all files.
  readonly #first: number

  constructor(numbers: Numbers) {
    this.#numbers = numbers
    this.#first = numbers.counted
  }

  /** Counts the row at index `at` of `rows`; a further row of a listing in a scrape counts as repeated. */
  count(rows: Int32Array, at: number): void {
    const scrape = rows[at + ROW.scrape]!
    if (scrape >= SCRAPES_MAX) return
    const maker = this.#makers[scrape] ?? this.#makerOf(scrape)
    // Bounds memory in a file of many scrapes: only the current one is not shrunk.
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

  /** Yields the figures of each scrape, and frees its counts. May be called once. */
  *all(): Generator<ScrapeFigures> {
    const arePlain = this.#makers.length <= PLAIN_MAX
    for (let scrape = 0; scrape < this.#makers.length; scrape++) {
      const maker = this.#makers[scrape]
      this.#makers[scrape] = undefined
      if (maker === undefined) continue
      const bytes = bytesOf(maker.sampled)
      // Copied: compressed bytes may be a view of a larger buffer, and the buffer is transferred between threads.
      const sampled = arePlain ? bytes : Uint8Array.from(zstdCompressSync(bytes, SMALLER))
      yield { scrape, figures: maker.figures(), sampled }
    }
  }
}

// The fastest level: a sample is hardly ever read.
const SMALLER = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }
// The first byte of an uncompressed sample: an opening bracket.
const OPENING = 0x5b
// The same labels are in the samples of many scrapes, so their JSON is cached.
const texts = new WeakMap<LabelFields, string>()

/** Encodes a sample as lines of JSON: first the numbers and brands of all rows, then one line of texts for each row. */
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

/** The values by which rules select rows of a sample, in the order of the encoding. */
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

/** Decodes the sample of a `ScrapeFigures`. The texts of a row are decoded on demand. */
export function shownIn(sampled: Uint8Array): Shown[] {
  const { buffer, byteOffset, byteLength } = sampled
  const given = Buffer.from(buffer, byteOffset, byteLength)
  const lines = new Lines(given[0] === OPENING ? given : zstdDecompressSync(given))
  return (JSON.parse(lines.at(0)) as Chosen[]).map((each, place) => new ShownInSample(each, lines, place + 1))
}

const NEWLINE = 0x0a

/** The lines of a buffer; a line is decoded only when it is requested. */
class Lines {
  readonly #bytes: Buffer
  // The start of each line, found as far as needed.
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

/** A row of a sample, whose texts are decoded on demand: rules select rows by numbers and quote the texts of few. */
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
