/** A scrape of the file that is being loaded: one store on one date. */
import type { Figures } from '@splitcart/shared/truth/figures.ts'
import type { RowBatch } from './row-batch.ts'

/** A staged scrape. `number` identifies it in the table `observed`. */
export type StagedScrape = {
  readonly number: number
  readonly companyId: number
  readonly storeId: number
  readonly companyCode: string
  readonly storeCode: string
  /** The store code in the file if it is an alias of another code; else empty. */
  readonly mergedFrom: string
  date: string
  readonly storeName: string
  readonly state: string | null
  readonly companyName: string | null
  /** The codes of company and store as the file writes them. */
  readonly companyWritten: string
  readonly storeWritten: string
  /** The latest `scraped_at` of its rows, in milliseconds since 1970; null when no row has one. */
  scrapedAt: number | null
  /** How many listings it shows. */
  listings: number
  /** The figures of its columns; null until the file has been read, and if the file has too many scrapes. */
  figures: Figures | null
  /** Its sample of rows in bytes, which `decodeSampledRows` reads. */
  sampled: Uint8Array
  /** Whether any of its listings is shown with a barcode. */
  hasBarcodes: boolean
}

/** The rows of a file, staged before any of them touches a history. */
export interface StagedRows {
  readonly scrapes: readonly StagedScrape[]
  /** Stages the rows of a batch. Throws `TooManyScrapes` if the file has more than `SCRAPES_MAX`. */
  add(batch: RowBatch): void | Promise<void>
  /** Stages what is still buffered, to be called after the end of the file: only then does `listings` count all. */
  flush(): void | Promise<void>
  /** Whether two scrapes of the file show a listing in common. */
  haveCommonListing(one: StagedScrape, other: StagedScrape): boolean | Promise<boolean>
  /** Makes one scrape of two. They must have no listing in common. */
  merge(into: StagedScrape, from: StagedScrape): void | Promise<void>
}

/** The sample of a scrape that has none. */
export const NO_SAMPLE: Uint8Array = Buffer.from('[]')

/** The most scrapes in a file, more than any real scrape of shops has; the bound keeps memory constant. */
export const SCRAPES_MAX = 10_000

/** Sorts scrapes into the order in which they are applied: by store, then by date. */
export function sortScrapes<Scrape extends StagedScrape>(scrapes: readonly Scrape[]): Scrape[] {
  return scrapes.toSorted((one, other) => one.storeId - other.storeId || (one.date < other.date ? -1 : 1))
}

/** The file holds more stores and dates than one file may. */
export class TooManyScrapes extends Error {
  constructor() {
    super(`The file holds more than ${SCRAPES_MAX} stores and dates; split it.`)
  }
}
