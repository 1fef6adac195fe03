/**
 * The numbers that a reader gives to companies, listings and labels, and what it keeps for each: a row batch refers to
 * them by number, so that each text is passed on once (row-batch.ts).
 */
import { type LabelFields, type Traits, TraitsCache } from '@splitcart/shared/truth/label-fields.ts'
import { hash32 } from '@splitcart/shared/truth/text-hash.ts'
import { RepeatedRows } from './repeated-rows.ts'

/**
 * The numbers of a company's listings, by SKU, and by normalized name for those without one; and the company's number.
 * A listing's `byName` (0 or 1) is the index of its map.
 */
export type ListingNumbers = readonly [bySku: Map<string, number>, byName: Map<string, number>, company: number]

// Bounds memory. No real scrape has more; rows with further lists of names are parsed each time.
const UNKNOWN_LISTS_MAX = 1_000
const UNKNOWN_CHARACTERS_MAX = 512 * 1024

/** Numbers the lists of unknown field names that rows have. Number 0 is the empty list. */
class UnknownFieldLists {
  readonly #numbers = new Map<string, number>([['', 0]])
  readonly #names: (readonly string[])[] = [[]]
  #characters = 0

  /** The number of this list of names; undefined if it is new and the limits are reached. */
  numberOf(names: readonly string[]): number | undefined {
    if (names.length === 0) return 0
    const text = names.join('\0')
    const known = this.#numbers.get(text)
    const isFull = this.#names.length >= UNKNOWN_LISTS_MAX || this.#characters + text.length > UNKNOWN_CHARACTERS_MAX
    if (known !== undefined || isFull) return known
    this.#characters += text.length
    this.#numbers.set(text, this.#names.length)
    return this.#names.push(names) - 1
  }

  /** The list of names with this number. */
  namesOf(number: number): readonly string[] {
    return this.#names[number] ?? []
  }
}

/** The numbers of one reader, with one array entry per listing or label. They continue from one file to the next. */
export class ReaderNumbers {
  readonly #byCompany = new Map<string, ListingNumbers>()
  readonly repeatedRows = new RepeatedRows()
  unknownFields = new UnknownFieldLists()
  /** By listing: the digest and the number of its last label. */
  readonly lastLabelDigests: string[] = []
  readonly lastLabels: number[] = []
  /**
   * By listing: its code, whether that is a normalized name, the hash by which it is sampled, and the last scrape that
   * showed it (counted over all files, see `scrapesCounted`).
   */
  readonly listingCodes: string[] = []
  readonly byName: (0 | 1)[] = []
  readonly listingHashes: number[] = []
  readonly lastScrapes: number[] = []
  /** Lets labels with equal traits share one object. */
  readonly knownTraits = new TraitsCache()
  /** By label: its traits, by which rows are counted, and its reduced fields, for samples. */
  readonly labelTraits: Traits[] = []
  readonly labelFields: LabelFields[] = []
  /** How many scrapes of all files so far have had their rows counted. Never reset, so scrape numbers stay unique. */
  scrapesCounted = 0
  /** How many listings and labels have a number; the next number of each. */
  listingCount = 0
  labelCount = 0
  /** Bytes in memory of all texts that have a number. */
  textBytes = 0

  /** The listing numbers of a company, given by its folded code. */
  listingsOf(company: string): ListingNumbers {
    const byCompany = this.#byCompany
    const listings = byCompany.get(company) ?? [new Map(), new Map(), byCompany.size]
    byCompany.set(company, listings)
    return listings
  }

  /** Gives the next number to a listing. `byName`: 1 if `code` is its normalized name, 0 if it is its SKU. */
  addCode(code: string, byName: 0 | 1): void {
    this.listingCodes.push(code)
    this.byName.push(byName)
    this.listingHashes.push(hash32(code))
  }

  /** Forgets everything, so that numbers begin at 0 again. The traits cache is bounded by itself. */
  forget(): void {
    this.#byCompany.clear()
    this.repeatedRows.clear()
    this.lastLabelDigests.length = 0
    this.unknownFields = new UnknownFieldLists()
    this.lastLabels.length = 0
    this.listingCodes.length = 0
    this.byName.length = 0
    this.listingHashes.length = 0
    this.labelTraits.length = 0
    this.lastScrapes.length = 0
    this.labelFields.length = 0
    this.listingCount = 0
    this.labelCount = 0
    this.textBytes = 0
  }
}
