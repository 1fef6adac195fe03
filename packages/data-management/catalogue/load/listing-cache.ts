/** Caches the ids of listings and labels by the reader's numbers, so that each is looked up once for many files. */
import type { NewLabel, NewListing, RowBatch } from './row-batch.ts'

/** The listings and labels that a reader has numbered, with the ids found for them so far. */
export class ListingCache {
  /** The ids of companies and stores, by keys that the staging makes. */
  readonly names = new Map<string, number>()
  /** For a store code that is an alias: the code that it leads to, by the same keys. */
  readonly aliases = new Map<string, string>()
  #listings: NewListing[] = []
  #labels: NewLabel[] = []
  #foundIn = 0

  /** Adds what appears in a batch for the first time. Must be called with every batch of the reader. */
  add({ forget, listings, labels }: RowBatch): void {
    if (forget) this.forget()
    for (const listing of listings) this.#listings.push(listing)
    for (const label of labels) this.#labels.push(label)
  }

  /** Forgets listings and labels: their numbers begin again. */
  forget(): void {
    this.#listings = []
    this.#labels = []
  }

  /** Forgets all ids if they were found in another version of the catalogue, since some may no longer exist. */
  useVersion(version: number): void {
    if (version === this.#foundIn) return
    this.#foundIn = version
    this.forgetNames()
    for (const each of [...this.#listings, ...this.#labels]) each.id = 0
  }

  /** Forgets companies and stores. */
  forgetNames(): void {
    this.names.clear()
    this.aliases.clear()
  }

  /** The listing of a number. */
  listing(number: number): NewListing {
    return this.#listings[number]!
  }

  /** The label of a number. */
  label(number: number): NewLabel {
    return this.#labels[number]!
  }
}

/** What a label says. */
export type ParsedLabel = Readonly<{
  name: string
  key: string
  brand: string | null
  barcode: string | null
  size: string | null
  url: string | null
  pictureUrl: string | null
  path: readonly string[]
  /** All further details, as JSON. */
  details: string | null
}>

type Fields = [string, string, ...(string | null)[]]

/** Parses the text of a label. */
export function parseLabel({ text }: NewLabel): ParsedLabel {
  const fields = JSON.parse(text) as (string | null | object)[]
  const last = fields.at(-1)!
  const details = typeof last === 'object' && last !== null ? JSON.stringify(fields.pop()) : null
  const [name, key, brand = null, barcode = null, size = null, url = null, pictureUrl = null, ...path] =
    fields as Fields
  return { name, key, brand, barcode, size, url, pictureUrl, path: path as string[], details }
}
