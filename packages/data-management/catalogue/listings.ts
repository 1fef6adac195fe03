/**
 * Listings and labels: found by what the reader says of them, or made. Each is looked for once and remembered by the number that the
 * reader gave it, over many files.
 */
import type { SqliteDatabase } from '../database/sqlite.ts'
import type { NewLabel, NewListing, Portion } from './load/portion.ts'
import { Names } from './names.ts'
import { joinKeys, productFor } from './products.ts'

/** A listing by the number that the reader gave it. `id` 0: not looked for yet, or not there. */
export type Numbered = NewListing & { id: number }
/** A label by the number that the reader gave it. */
export type NumberedLabel = NewLabel & { id: number }

/** What a reader has numbered, and the ids of it that have been found. */
export class ListingMemory {
  /** The ids of companies and stores, by names that their finder makes. */
  readonly names = new Map<string, number>()
  #listings: Numbered[] = []
  #labels: NumberedLabel[] = []
  #foundIn = 0

  /** Takes note of what appears in a portion for the first time. Every portion of the reader must be told. */
  note({ forget, listings, labels }: Portion): void {
    if (forget) {
      this.#listings = []
      this.#labels = []
    }
    for (const listing of listings) this.#listings.push({ ...listing, id: 0 })
    for (const label of labels) this.#labels.push({ ...label, id: 0 })
  }

  /** Forgets the ids when they were found in another version of the catalogue: some of it may be gone since. */
  begin(version: number): void {
    if (version === this.#foundIn) return
    this.#foundIn = version
    this.names.clear()
    for (const each of [...this.#listings, ...this.#labels]) each.id = 0
  }

  /** The listing of a number. */
  listing(number: number): Numbered {
    return this.#listings[number]!
  }

  /** The label of a number. */
  label(number: number): NumberedLabel {
    return this.#labels[number]!
  }
}

/** Finds and makes listings, labels and products. */
export class Listings {
  readonly #database: SqliteDatabase
  readonly #names: Names
  readonly #memory: ListingMemory

  constructor(database: SqliteDatabase, memory: ListingMemory) {
    this.#database = database
    this.#memory = memory
    this.#names = new Names(database)
    memory.begin(database.undone)
  }

  /** The ids of a row's listing and label; 0 for what is not there. */
  find(listingNumber: number, labelNumber: number): { listingId: number; labelId: number } {
    const listing = this.#memory.listing(listingNumber)
    const label = this.#memory.label(labelNumber)
    if (label.id === 0) this.#look(listing, label)
    return { listingId: listing.id, labelId: label.id }
  }

  /** Makes the label, and the listing where that is not there, with the product they belong to; returns their ids. */
  make(listingNumber: number, labelNumber: number): { listingId: number; labelId: number } {
    const listing = this.#memory.listing(listingNumber)
    const label = this.#memory.label(labelNumber)
    const { name, key, brand, barcode, size, url, imageUrl, path } = textOfLabel(label)
    const keys = { key, barcode }
    const productId = listing.id === 0 ? productFor(this.#database, keys) : this.#productOf(listing.id)
    if (listing.id === 0) listing.id = this.#insertListing(listing, productId)
    label.id = this.#insertLabel([
      listing.id,
      label.hash,
      name,
      key,
      this.#names.brand(brand),
      barcode,
      size,
      url,
      imageUrl,
      this.#names.category(path),
    ])
    joinKeys(this.#database, productId, keys)
    return { listingId: listing.id, labelId: label.id }
  }

  #look(listing: Numbered, label: NumberedLabel): void {
    const found =
      listing.id === 0
        ? this.#database.get<{ id: number; label_id: number | null }>(
            `select listing.id, label.id as label_id
              from listing left join label on label.listing_id = listing.id and label.hash = ?4
              where company_id = ?1 and by_name = ?2 and code = ?3`,
            this.#names.company(listing.company),
            listing.byName,
            listing.code,
            label.hash,
          )
        : this.#database.get<{ id: number; label_id: number }>(
            'select listing_id as id, id as label_id from label where listing_id = ? and hash = ?',
            listing.id,
            label.hash,
          )
    if (found === undefined) return
    listing.id = found.id
    label.id = found.label_id ?? 0
  }

  #productOf(listingId: number): number {
    const sql = 'select product_id from listing where id = ?'
    return this.#database.get<{ product_id: number }>(sql, listingId)!.product_id
  }

  #insertListing({ company, byName, code }: Numbered, productId: number): number {
    const sql = 'insert into listing (company_id, by_name, code, product_id) values (?, ?, ?, ?)'
    return this.#insert(sql, [this.#names.company(company), byName, code, productId])
  }

  #insertLabel(values: (number | string | null)[]): number {
    const sql = `insert into label (listing_id, hash, name, key, brand_id, barcode, size, url, image_url, category_id)
      values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
    return this.#insert(sql, values)
  }

  #insert(sql: string, values: (number | string | null)[]): number {
    return Number(this.#database.statement(sql).run(...values).lastInsertRowid)
  }
}

/** What a label says. */
export type LabelText = Readonly<{
  name: string
  key: string
  brand: string | null
  barcode: string | null
  size: string | null
  url: string | null
  imageUrl: string | null
  path: readonly string[]
}>

type Fields = [string, string, ...(string | null)[]]

/** Takes the text of a label apart. */
export function textOfLabel({ text }: NewLabel): LabelText {
  const [name, key, brand = null, barcode = null, size = null, url = null, imageUrl = null, ...path] = JSON.parse(
    text,
  ) as Fields
  return { name, key, brand, barcode, size, url, imageUrl, path: path as string[] }
}
