/** The numbers by which a reader calls companies, listings and labels. */
import { RepeatedRows } from './repeated-rows.ts'

/** The numbers of a company's listings by SKU, and by name of those without one; and a number for the company. */
export type ListingNumbers = readonly [bySku: Map<string, number>, byName: Map<string, number>, company: number]

/** The numbers of listings and labels, which go on from one file to the next. */
export class Numbers {
  readonly #byCompany = new Map<string, ListingNumbers>()
  readonly rows = new RepeatedRows()
  /** Of each listing, the digest of the text of its last label. */
  readonly lastDigest: string[] = []
  readonly lastLabel: number[] = []
  listings = 0
  labels = 0
  /** Of all texts that have a number, as they are kept in memory. */
  textBytes = 0

  /** Those of a company. */
  listingsOf(company: string): ListingNumbers {
    const byCompany = this.#byCompany
    const listings = byCompany.get(company) ?? [new Map(), new Map(), byCompany.size]
    byCompany.set(company, listings)
    return listings
  }

  /** Starts again. */
  forget(): void {
    this.#byCompany.clear()
    this.rows.forget()
    this.lastDigest.length = 0
    this.lastLabel.length = 0
    this.listings = 0
    this.labels = 0
    this.textBytes = 0
  }
}
