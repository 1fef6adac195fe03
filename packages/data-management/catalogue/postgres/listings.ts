/** Listings and labels of many rows at once: found by what the reader says of them, or made in an order that is the same for all. */
import type { PostgresTransaction } from '../../database/postgres-queries.ts'
import { type LabelText, type Numbered, type NumberedLabel, textOfLabel } from '../listings.ts'
import { brandIds, categoryIds, companyIds } from './names.ts'

/** A row's listing and label. */
export type Described = Readonly<{ listing: Numbered; label: NumberedLabel }>

/** Gives each listing its id. */
export async function identify(transaction: PostgresTransaction, rows: readonly Described[]): Promise<void> {
  const unknown = [...new Set(rows.map(({ listing }) => listing))].filter(({ id }) => id === 0)
  if (unknown.length === 0) return
  const companies = await companyIds(transaction, [...new Set(unknown.map(({ company }) => company))])
  const missing = await findListings(transaction, unknown, companies)
  if (missing.length === 0) return
  await transaction.run(
    // The ids in the order of the rows, as they are found in a search; the insertions in the order of the keys, as everybody makes them.
    `insert into listing (id, company_id, by_name, code)
      select * from (
        select nextval('listing_id_seq') as id, * from unnest(?::integer[], ?::smallint[], ?::text[]) as key (company_id, by_name, code)
      ) as new order by company_id, by_name, code collate "C" on conflict do nothing`,
    ...keysOf(missing, companies),
  )
  await findListings(transaction, missing, companies)
}

/** Gives each label its id; true when some had to be made. A label is made for the first row of a listing only: the caller leaves out the others. */
export async function describe(transaction: PostgresTransaction, rows: readonly Described[]): Promise<boolean> {
  const unknown = rows.filter(({ label }) => label.id === 0)
  if (unknown.length === 0) return false
  const missing = await findLabels(transaction, unknown)
  if (missing.length === 0) return false
  await makeLabels(transaction, missing)
  await findLabels(transaction, missing)
  return true
}

function keysOf(listings: readonly Numbered[], companies: ReadonlyMap<string, number>) {
  return [
    listings.map(({ company }) => companies.get(company)!),
    listings.map(({ byName }) => byName),
    listings.map(({ code }) => code),
  ] as const
}

/** Finds listings; those that are not there are returned. */
async function findListings(
  transaction: PostgresTransaction,
  listings: readonly Numbered[],
  companies: ReadonlyMap<string, number>,
): Promise<Numbered[]> {
  const found = await transaction.all<{ place: number; id: number }>(
    `select wanted.place, listing.id
      from unnest(?::integer[], ?::smallint[], ?::text[]) with ordinality as wanted (company_id, by_name, code, place)
      join listing on listing.company_id = wanted.company_id and listing.by_name = wanted.by_name and listing.code = wanted.code`,
    ...keysOf(listings, companies),
  )
  for (const { place, id } of found) listings[place - 1]!.id = id
  return listings.filter(({ id }) => id === 0)
}

async function findLabels(transaction: PostgresTransaction, rows: readonly Described[]): Promise<Described[]> {
  const found = await transaction.all<{ place: number; id: number }>(
    `select wanted.place, label.id from unnest(?::integer[], ?::bigint[]) with ordinality as wanted (listing_id, hash, place)
      join label on label.listing_id = wanted.listing_id and label.hash = wanted.hash`,
    rows.map(({ listing }) => listing.id),
    rows.map(({ label }) => label.hash),
  )
  for (const { place, id } of found) rows[place - 1]!.label.id = id
  return rows.filter(({ label }) => label.id === 0)
}

async function makeLabels(transaction: PostgresTransaction, rows: readonly Described[]): Promise<void> {
  const distinct = new Map(rows.map((row) => [`${row.listing.id} ${row.label.hash}`, row]))
  const labels = [...distinct.values()].map(({ listing, label }) => ({ listing, label, text: textOfLabel(label) }))
  const brands = await brandIds(
    transaction,
    labels.flatMap(({ text }) => text.brand ?? []),
  )
  const categories = await categoryIds(
    transaction,
    labels.map(({ text }) => text.path),
  )
  const texts = (of: (text: LabelText) => string | null) => labels.map(({ text }) => of(text))
  await transaction.run(
    `with made as (
        insert into label (listing_id, hash, name, key, brand_id, barcode, size, url, image_url, category_id)
        select listing_id, hash, name, key, nullif(brand_id, 0), barcode, size, url, image_url, nullif(category_id, 0)
        from unnest(?::integer[], ?::bigint[], ?::text[], ?::text[], ?::integer[], ?::text[], ?::text[], ?::text[], ?::text[], ?::integer[])
          as new (listing_id, hash, name, key, brand_id, barcode, size, url, image_url, category_id)
        order by listing_id, hash on conflict do nothing returning id
      )
      insert into unjoined select id from made`,
    labels.map(({ listing }) => listing.id),
    labels.map(({ label }) => label.hash),
    texts(({ name }) => name),
    texts(({ key }) => key),
    labels.map(({ text }) => (text.brand === null ? 0 : brands.get(text.brand)!)),
    texts(({ barcode }) => barcode),
    texts(({ size }) => size),
    texts(({ url }) => url),
    texts(({ imageUrl }) => imageUrl),
    labels.map(({ text }) => categories.get(JSON.stringify(text.path))!),
  )
}
