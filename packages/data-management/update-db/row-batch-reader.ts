/** Reads the chunks of one file into batches: each line is a row, or rejected. */
import { Buffer } from 'node:buffer'
import { isBlank, type Line, LineSplitter } from '@splitcart/shared/lines.ts'
import {
  isRejection,
  REJECT_CODES,
  type Rejection,
  type Remarks,
  type RowMetadata,
  type RowProduct,
  readRow,
} from '@splitcart/shared/row.ts'
import { repaired } from '@splitcart/shared/truth/repairs.ts'
import type { Repair } from '@splitcart/shared/truth/verdict.ts'
import { newRowBatch, ROW, type RowBatch } from '../catalogue/load/row-batch.ts'
import { type MayWrite, permissionOf } from '../permission.ts'
import { partsOf } from './chunk-parts.ts'
import { digestOfLabel, hashOfLabel, labelText } from './label-text.ts'
import { type Fingerprint, LineParts, readHead, type Tail } from './line-parts.ts'
import type { ListingNumbers, Numbers } from './numbers.ts'
import { Remarked } from './remarks.ts'
import { RowCounter } from './row-counter.ts'

// Memory stays the same however many listings a file has and however long their texts are: beyond these the numbers start again.
const LABELS_MAX = 20_000
const TEXT_BYTES_MAX = 12 * 1024 * 1024
/** So much of a rejected line is kept. */
export const RAW_BYTES_MAX = 4096

/** A scrape as the reader knows it. */
type Scrape = {
  readonly number: number
  readonly company: string
  listings: ListingNumbers
  scrapedAt: number | null
}

/** A row and its line, and whether that can be known again. `ignored`: the fields that are not known. */
type Read = Readonly<{
  line: number
  metadata: RowMetadata
  product: RowProduct
  ignored: readonly string[]
  fingerprint: Fingerprint | undefined
}>

/** How a file is read. */
export type ReaderOptions = Readonly<{
  lineBytesMax: number
  /** The companies, and stores as company/store, that the sender may write for; null: all. */
  onlyFor: readonly string[] | null
  repair?: Repair | null
}>

/** The state between two chunks of a file. */
export class RowBatchReader {
  readonly #repair: Repair | null
  readonly #mayWrite: MayWrite
  readonly #splitter: LineSplitter
  readonly #parts = new LineParts()
  readonly #scrapes = new Map<string, Scrape>()
  readonly #byTail = new WeakMap<Tail, Scrape>()
  readonly #numbers: Numbers
  readonly #counter: RowCounter
  #batch = newRowBatch(0, 0)
  #remarked = new Remarked()
  // How many rows of the batch have the unknown fields of a number.
  #unknown = new Map<number, number>()
  #rows = 0

  constructor(options: ReaderOptions, numbers: Numbers) {
    this.#numbers = numbers
    this.#counter = new RowCounter(numbers)
    this.#repair = options.repair ?? null
    this.#mayWrite = permissionOf(options.onlyFor)
    this.#splitter = new LineSplitter(options.lineBytesMax)
  }

  /** What the lines say that end in this chunk, so many of them at a time. */
  *read(chunk: Buffer): Generator<RowBatch> {
    for (const { bytes, newlines } of partsOf(chunk)) {
      this.#begin(newlines, bytes.length)
      yield this.#readLines(this.#splitter.push(bytes))
    }
  }

  /** What the last line says, when it does not end with a newline; and the figures of each scrape. */
  *end(): Generator<RowBatch> {
    const last = this.#splitter.end()
    this.#begin(1, 0)
    yield this.#readLines(last === undefined ? [] : [last])
    for (const figures of this.#counter.all()) yield { ...newRowBatch(0, 0), figures: [figures] }
  }

  // One by one: a line that is kept until all of a chunk are there is most of what collecting garbage costs.
  #readLines(lines: Iterable<Line>): RowBatch {
    for (const line of lines) {
      if (!line.tooLong && isBlank(line.bytes)) continue
      this.#batch.count++
      const read = this.#readLine(line)
      if (read !== undefined) this.#add(this.#scrapes.get(keyOf(read.metadata)) ?? this.#open(read.metadata), read)
    }
    this.#batch.rows = this.#batch.rows.subarray(0, this.#rows * ROW.length)
    for (const [number, rows] of this.#unknown)
      for (const name of this.#numbers.unknown.namesOf(number)) this.#remarked.addIgnored({ name, rows })
    this.#batch.warnings = this.#remarked.warnings
    this.#batch.ignored = this.#remarked.ignored
    return this.#batch
  }

  #begin(lines: number, bytes: number): void {
    this.#batch = newRowBatch(lines, bytes)
    this.#remarked = new Remarked()
    this.#unknown = new Map()
    this.#rows = 0
    if (this.#numbers.labels < LABELS_MAX && this.#numbers.textBytes < TEXT_BYTES_MAX) return
    this.#batch.forget = true
    this.#numbers.forget()
    for (const scrape of this.#scrapes.values()) scrape.listings = this.#numbers.listingsOf(scrape.company)
  }

  /** Reads a line; undefined: it is repeated or rejected, and that is noted. */
  #readLine({ number, bytes, tooLong }: Line): Read | undefined {
    // A row that is repaired is not what a line like it said elsewhere.
    const tail = tooLong || this.#repair !== null ? undefined : this.#parts.tailOf(bytes)
    if (tail === undefined) return this.#readWhole(number, bytes, tooLong)
    const head = bytes.subarray(0, bytes.length - tail.bytes.length)
    const fingerprint = this.#parts.fingerprintOf(head)
    const scrape = this.#scrapeOf(tail)
    if (scrape !== undefined && this.#addRepeated(scrape, fingerprint, number, tail)) return undefined
    const product = readHead(head)
    if (product === undefined) return this.#readWhole(number, bytes, false)
    const { metadata, ignored } = tail
    if (!this.#mayWrite(metadata.companyKey, metadata.storeKey)) return this.#reject(number, NOT_PERMITTED, bytes)
    const isPlain = product.warnings.length === 0
    this.#remark(number, { warnings: product.warnings, ignored })
    return { line: number, metadata, product, ignored: product.ignored, fingerprint: isPlain ? fingerprint : undefined }
  }

  #readWhole(number: number, bytes: Buffer, tooLong: boolean): Read | undefined {
    const read = tooLong ? TOO_LONG : readRow(bytes)
    const row = isRejection(read) || this.#repair === null ? read : repaired(read, this.#repair)
    if (isRejection(row)) return this.#reject(number, row, bytes)
    if (!this.#mayWrite(row.companyKey, row.storeKey)) return this.#reject(number, NOT_PERMITTED, bytes)
    this.#remark(number, { warnings: row.warnings, ignored: [] })
    return { line: number, metadata: row, product: row, ignored: row.ignored, fingerprint: undefined }
  }

  #remark(line: number, { warnings, ignored }: Remarks): void {
    for (const warning of warnings) this.#remarked.warn(warning, line)
    for (const name of ignored) this.#remarked.addIgnored({ name, rows: 1 })
  }

  #reject(line: number, rejection: Rejection, bytes: Buffer): undefined {
    // Copied, because the chunk is the reader's.
    this.#batch.rejects.push({ line, rejection, raw: Uint8Array.from(bytes.subarray(0, RAW_BYTES_MAX)) })
  }

  #scrapeOf(tail: Tail): Scrape | undefined {
    const known = this.#byTail.get(tail)
    if (known !== undefined) return known
    const scrape = this.#scrapes.get(keyOf(tail.metadata))
    if (scrape !== undefined) this.#byTail.set(tail, scrape)
    return scrape
  }

  #open(metadata: RowMetadata): Scrape {
    const { companyKey: company } = metadata
    const scrape: Scrape = {
      number: this.#scrapes.size,
      company,
      listings: this.#numbers.listingsOf(company),
      scrapedAt: null,
    }
    this.#scrapes.set(keyOf(metadata), scrape)
    this.#batch.scrapes.push({ metadata })
    return scrape
  }

  /** Adds the row of a line that another store of the company had, too; false when there is none. */
  #addRepeated(scrape: Scrape, fingerprint: Fingerprint, line: number, { metadata, ignored }: Tail): boolean {
    const { rows } = this.#batch
    const at = this.#rows * ROW.length
    const [, , company] = scrape.listings
    if (!this.#numbers.rows.repeat(company, fingerprint, rows, at)) return false
    this.#rows++
    rows[at + ROW.scrape] = scrape.number
    rows[at + ROW.line] = line
    this.#countUnknown(rows[at + ROW.unknown]!)
    for (const name of ignored) this.#remarked.addIgnored({ name, rows: 1 })
    this.#noteTime(scrape, metadata)
    this.#counter.count(rows, at)
    return true
  }

  #countUnknown(number: number): void {
    if (number !== 0) this.#unknown.set(number, (this.#unknown.get(number) ?? 0) + 1)
  }

  #add(scrape: Scrape, { line, metadata, product, ignored, fingerprint }: Read): void {
    this.#noteTime(scrape, metadata)
    const unknown = this.#numbers.unknown.numberOf(ignored)
    if (unknown === undefined) this.#remark(line, { warnings: [], ignored })
    else this.#countUnknown(unknown)
    const { rows } = this.#batch
    const at = this.#rows++ * ROW.length
    const listing = this.#listingOf(scrape, product)
    rows[at + ROW.scrape] = scrape.number
    rows[at + ROW.line] = line
    rows[at + ROW.listing] = listing
    rows[at + ROW.label] = this.#labelOf(listing, product)
    rows[at + ROW.price] = product.priceCents ?? -1
    rows[at + ROW.was] = product.wasPriceCents ?? -1
    rows[at + ROW.special] = flag(product.isOnSpecial)
    rows[at + ROW.available] = flag(product.isAvailable)
    rows[at + ROW.unknown] = unknown ?? 0
    rows[at + ROW.unit] = product.unit
    this.#counter.count(rows, at)
    if (fingerprint !== undefined && unknown !== undefined)
      this.#numbers.rows.add(scrape.listings[2], fingerprint, rows, at)
  }

  #noteTime(scrape: Scrape, { scrapedAt }: RowMetadata): void {
    if (scrapedAt === null || scrapedAt <= (scrape.scrapedAt ?? Number.NEGATIVE_INFINITY)) return
    scrape.scrapedAt = scrapedAt
    this.#batch.times.push({ scrape: scrape.number, scrapedAt })
  }

  #listingOf(scrape: Scrape, { sku, key }: RowProduct): number {
    const byName = sku === null ? 1 : 0
    const code = sku ?? key
    const numbers = scrape.listings[byName]
    const known = numbers.get(code)
    if (known !== undefined) return known
    numbers.set(code, this.#numbers.listings)
    this.#numbers.addCode(code, byName)
    this.#batch.listings.push({ company: scrape.company, byName, code, id: 0 })
    this.#countText(code)
    return this.#numbers.listings++
  }

  #labelOf(listing: number, product: RowProduct): number {
    const numbers = this.#numbers
    const text = labelText(product)
    const digest = digestOfLabel(text)
    if (numbers.lastDigest[listing] === digest) return numbers.lastLabel[listing]!
    this.#batch.labels.push({ hash: hashOfLabel(text), digest, text, hasBarcode: product.barcode !== null, id: 0 })
    this.#countText(text)
    const said = numbers.known.labelFieldsOf(product)
    numbers.said.push(said)
    numbers.traits.push(said.traits)
    numbers.lastDigest[listing] = digest
    numbers.lastLabel[listing] = numbers.labels
    return numbers.labels++
  }

  #countText(text: string): void {
    const bytes = bytesInMemory(text)
    this.#batch.textBytes += bytes
    this.#numbers.textBytes += bytes
  }
}

function keyOf({ companyKey, storeKey, date }: RowMetadata): string {
  return `${companyKey}\0${storeKey}\0${date}`
}

/** One byte for each character, or two where there is one beyond the first 256. */
function bytesInMemory(text: string): number {
  return Buffer.byteLength(text) === text.length ? text.length : 2 * text.length
}

function flag(value: boolean | null): number {
  return value === null ? -1 : Number(value)
}

const TOO_LONG: Rejection = { code: 'line_too_long', field: null, reason: REJECT_CODES.line_too_long }

const NOT_PERMITTED: Rejection = {
  code: 'store_not_permitted',
  field: 'metadata.company',
  reason: REJECT_CODES.store_not_permitted,
}
