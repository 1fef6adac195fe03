/** Counts the rows of a file while it is read, for the figures of its scrapes; encodes and decodes their samples. */
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { type CountedRow, FiguresBuilder, type SampledRow } from '@splitcart/shared/truth/figures.ts'
import type { LabelFields } from '@splitcart/shared/truth/label-fields.ts'
import { ROW, type ScrapeFigures } from '../catalogue/load/row-batch.ts'
import type { ReaderNumbers } from './numbers.ts'

// Bounds memory: of a file with more stores and dates only the first ones are counted.
const SCRAPES_MAX = 200
// Samples are kept until the file is judged. In a file with more scrapes than shops usually send, they are compressed.
const UNCOMPRESSED_SCRAPES_MAX = 20

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] }

/** The counts of one file. */
export class RowCounter {
  readonly #numbers: ReaderNumbers
  readonly #makers: (FiguresBuilder | undefined)[] = []
  #lastMaker: FiguresBuilder | undefined
  // Reused for all rows: a new object per row would be most of the cost of counting.
  readonly #row = { hash: 0, price: 0, was: 0, special: 0, available: 0, unit: 0 } as Mutable<CountedRow>
  // Added to the scrape numbers of this file: the sums, in `ReaderNumbers.lastScrapes`, are unique among all files.
  readonly #scrapeOffset: number

  constructor(numbers: ReaderNumbers) {
    this.#numbers = numbers
    this.#scrapeOffset = numbers.scrapesCounted
  }

  /**
   * Counts the row at index `at` of `rows`. A further row of a listing counts as repeated, unless another scrape has
   * shown the listing in between, or the numbers have begun again.
   */
  count(rows: Int32Array, at: number): void {
    const scrape = rows[at + ROW.scrape]!
    if (scrape >= SCRAPES_MAX) return
    const maker = this.#makers[scrape] ?? this.#makerOf(scrape)
    // Bounds memory in a file of many scrapes: only the current one is not shrunk.
    if (maker !== this.#lastMaker) this.#lastMaker?.flush()
    this.#lastMaker = maker
    const { lastScrapes, listingHashes, byName, labelTraits } = this.#numbers
    const listing = rows[at + ROW.listing]!
    if (lastScrapes[listing] === this.#scrapeOffset + scrape) {
      maker.repeat()
      return
    }
    lastScrapes[listing] = this.#scrapeOffset + scrape
    const row = this.#row
    row.hash = listingHashes[listing]!
    row.byName = byName[listing]!
    row.traits = labelTraits[rows[at + ROW.label]!]!
    row.price = rows[at + ROW.price]!
    row.was = rows[at + ROW.wasPrice]!
    row.special = rows[at + ROW.special]!
    row.available = rows[at + ROW.available]!
    row.unit = rows[at + ROW.unit]!
    if (maker.add(row)) maker.take(this.#sampledRow(rows, at))
  }

  #makerOf(scrape: number): FiguresBuilder {
    this.#numbers.scrapesCounted = Math.max(this.#numbers.scrapesCounted, this.#scrapeOffset + scrape + 1)
    const maker = new FiguresBuilder()
    this.#makers[scrape] = maker
    return maker
  }

  #sampledRow(rows: Int32Array, at: number): SampledRow {
    const { listingCodes, labelFields } = this.#numbers
    const { hash, price, was, special, available, unit, traits } = this.#row
    const { brand, textFaults } = traits
    const code = listingCodes[rows[at + ROW.listing]!]!
    return {
      hash,
      code,
      label: labelFields[rows[at + ROW.label]!]!,
      brand,
      textFaults,
      price,
      was,
      special,
      available,
      unit,
    }
  }

  /** Yields the figures of each scrape, and frees its counts. May be called once. */
  *scrapeFigures(): Generator<ScrapeFigures> {
    const areUncompressed = this.#makers.length <= UNCOMPRESSED_SCRAPES_MAX
    for (let scrape = 0; scrape < this.#makers.length; scrape++) {
      const maker = this.#makers[scrape]
      this.#makers[scrape] = undefined
      if (maker === undefined) continue
      const bytes = encodeSampledRows(maker.sampled)
      // Copied: compressed bytes may be a view of a larger buffer, and the buffer is transferred between threads.
      const sampled = areUncompressed ? bytes : Uint8Array.from(zstdCompressSync(bytes, FASTEST))
      yield { scrape, figures: maker.figures(), sampled }
    }
  }
}

// The fastest level: a sample is hardly ever read.
const FASTEST = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }
// The first byte of an uncompressed sample: an opening bracket.
const OPENING_BRACKET = 0x5b
// The same labels are in the samples of many scrapes, so their JSON is cached.
const jsonOfLabels = new WeakMap<LabelFields, string>()

/** Encodes a sample as lines of JSON: first the numbers and brands of all rows, then one line of texts for each row. */
function encodeSampledRows(sampled: readonly SampledRow[]): Uint8Array<ArrayBuffer> {
  const numbers = sampled.map(
    ({ hash, price, was, available, special, unit, textFaults, brand }) =>
      `[${hash},${price},${was},${available},${special},${unit},${textFaults},${JSON.stringify(brand)}]`,
  )
  const lines = sampled.map(({ code, label }) => `\n[${JSON.stringify(code)},${jsonOfLabel(label)}]`)
  return new TextEncoder().encode(`[${numbers.join(',')}]${lines.join('')}`)
}

function jsonOfLabel(label: LabelFields): string {
  const known = jsonOfLabels.get(label)
  if (known !== undefined) return known
  const text = JSON.stringify(label)
  jsonOfLabels.set(label, text)
  return text
}

/** The values by which rules select rows of a sample, in the order of the encoding. */
type SelectionValues = readonly [
  hash: number,
  price: number,
  was: number,
  available: number,
  special: number,
  unit: number,
  textFaults: number,
  brand: string | null,
]

/** Decodes the sample of a `ScrapeFigures`. The texts of a row are decoded on demand. */
export function decodeSampledRows(sampled: Uint8Array): SampledRow[] {
  const { buffer, byteOffset, byteLength } = sampled
  const encoded = Buffer.from(buffer, byteOffset, byteLength)
  const lines = new LazyLines(encoded[0] === OPENING_BRACKET ? encoded : zstdDecompressSync(encoded))
  return (JSON.parse(lines.at(0)) as SelectionValues[]).map((each, place) => new LazySampledRow(each, lines, place + 1))
}

const NEWLINE = 0x0a

/** The lines of a buffer; a line is decoded only when it is requested. */
class LazyLines {
  readonly #bytes: Buffer
  // The start of each line, found as far as needed.
  readonly #starts = [0]

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  at(place: number): string {
    while (this.#starts.length <= place + 1) this.#starts.push(this.#endOf(this.#starts.length - 1) + 1)
    return this.#bytes.toString('utf8', this.#starts[place], this.#starts[place + 1]! - 1)
  }

  #endOf(place: number): number {
    const end = this.#bytes.indexOf(NEWLINE, this.#starts[place])
    return end < 0 ? this.#bytes.length : end
  }
}

/** A row of a sample, whose texts are decoded on demand: rules select rows by numbers and quote the texts of few. */
class LazySampledRow implements SampledRow {
  readonly hash: number
  readonly price: number
  readonly was: number
  readonly available: number
  readonly special: number
  readonly unit: number
  readonly textFaults: number
  readonly brand: string | null
  readonly #lines: LazyLines
  readonly #place: number
  #texts: readonly [code: string, label: LabelFields] | undefined

  constructor(
    [hash, price, was, available, special, unit, textFaults, brand]: SelectionValues,
    lines: LazyLines,
    place: number,
  ) {
    this.hash = hash
    this.price = price
    this.was = was
    this.available = available
    this.special = special
    this.unit = unit
    this.textFaults = textFaults
    this.brand = brand
    this.#lines = lines
    this.#place = place
  }

  get code(): string {
    return this.#read()[0]
  }

  get label(): LabelFields {
    return this.#read()[1]
  }

  #read(): readonly [code: string, label: LabelFields] {
    this.#texts ??= JSON.parse(this.#lines.at(this.#place)) as [string, LabelFields]
    return this.#texts
  }
}
