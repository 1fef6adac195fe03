/** Finds the listings and labels of many rows at once, or creates them in an order that is the same for all loaders. */
import { batchesOf } from './batches.ts'
import { type ParsedLabel, parseLabel } from './listing-cache.ts'
import { ensureBrands, ensureCategories, ensureCompanies } from './names.ts'
import { matchOlderLabels, type OlderLabel } from './older-labels.ts'
import type { NewLabel, NewListing } from './row-batch.ts'
import { type LoadDatabase, records, type Statements, sql } from './statement.ts'

/** A row's listing and label. */
export type LabelledListing = Readonly<{ listing: NewListing; label: NewLabel }>

/** Sets the id of each listing, creating missing listings. */
export async function setListingIds(database: LoadDatabase, rows: readonly LabelledListing[]): Promise<void> {
  const unknown = new Set<NewListing>()
  for (const { listing } of rows) if (listing.id === 0) unknown.add(listing)
  if (unknown.size === 0) return
  const companies = await ensureCompanies(database, [...new Set([...unknown].map(({ company }) => company))])
  const missing = await findListings(database, [...unknown], companies)
  if (missing.length === 0) return
  await createListings(database, missing, companies)
  await findListings(database, missing, companies)
}

/**
 * Sets the id of each label, creating missing labels. A label is created only for the first row of a listing: the
 * caller leaves out the other rows. `rankedAt`: the rank of the file.
 */
export async function setLabelIds(
  database: Statements,
  rows: readonly LabelledListing[],
  rankedAt: number,
): Promise<void> {
  const unknown = rows.filter(({ label }) => label.id === 0)
  if (unknown.length === 0) return
  const missing = await findLabels(database, unknown)
  if (missing.length === 0) return
  await createLabels(database, missing, rankedAt)
  await findLabels(database, missing)
}

// A new listing is a product of its own: product_id is its id.
const LISTING_TYPES = {
  id: 'integer',
  company_id: 'integer',
  by_name: 'smallint',
  code: 'text',
  product_id: 'integer',
} as const

/** Assigns ids in row order, which is the order of search results; inserts in key order, as every loader does. */
async function createListings(
  database: LoadDatabase,
  listings: readonly NewListing[],
  companies: ReadonlyMap<string, number>,
): Promise<void> {
  const ids = await database.newIds('listing', listings.length)
  const made = listings.map((listing, place) => ({ listing, id: ids[place]! }))
  const sorted = made.toSorted((one, other) => compareListings(one.listing, other.listing))
  for (const batch of batchesOf(sorted, ({ listing }) => listing.code.length)) {
    const newIds = batch.map(({ id }) => id)
    await database.insertMissing(
      records('listing', LISTING_TYPES, [
        newIds,
        batch.map(({ listing }) => companies.get(listing.company)!),
        batch.map(({ listing }) => listing.byName),
        batch.map(({ listing }) => listing.code),
        newIds,
      ]),
    )
  }
}

/** Compares by company, then SKU or name: every loader creates listings in this order. */
function compareListings(one: NewListing, other: NewListing): number {
  const [first, second] = [one, other].map(({ company, byName, code }) => `${company}\0${byName}${code}`)
  return first! < second! ? -1 : 1
}

function listingKeyRecords(listings: readonly NewListing[], companies: ReadonlyMap<string, number>) {
  const types = { place: 'integer', company_id: 'integer', by_name: 'smallint', code: 'text' } as const
  return records('wanted', types, [
    listings.map((_, place) => place),
    listings.map(({ company }) => companies.get(company)!),
    listings.map(({ byName }) => byName),
    listings.map(({ code }) => code),
  ])
}

/** Sets the ids of the listings that exist, and returns the others. */
async function findListings(
  database: Statements,
  listings: readonly NewListing[],
  companies: ReadonlyMap<string, number>,
): Promise<NewListing[]> {
  for (const batch of batchesOf(listings, ({ code }) => code.length)) {
    const found = await database.all<{ place: number; id: number }>(
      sql`select wanted.place, listing.id from ${listingKeyRecords(batch, companies)} join listing
        on listing.company_id = wanted.company_id and listing.by_name = wanted.by_name and listing.code = wanted.code`,
    )
    for (const { place, id } of found) batch[place]!.id = id
  }
  return listings.filter(({ id }) => id === 0)
}

async function findLabels(database: Statements, rows: readonly LabelledListing[]): Promise<LabelledListing[]> {
  const wanted = records('wanted', { place: 'integer', listing_id: 'integer', hash: 'bigint', digest: 'text' }, [
    rows.map((_, place) => place),
    rows.map(({ listing }) => listing.id),
    rows.map(({ label }) => label.hash),
    rows.map(({ label }) => label.digest),
  ])
  const found = await database.all<{ place: number; id: number; digest: string | null }>(
    sql`select wanted.place, label.id, label.digest from ${wanted}
      join label on label.listing_id = wanted.listing_id and label.hash = wanted.hash
      where label.digest is null or label.digest = wanted.digest`,
  )
  const older: OlderLabel[] = []
  for (const { place, id, digest } of found)
    if (digest === null) older.push({ id, label: rows[place]!.label })
    else rows[place]!.label.id = id
  if (older.length > 0) await matchOlderLabels(database, older)
  return rows.filter(({ label }) => label.id === 0)
}

const LABEL_TYPES = {
  listing_id: 'integer',
  hash: 'bigint',
  digest: 'text',
  name: 'text',
  key: 'text',
  brand_id: 'integer',
  barcode: 'text',
  size: 'text',
  url: 'text',
  image_url: 'text',
  category_id: 'integer',
  details: 'text',
  since: 'bigint',
} as const

async function createLabels(database: Statements, rows: readonly LabelledListing[], since: number): Promise<void> {
  const labels = [...new Map(rows.map((row) => [`${row.listing.id} ${row.label.digest}`, row])).values()]
    .toSorted((one, other) => one.listing.id - other.listing.id || (one.label.digest < other.label.digest ? -1 : 1))
    .map(({ listing, label }) => ({ listing, label, text: parseLabel(label) }))
  const brands = await ensureBrands(
    database,
    labels.flatMap(({ text }) => text.brand ?? []),
  )
  const categories = await ensureCategories(
    database,
    labels.map(({ text }) => text.path),
  )
  const resolved = labels.map((label, place) => ({ ...label, category: categories[place]!, since }))
  for (const batch of batchesOf(resolved, ({ label }) => label.text.length)) await insertLabels(database, batch, brands)
}

type ResolvedLabel = LabelledListing & Readonly<{ text: ParsedLabel; category: number | null; since: number }>

async function insertLabels(
  database: Statements,
  labels: readonly ResolvedLabel[],
  brands: ReadonlyMap<string, number>,
): Promise<void> {
  const texts = (of: (text: ParsedLabel) => string | null) => labels.map(({ text }) => of(text))
  const made = records('label', LABEL_TYPES, [
    labels.map(({ listing }) => listing.id),
    labels.map(({ label }) => label.hash),
    labels.map(({ label }) => label.digest),
    texts(({ name }) => name),
    texts(({ key }) => key),
    labels.map(({ text }) => (text.brand === null ? null : brands.get(text.brand)!)),
    texts(({ barcode }) => barcode),
    texts(({ size }) => size),
    texts(({ url }) => url),
    texts(({ pictureUrl }) => pictureUrl),
    labels.map(({ category }) => category),
    texts(({ details }) => details),
    labels.map(({ since }) => since),
  ])
  await database.insertMissing(made)
}
