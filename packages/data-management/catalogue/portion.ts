/**
 * What was read of a file at a time, in a form that costs little to hand from one thread to another: whole numbers, and each text
 * once.
 *
 * Listings and labels have numbers of the reader's own. A portion tells those that appear in it for the first time; from one that
 * says `forget` on, the numbers start again.
 */
import type { Rejection, RowMetadata } from '@splitcart/shared/row.ts'
import type { KnownLines } from './known-lines.ts'

/** A listing that appears for the first time. `byName` 1: its code is a normalized name. */
export type NewListing = Readonly<{ companyOf: number; byName: 0 | 1; code: string }>

/** A label that appears for the first time: the text that `labelText` makes, and its hash. */
export type NewLabel = Readonly<{ listing: number; hash: number; text: string }>

/** A line that is not a row. `raw`: its first bytes. */
export type RejectedLine = Readonly<{ line: number; rejection: Rejection; raw: Uint8Array }>

/** What was read. `rows` holds `ROW` numbers for each row. `times`: the latest `scraped_at` of a scrape up to here, in milliseconds. */
export type Portion = {
  forget: boolean
  count: number
  warnings: number
  rejects: RejectedLine[]
  listings: NewListing[]
  labels: NewLabel[]
  times: Readonly<{ scrape: number; scrapedAt: number }>[]
  rows: Int32Array
}

/** The numbers of a row. Money is whole cents, flags are 0 and 1; what is not said is -1. */
export const ROW = {
  scrape: 0,
  /** The entry among the known lines; then nothing else is told. */
  entry: 1,
  listing: 2,
  label: 3,
  price: 4,
  was: 5,
  special: 6,
  available: 7,
  /** By which the line may be known again; 0, 0, 0: it may not. */
  fingerprint: 8,
  length: 11,
} as const

/** Takes note of a scrape that a file has, by its first row; tells its number, and the lines of it that are known. */
export type OpenScrape = (metadata: RowMetadata) => OpenedScrape | Promise<OpenedScrape>

export type OpenedScrape = Readonly<{ number: number; known: KnownLines | undefined }>
