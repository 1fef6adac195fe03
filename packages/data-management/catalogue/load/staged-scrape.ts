/** A scrape of the file that is being loaded: one store on one date. */
import type { Figures } from '@splitcart/shared/truth/figures.ts'
import type { Portion } from './portion.ts'

/** What is known of it. */
export type StagedScrape = {
  readonly number: number
  readonly companyId: number
  readonly storeId: number
  readonly companyCode: string
  readonly storeCode: string
  /** The code that the file names, where the store is known under another one; else empty. */
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
  /** The figures of its columns, and its sample in bytes (`shownIn` reads them); null until the file has been read, and where it has too many scrapes. */
  figures: Figures | null
  sampled: Uint8Array
  /** Whether one of them is shown with a barcode. */
  hasBarcodes: boolean
}

/** The rows of a file, set down before any of them touches a history. */
export interface Staged {
  readonly scrapes: readonly StagedScrape[]
  /** Sets down the rows of a portion. Throws a `TooManyScrapes` when the file has more than `SCRAPES_MAX`. */
  take(portion: Portion): void | Promise<void>
  /** Makes everything ready that follows once the file has been read to its end: only then `listings` counts all. */
  settle(): void | Promise<void>
  /** Whether two scrapes of the file show a listing in common. */
  haveCommonListing(one: StagedScrape, other: StagedScrape): boolean | Promise<boolean>
  /** Makes one scrape of two. They must have no listing in common. */
  merge(into: StagedScrape, from: StagedScrape): void | Promise<void>
}

/** The sample of a scrape that has none. */
export const NO_SAMPLE: Uint8Array = Buffer.from('[]')

/** A file of more scrapes than this is no scrape of shops; the bound keeps memory constant. */
export const SCRAPES_MAX = 10_000

/** In the order in which they are applied: store by store, each from its first date on. */
export function inOrder<Scrape extends StagedScrape>(scrapes: readonly Scrape[]): Scrape[] {
  return scrapes.toSorted((one, other) => one.storeId - other.storeId || (one.date < other.date ? -1 : 1))
}

/** The file holds more stores and dates than one file may. */
export class TooManyScrapes extends Error {
  constructor() {
    super(`The file holds more than ${SCRAPES_MAX} stores and dates; split it.`)
  }
}
