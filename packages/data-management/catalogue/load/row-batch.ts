/**
 * A batch of rows read from a file, in a form that is cheap to pass from one thread to another: whole numbers, and each
 * text once.
 *
 * Scrapes, listings and labels have numbers of the reader's own, in the order in which they appear; a batch describes
 * those that appear in it for the first time. Scrapes are numbered anew in each file, the others from one file to the
 * next until a batch says `forget`.
 */
import type { Rejection, RowMetadata } from '@splitcart/shared/row.ts'
import type { Figures } from '@splitcart/shared/truth/figures.ts'

/** A scrape's first appearance. */
export type NewScrape = Readonly<{ metadata: RowMetadata }>

/** A listing's first appearance. `byName` 1: its code is a normalized name. `id` 0: not looked up yet, or not there. */
export type NewListing = Readonly<{ company: string; byName: 0 | 1; code: string }> & { id: number }

/** A label's first appearance: the text that `labelText` makes, its `hash` for look-ups, and its unique `digest`. */
export type NewLabel = Readonly<{ hash: number; digest: string; text: string; hasBarcode: boolean }> & { id: number }

/** A line that was rejected. `raw`: its first bytes, at most RAW_BYTES_MAX; null: they are not kept. */
export type RejectedLine = Readonly<{ line: number; rejection: Rejection; raw: Uint8Array | null }>

/** A reason for which a field was left out: in how many rows, and the numbers of the first such lines. */
export type WarnedRows = Readonly<{ field: string; reason: string; count: number; lines: number[] }>

/** An unknown field, and how many rows have it. */
export type IgnoredField = Readonly<{ name: string; rows: number }>

/**
 * The figures of a scrape of the file, and its sample of rows in bytes, which `decodeSampledRows` reads. In a file of
 * many scrapes the sample is compressed, since it is hardly ever read.
 */
export type ScrapeFigures = Readonly<{ scrape: number; figures: Figures; sampled: Uint8Array<ArrayBuffer> }>

/**
 * The lines that end in `bytes` bytes of a file. `forget`: numbers of listings and labels start again, before this
 * batch. `count`: lines that are not blank. `rows` holds the numbers of `ROW` for each row. `textBytes`: the memory
 * that the texts of new listings and labels take. `times`: the latest `scraped_at` of a scrape so far, in milliseconds
 * since 1970. `figures`: sent after the end of the file, those of one scrape in each batch.
 */
export type RowBatch = {
  readonly bytes: number
  forget: boolean
  count: number
  warnings: WarnedRows[]
  ignored: IgnoredField[]
  rejects: RejectedLine[]
  scrapes: NewScrape[]
  listings: NewListing[]
  labels: NewLabel[]
  textBytes: number
  times: Readonly<{ scrape: number; scrapedAt: number }>[]
  rows: Int32Array
  figures: ScrapeFigures[]
}

/**
 * The offsets of a row's numbers. Money is in whole cents, flags are 0 and 1; -1: not given. From `listing` on the
 * numbers are copied from an earlier row if a line repeats it. `unknown`: which list of unknown field names it has.
 */
export const ROW = {
  scrape: 0,
  line: 1,
  listing: 2,
  label: 3,
  price: 4,
  wasPrice: 5,
  special: 6,
  available: 7,
  unknown: 8,
  unit: 9,
  length: 10,
} as const

/** An empty batch with room for so many rows. `bytes`: how many bytes of the file it stands for. */
export function newRowBatch(lines: number, bytes: number): RowBatch {
  const rows = new Int32Array(lines * ROW.length)
  return {
    bytes,
    forget: false,
    count: 0,
    warnings: [],
    ignored: [],
    rejects: [],
    scrapes: [],
    listings: [],
    labels: [],
    textBytes: 0,
    times: [],
    rows,
    figures: [],
  }
}

// An estimate for the objects of a batch and its message.
const BATCH_BYTES = 1024

/** An estimate of the memory that a batch takes, in bytes: a bound on what is read ahead counts it. */
export function memoryBytesOf({ rows, textBytes, rejects, figures }: RowBatch): number {
  let bytes = BATCH_BYTES + rows.byteLength + textBytes
  for (const { raw } of rejects) bytes += raw?.byteLength ?? 0
  for (const { sampled } of figures) bytes += sampled.byteLength
  return bytes
}
