import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { Digester } from '@splitcart/shared/digest.ts'
import { type Disk, realDisk } from '@splitcart/shared/disk.ts'
import { checkLength, finishPart, openPart, publish, removeIfThere } from '@splitcart/shared/durable-file.ts'
import { candidateNames } from '@splitcart/shared/file-name.ts'
import { LINE_BYTES_MAX } from '@splitcart/shared/lines.ts'
import {
  type ComparedFields,
  differingField,
  duplicateDiffers,
  duplicateKeyOf,
  type Fields,
  isObject,
  isRejection,
  REJECT_CODES,
  type Rejection,
  type Row,
  readRow,
} from '@splitcart/shared/row.ts'
import { FileFigures } from '@splitcart/shared/truth/file-figures.ts'
import type { Finding } from '@splitcart/shared/truth/finding.ts'
import { findingsIn } from './check-file.ts'
import { type Folders, openFolders } from './folders.ts'
import { faultOfOutboxName } from './outbox.ts'
import { partName } from './part-name.ts'
import { scrapeName, unnamedScrape } from './scrape-name.ts'
import { markWhole, removeMarkOf } from './whole-mark.ts'

const BUFFER_BYTES = 64 * 1024
const REJECTIONS_SHOWN_MAX = 10

/** A row as the scraper supplies it: plain objects that JSON can represent. docs/rows.md describes the fields. */
export type ScrapedRow = Readonly<{ product: object; metadata: object }>

/** A line the server will reject, found before sending. `line` counts from 1. */
export type Rejectable = Rejection & Readonly<{ line: number }>

/** What `commit` put into the outbox. `rejectable.first` holds at most ten. */
export type Committed = Readonly<{
  path: string
  name: string
  sha256: string
  rows: number
  duplicates: number
  rejectable: Readonly<{ rows: number; first: readonly Rejectable[] }>
  /** Findings from the scrape alone; with `held` the server will not load it until a person has reviewed it. */
  findings: readonly Finding[]
}>

export type WriterOptions = Readonly<{ fileName?: string; now?: Date; disk?: Disk }>

/**
 * Writes one scrape to one JSON Lines file and hands it to the outbox whole.
 *
 *   open ── write* ──▶ commit ──▶ the file is in product_outbox
 *              └─────▶ dispose ─▶ no trace is left
 *
 * Invariants:
 *  1. Nothing is in the outbox before `commit`, and all of it, durable, after.
 *  2. Of rows that show the same listing in the same scrape only the first is written.
 *  3. A row the server will reject is still written, so that it is reported with its line and never silently missing.
 *
 * An existing file is never overwritten: the new one is then called `<stem>-<first 8 of its SHA-256>.jsonl`.
 */
export class JsonlWriter implements AsyncDisposable {
  readonly #disk: Disk
  readonly #folders: Folders
  readonly #part: string
  readonly #file: FileHandle
  readonly #scrapedAt: string
  readonly #digester = new Digester()
  readonly #seen = new Map<string, ComparedFields>()
  readonly #rejectable: Rejectable[] = []
  readonly #figures = new FileFigures()
  #fileName: string | undefined
  #named: boolean
  #buffered: Buffer[] = []
  #bufferedBytes = 0
  #written: Promise<void> = Promise.resolve()
  #rows = 0
  #duplicates = 0
  #rejectableRows = 0
  #open = true

  private constructor(
    disk: Disk,
    folders: Folders,
    part: Readonly<{ path: string; file: FileHandle }>,
    options: WriterOptions,
  ) {
    this.#disk = disk
    this.#folders = folders
    this.#part = part.path
    this.#file = part.file
    this.#fileName = options.fileName
    this.#named = options.fileName !== undefined
    this.#scrapedAt = (options.now ?? new Date()).toISOString()
  }

  /** Opens a writer in a data folder. Without `fileName` the first row names the file: company, store and date. */
  static async open(dataDir: string, options: WriterOptions = {}): Promise<JsonlWriter> {
    const fault = options.fileName === undefined ? undefined : faultOfOutboxName(options.fileName)
    if (fault !== undefined) throw new TypeError(`The file name ${JSON.stringify(options.fileName)} ${fault}.`)
    const disk = options.disk ?? realDisk()
    const folders = await openFolders(disk, dataDir)
    const path = join(folders.part, partName(options.fileName, process.pid))
    return new JsonlWriter(disk, folders, { path, file: await openPart(disk, path) }, options)
  }

  /** Adds one row; a missing `metadata.scraped_at` is set to the time this writer was opened. */
  async write(row: ScrapedRow): Promise<'written' | 'duplicate'> {
    this.#mustBeOpen()
    const line = lineOf(row, this.#scrapedAt)
    const read = line.length > LINE_BYTES_MAX + 1 ? TOO_LONG : readRow(line.subarray(0, -1))
    if (isRejection(read)) this.#countRejectable(read)
    else {
      const before = this.#recordListing(read)
      const field = before && differingField(before, read)
      if (before !== undefined && field === undefined) {
        this.#duplicates++
        return 'duplicate'
      }
      if (field !== undefined) this.#countRejectable(duplicateDiffers(field))
      else this.#figures.add(read)
    }
    this.#rows++
    await this.#add(line)
    return 'written'
  }

  /**
   * Moves the file into the outbox; once this resolves it survives a power cut. A scrape without rows is valid too,
   * but needs a `fileName`, because no row names the store.
   */
  async commit(): Promise<Committed> {
    this.#mustBeOpen()
    if (this.#rows === 0 && !this.#named)
      throw new Error('A scrape without rows can be committed only with a fileName.')
    this.#open = false
    try {
      await this.#flush()
      await checkLength(this.#file, this.#digester.bytes)
      await finishPart(this.#file)
      return await this.#publish()
    } catch (cause) {
      await this.#giveUp()
      throw cause
    }
  }

  /** Closes the writer; without a prior commit the part file is removed. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#open) return
    this.#open = false
    await this.#giveUp()
  }

  #mustBeOpen(): void {
    if (!this.#open) throw new Error('This JsonlWriter is closed: it was committed or disposed of.')
  }

  /** The values of an earlier row for the same listing; undefined if this is the first, which is then recorded. */
  #recordListing(row: Row): ComparedFields | undefined {
    const identity = duplicateKeyOf(row)
    const before = this.#seen.get(identity)
    if (before !== undefined) return before
    const { name, size, priceCents, wasPriceCents, isOnSpecial } = row
    this.#seen.set(identity, { name, size, priceCents, wasPriceCents, isOnSpecial })
    this.#fileName ??= scrapeName(row)
    return undefined
  }

  #countRejectable(rejection: Rejection): void {
    this.#rejectableRows++
    if (this.#rejectable.length < REJECTIONS_SHOWN_MAX) this.#rejectable.push({ line: this.#rows + 1, ...rejection })
  }

  async #add(line: Buffer): Promise<void> {
    this.#buffered.push(line)
    this.#bufferedBytes += line.length
    if (this.#bufferedBytes >= BUFFER_BYTES) await this.#flush()
  }

  // Chained, so that writes the caller did not await stay in order, and nothing is written after a failed one.
  #flush(): Promise<void> {
    const chunk = Buffer.concat(this.#buffered)
    this.#buffered = []
    this.#bufferedBytes = 0
    this.#digester.add(chunk)
    this.#written = this.#written.then(() => this.#file.appendFile(chunk))
    return this.#written
  }

  async #publish(): Promise<Committed> {
    const { sha256 } = this.#digester.digest()
    const wanted = this.#fileName ?? unnamedScrape(this.#scrapedAt.slice(0, 10))
    await markWhole(this.#disk, this.#folders, this.#part)
    const { name } = await publish(this.#disk, this.#part, this.#folders.outbox, candidateNames(wanted, sha256))
    const rejectable = { rows: this.#rejectableRows, first: this.#rejectable }
    return {
      path: join(this.#folders.outbox, name),
      name,
      sha256,
      rows: this.#rows,
      duplicates: this.#duplicates,
      rejectable,
      findings: findingsIn(this.#figures, this.#scrapedAt.slice(0, 10)),
    }
  }

  async #giveUp(): Promise<void> {
    await this.#written.catch(() => {})
    await this.#file.close().catch(() => {})
    await removeMarkOf(this.#disk, this.#folders, this.#part)
    await removeIfThere(this.#disk, this.#part)
  }
}

const TOO_LONG: Rejection = { code: 'line_too_long', field: null, reason: REJECT_CODES.line_too_long }

function lineOf(row: unknown, scrapedAt: string): Buffer {
  if (!isObject(row)) throw new TypeError('A row must be an object: {product: {...}, metadata: {...}}.')
  try {
    return Buffer.from(`${JSON.stringify(stamped(row, scrapedAt))}\n`)
  } catch (cause) {
    throw new TypeError(`A row must be what JSON can hold: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    })
  }
}

function stamped(row: Fields, scrapedAt: string): Fields {
  const { metadata } = row
  if (!isObject(metadata) || (metadata.scraped_at ?? '') !== '') return row
  return { ...row, metadata: { ...metadata, scraped_at: scrapedAt } }
}
