/** Parses the chunks of one file into batches: each line that is not blank is a row, or is rejected. */
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
import { numberOfFlag } from '@splitcart/shared/truth/figures.ts'
import type { Repair } from '@splitcart/shared/truth/finding.ts'
import { applyRepair } from '@splitcart/shared/truth/repairs.ts'
import { newRowBatch, ROW, type RowBatch } from '../catalogue/load/row-batch.ts'
import { type MayWrite, writePermissionOf } from '../permission.ts'
import { splitChunk } from './chunk-parts.ts'
import { digestOfLabel, hashOfLabel, labelText } from './label-text.ts'
import { type Fingerprint, LineParts, readHead, type Tail } from './line-parts.ts'
import type { ListingNumbers, ReaderNumbers } from './numbers.ts'
import { RemarkCollector } from './remarks.ts'
import { RowCounter } from './row-counter.ts'

// Bounds memory: beyond either limit, the numbers of listings and labels begin again.
const LABELS_MAX = 20_000
const TEXT_BYTES_MAX = 12 * 1024 * 1024
/** How many bytes of a rejected line are kept. */
export const RAW_BYTES_MAX = 4096

/** A scrape of the file. `number`: its place among them; `scrapedAt`: the latest so far, in milliseconds since 1970. */
type ScrapeInFile = {
  readonly number: number
  readonly company: string
  listings: ListingNumbers
  scrapedAt: number | null
}

/** A parsed row and its line number. `ignored`: unknown fields; `fingerprint` undefined: the row must not be cached. */
type ParsedRow = Readonly<{
  line: number
  metadata: RowMetadata
  product: RowProduct
  ignored: readonly string[]
  fingerprint: Fingerprint | undefined
}>

/** How a file is read. `repair`: applied to each row; null or omitted: none. */
export type ReaderOptions = Readonly<{
  lineBytesMax: number
  /** The companies, and stores as company/store, that the sender may write for; null: all. */
  onlyFor: readonly string[] | null
  repair?: Repair | null
}>

/** Reads one file; holds the state between its chunks. `numbers` is shared by all files of a reader. */
export class RowBatchReader {
  readonly #repair: Repair | null
  readonly #mayWrite: MayWrite
  readonly #splitter: LineSplitter
  readonly #lineParts = new LineParts()
  readonly #scrapes = new Map<string, ScrapeInFile>()
  readonly #scrapesByTail = new WeakMap<Tail, ScrapeInFile>()
  readonly #numbers: ReaderNumbers
  readonly #counter: RowCounter
  #batch = newRowBatch(0, 0)
  #remarks = new RemarkCollector()
  // Rows of the batch by the number of their list of unknown fields.
  #rowsByUnknownFields = new Map<number, number>()
  // How many rows are in the batch.
  #rowCount = 0

  constructor(options: ReaderOptions, numbers: ReaderNumbers) {
    this.#numbers = numbers
    this.#counter = new RowCounter(numbers)
    this.#repair = options.repair ?? null
    this.#mayWrite = writePermissionOf(options.onlyFor)
    this.#splitter = new LineSplitter(options.lineBytesMax)
  }

  /** Batches of the lines that end in this chunk; at least one, though it may be empty, unless the chunk is. */
  *read(chunk: Buffer): Generator<RowBatch> {
    for (const { bytes, newlines } of splitChunk(chunk)) {
      this.#beginBatch(newlines, bytes.length)
      yield this.#readLines(this.#splitter.push(bytes))
    }
  }

  /** After the last chunk: a batch with the last line if it lacks a newline, then one with the figures per scrape. */
  *end(): Generator<RowBatch> {
    const last = this.#splitter.end()
    this.#beginBatch(1, 0)
    yield this.#readLines(last === undefined ? [] : [last])
    for (const figures of this.#counter.scrapeFigures()) yield { ...newRowBatch(0, 0), figures: [figures] }
  }

  // Consumes lines one by one: keeping the lines of a whole chunk would be most of the cost of garbage collection.
  #readLines(lines: Iterable<Line>): RowBatch {
    for (const line of lines) {
      if (!line.tooLong && isBlank(line.bytes)) continue
      this.#batch.count++
      const read = this.#readLine(line)
      if (read !== undefined)
        this.#addRow(this.#scrapes.get(scrapeKeyOf(read.metadata)) ?? this.#beginScrape(read.metadata), read)
    }
    this.#batch.rows = this.#batch.rows.subarray(0, this.#rowCount * ROW.length)
    for (const [number, rows] of this.#rowsByUnknownFields)
      for (const name of this.#numbers.unknownFields.namesOf(number)) this.#remarks.addIgnored({ name, rows })
    this.#batch.warnings = this.#remarks.warnings
    this.#batch.ignored = this.#remarks.ignored
    return this.#batch
  }

  #beginBatch(lines: number, bytes: number): void {
    this.#batch = newRowBatch(lines, bytes)
    this.#remarks = new RemarkCollector()
    this.#rowsByUnknownFields = new Map()
    this.#rowCount = 0
    if (this.#numbers.labelCount < LABELS_MAX && this.#numbers.textBytes < TEXT_BYTES_MAX) return
    this.#batch.forget = true
    this.#numbers.forget()
    for (const scrape of this.#scrapes.values()) scrape.listings = this.#numbers.listingsOf(scrape.company)
  }

  /** Parses a line; undefined if it repeats a cached row, which is added, or is rejected, which is recorded. */
  #readLine({ number, bytes, tooLong }: Line): ParsedRow | undefined {
    // Cached rows are not repaired, so a file with a repair cannot use the cache.
    const tail = tooLong || this.#repair !== null ? undefined : this.#lineParts.tailOf(bytes)
    if (tail === undefined) return this.#readWhole(number, bytes, tooLong)
    const head = bytes.subarray(0, bytes.length - tail.bytes.length)
    const fingerprint = this.#lineParts.fingerprintOf(head)
    const scrape = this.#scrapeOf(tail)
    if (scrape !== undefined && this.#addRepeatedRow(scrape, fingerprint, number, tail)) return undefined
    const product = readHead(head)
    if (product === undefined) return this.#readWhole(number, bytes, false)
    const { metadata, ignored } = tail
    if (!this.#mayWrite(metadata.companyKey, metadata.storeKey)) return this.#reject(number, NOT_PERMITTED, bytes)
    const isPlain = product.warnings.length === 0
    this.#addRemarks(number, { warnings: product.warnings, ignored })
    return { line: number, metadata, product, ignored: product.ignored, fingerprint: isPlain ? fingerprint : undefined }
  }

  #readWhole(number: number, bytes: Buffer, tooLong: boolean): ParsedRow | undefined {
    const read = tooLong ? TOO_LONG : readRow(bytes)
    const row = isRejection(read) || this.#repair === null ? read : applyRepair(read, this.#repair)
    if (isRejection(row)) return this.#reject(number, row, bytes)
    if (!this.#mayWrite(row.companyKey, row.storeKey)) return this.#reject(number, NOT_PERMITTED, bytes)
    this.#addRemarks(number, { warnings: row.warnings, ignored: [] })
    return { line: number, metadata: row, product: row, ignored: row.ignored, fingerprint: undefined }
  }

  #addRemarks(line: number, { warnings, ignored }: Remarks): void {
    for (const warning of warnings) this.#remarks.addWarning(warning, line)
    for (const name of ignored) this.#remarks.addIgnored({ name, rows: 1 })
  }

  #reject(line: number, rejection: Rejection, bytes: Buffer): undefined {
    // Copied: the caller may reuse the memory of the chunk.
    this.#batch.rejects.push({ line, rejection, raw: Uint8Array.from(bytes.subarray(0, RAW_BYTES_MAX)) })
  }

  /** The scrape of a tail, if a row of it was added before. */
  #scrapeOf(tail: Tail): ScrapeInFile | undefined {
    const known = this.#scrapesByTail.get(tail)
    if (known !== undefined) return known
    const scrape = this.#scrapes.get(scrapeKeyOf(tail.metadata))
    if (scrape !== undefined) this.#scrapesByTail.set(tail, scrape)
    return scrape
  }

  /** Begins a scrape with its first row. */
  #beginScrape(metadata: RowMetadata): ScrapeInFile {
    const { companyKey: company } = metadata
    const scrape: ScrapeInFile = {
      number: this.#scrapes.size,
      company,
      listings: this.#numbers.listingsOf(company),
      scrapedAt: null,
    }
    this.#scrapes.set(scrapeKeyOf(metadata), scrape)
    this.#batch.scrapes.push({ metadata })
    return scrape
  }

  /** Adds the cached row of a line that repeats one of the company; false if none is cached. */
  #addRepeatedRow(scrape: ScrapeInFile, fingerprint: Fingerprint, line: number, { metadata, ignored }: Tail): boolean {
    const { rows } = this.#batch
    const at = this.#rowCount * ROW.length
    const [, , company] = scrape.listings
    if (!this.#numbers.repeatedRows.copyRow(company, fingerprint, rows, at)) return false
    this.#rowCount++
    rows[at + ROW.scrape] = scrape.number
    rows[at + ROW.line] = line
    this.#countUnknownFields(rows[at + ROW.unknown]!)
    for (const name of ignored) this.#remarks.addIgnored({ name, rows: 1 })
    this.#updateScrapedAt(scrape, metadata)
    this.#counter.count(rows, at)
    return true
  }

  #countUnknownFields(number: number): void {
    if (number !== 0) this.#rowsByUnknownFields.set(number, (this.#rowsByUnknownFields.get(number) ?? 0) + 1)
  }

  #addRow(scrape: ScrapeInFile, { line, metadata, product, ignored, fingerprint }: ParsedRow): void {
    this.#updateScrapedAt(scrape, metadata)
    const unknown = this.#numbers.unknownFields.numberOf(ignored)
    if (unknown === undefined) this.#addRemarks(line, { warnings: [], ignored })
    else this.#countUnknownFields(unknown)
    const { rows } = this.#batch
    const at = this.#rowCount++ * ROW.length
    const listing = this.#listingOf(scrape, product)
    rows[at + ROW.scrape] = scrape.number
    rows[at + ROW.line] = line
    rows[at + ROW.listing] = listing
    rows[at + ROW.label] = this.#labelOf(listing, product)
    rows[at + ROW.price] = product.priceCents ?? -1
    rows[at + ROW.wasPrice] = product.wasPriceCents ?? -1
    rows[at + ROW.special] = numberOfFlag(product.isOnSpecial)
    rows[at + ROW.available] = numberOfFlag(product.isAvailable)
    rows[at + ROW.unknown] = unknown ?? 0
    rows[at + ROW.unit] = product.unit
    this.#counter.count(rows, at)
    if (fingerprint !== undefined && unknown !== undefined)
      this.#numbers.repeatedRows.add(scrape.listings[2], fingerprint, rows, at)
  }

  /** Keeps the latest `scraped_at` of a scrape. */
  #updateScrapedAt(scrape: ScrapeInFile, { scrapedAt }: RowMetadata): void {
    if (scrapedAt === null || scrapedAt <= (scrape.scrapedAt ?? Number.NEGATIVE_INFINITY)) return
    scrape.scrapedAt = scrapedAt
    this.#batch.times.push({ scrape: scrape.number, scrapedAt })
  }

  /** The number of a row's listing; a new listing is added to the batch. */
  #listingOf(scrape: ScrapeInFile, { sku, key }: RowProduct): number {
    const byName = sku === null ? 1 : 0
    const code = sku ?? key
    const numbers = scrape.listings[byName]
    const known = numbers.get(code)
    if (known !== undefined) return known
    numbers.set(code, this.#numbers.listingCount)
    this.#numbers.addCode(code, byName)
    this.#batch.listings.push({ company: scrape.company, byName, code, id: 0 })
    this.#countTextBytes(code)
    return this.#numbers.listingCount++
  }

  /** The number of a row's label; it is added to the batch if it differs from the last label of the listing. */
  #labelOf(listing: number, product: RowProduct): number {
    const numbers = this.#numbers
    const text = labelText(product)
    const digest = digestOfLabel(text)
    if (numbers.lastLabelDigests[listing] === digest) return numbers.lastLabels[listing]!
    this.#batch.labels.push({ hash: hashOfLabel(text), digest, text, hasBarcode: product.barcode !== null, id: 0 })
    this.#countTextBytes(text)
    const fields = numbers.knownTraits.labelFieldsOf(product)
    numbers.labelFields.push(fields)
    numbers.labelTraits.push(fields.traits)
    numbers.lastLabelDigests[listing] = digest
    numbers.lastLabels[listing] = numbers.labelCount
    return numbers.labelCount++
  }

  #countTextBytes(text: string): void {
    const bytes = bytesInMemory(text)
    this.#batch.textBytes += bytes
    this.#numbers.textBytes += bytes
  }
}

function scrapeKeyOf({ companyKey, storeKey, date }: RowMetadata): string {
  return `${companyKey}\0${storeKey}\0${date}`
}

/** An estimate of the memory of a text: one byte per character if all are ASCII, else two. */
function bytesInMemory(text: string): number {
  return Buffer.byteLength(text) === text.length ? text.length : 2 * text.length
}

const TOO_LONG: Rejection = { code: 'line_too_long', field: null, reason: REJECT_CODES.line_too_long }

const NOT_PERMITTED: Rejection = {
  code: 'store_not_permitted',
  field: 'metadata.company',
  reason: REJECT_CODES.store_not_permitted,
}
