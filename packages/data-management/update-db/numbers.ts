/** The numbers by which a reader calls companies, listings and labels. */
import { KnownTraits, type LabelFields, type Traits } from '@splitcart/shared/truth/label-fields.ts'
import { hash32 } from '@splitcart/shared/truth/text-hash.ts'
import { RepeatedRows } from './repeated-rows.ts'

/** The numbers of a company's listings by SKU, and by name of those without one; and a number for the company. */
export type ListingNumbers = readonly [bySku: Map<string, number>, byName: Map<string, number>, company: number]

// A file that has more is no scrape of shops; what is beyond is read anew each time.
const UNKNOWN_MAX = 1_000
const UNKNOWN_CHARACTERS_MAX = 512 * 1024

/** The names of fields that are not known, by a number for all those of a row. */
export class UnknownFields {
  readonly #numbers = new Map<string, number>([['', 0]])
  readonly #names: (readonly string[])[] = [[]]
  #characters = 0

  /** The number of these names; undefined: there are too many already. */
  numberOf(names: readonly string[]): number | undefined {
    if (names.length === 0) return 0
    const text = names.join('\0')
    const known = this.#numbers.get(text)
    const isFull = this.#names.length >= UNKNOWN_MAX || this.#characters + text.length > UNKNOWN_CHARACTERS_MAX
    if (known !== undefined || isFull) return known
    this.#characters += text.length
    this.#numbers.set(text, this.#names.length)
    return this.#names.push(names) - 1
  }

  /** The names of a number. */
  namesOf(number: number): readonly string[] {
    return this.#names[number] ?? []
  }
}

/** The numbers of listings and labels, which go on from one file to the next. */
export class Numbers {
  readonly #byCompany = new Map<string, ListingNumbers>()
  readonly rows = new RepeatedRows()
  unknown = new UnknownFields()
  /** Of each listing, the digest of the text of its last label. */
  readonly lastDigest: string[] = []
  readonly lastLabel: number[] = []
  /** The codes of listings, the hashes by which they are sampled, and which scrape has shown them last. */
  readonly codes: string[] = []
  readonly byName: (0 | 1)[] = []
  readonly hashes: number[] = []
  readonly seenBy: number[] = []
  /** What labels say, and by what they are counted. */
  readonly known = new KnownTraits()
  readonly traits: Traits[] = []
  readonly said: LabelFields[] = []
  /** How many scrapes have been counted, of all files. */
  counted = 0
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

  /** Takes note of the code of a new listing. */
  addCode(code: string, byName: 0 | 1): void {
    this.codes.push(code)
    this.byName.push(byName)
    this.hashes.push(hash32(code))
  }

  /** Starts again. */
  forget(): void {
    this.#byCompany.clear()
    this.rows.forget()
    this.lastDigest.length = 0
    this.unknown = new UnknownFields()
    this.lastLabel.length = 0
    this.codes.length = 0
    this.byName.length = 0
    this.hashes.length = 0
    this.traits.length = 0
    this.seenBy.length = 0
    this.said.length = 0
    this.listings = 0
    this.labels = 0
    this.textBytes = 0
  }
}
