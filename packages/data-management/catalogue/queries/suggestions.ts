/** Pairs of listings that are likely one article, or comparable: found in the current catalogue, and stored in it. */
import { createHash } from 'node:crypto'
import type { Sql, Value } from '../../database/sql.ts'
import type { ListingName } from '../catalogue.ts'
import { slicesOf } from '../load/batches.ts'
import { type ArticlePair, findPairs, PAIR_RULES_VERSION, type PairLevel } from '../model/suggest.ts'
import { listingNameOf } from './paired-listing.ts'
import { readRevision } from './revision.ts'

/** A listing as fields of an answer. */
export type SuggestedListing = Readonly<{
  company: string
  sku: string | null
  key: string
  name: string
  size: string | null
}>

/** A suggested pair. */
export type Suggestion = Readonly<{
  a: SuggestedListing
  b: SuggestedListing
  level: PairLevel
  score: number
  reasons: readonly string[]
}>

type StoredListing = Readonly<{
  id: number
  label_id: number
  product_id: number
  company_code: string
  by_name: 0 | 1
  code: string
  key: string
  name: string
  size: string | null
  brand: string | null
  path: string | null
}>

/** The pairs of listings that are not one product and have no verdict, the likeliest first. */
export async function findSuggestions(
  database: Sql,
  judged: readonly (readonly [ListingName, ListingName])[],
): Promise<Suggestion[]> {
  const listings = await readListings(database)
  const texts = listingPairKeys(judged)
  return findPairs(listings.map(articleOf)).flatMap(({ a, b, ...rest }) => {
    const [one, other] = [listings[a]!, listings[b]!]
    if (one.product_id === other.product_id || texts.has(listingPairKey(listingNameOf(one), listingNameOf(other))))
      return []
    return [{ a: suggestedListing(one), b: suggestedListing(other), ...rest }]
  })
}

/** Whether the stored pairs may be out of date: something has changed, and there are two companies or more. */
export async function mayHaveNewPairs(database: Sql): Promise<boolean> {
  const companies = await database.all('select 1 from company limit 2')
  if (companies.length < 2) return false
  return (
    (await database.get<{ revision: string }>('select revision from suggested'))?.revision !==
    (await readRevision(database))
  )
}

/**
 * Finds the pairs again if listings have changed since the last time, and updates the stored pairs.
 * It writes some hundred at a time, so that other writers wait no longer. Returns whether it read all listings.
 */
export async function renewSuggestions(database: Sql): Promise<boolean> {
  // Read first, so that what is loaded meanwhile is found the next time.
  const revision = await readRevision(database)
  const known = await database.get<{ revision: string; listings: string }>('select revision, listings from suggested')
  if (known?.revision === revision) return false
  const listings = await digestListings(database)
  if (known?.listings !== listings) await replaceStoredPairs(database, await suggestionRows(database))
  await database.run(
    `insert into suggested values (1, ?, ?) on conflict (one) do update set revision = excluded.revision, listings = excluded.listings`,
    revision,
    listings,
  )
  return known?.listings !== listings
}

async function digestListings(database: Sql): Promise<string> {
  const hash = createHash('sha256').update(`${PAIR_RULES_VERSION}\n`)
  const each = database.each<{ id: number; label_id: number }>('select id, label_id from listing order by id')
  for await (const { id, label_id } of each) hash.update(`${id} ${label_id}\n`)
  return hash.digest('hex')
}

type SuggestionRow = readonly [
  listing: number,
  other: number,
  label: number,
  otherLabel: number,
  isIdentical: number,
  score: number,
  reasons: string,
]

async function suggestionRows(database: Sql): Promise<SuggestionRow[]> {
  const listings = await readListings(database)
  return findPairs(listings.map(articleOf)).map((pair) => pairRow(listings[pair.a]!, listings[pair.b]!, pair))
}

function pairRow(one: StoredListing, other: StoredListing, { level, score, reasons }: ArticlePair): SuggestionRow {
  const isIdentical = level === 'identical' ? 1 : 0
  const thousandths = Math.round(score * 1000)
  return [one.id, other.id, one.label_id, other.label_id, isIdentical, thousandths, JSON.stringify(reasons)]
}

const ROWS_AT_ONCE = 500
const COLUMNS = ['listing_id', 'other_id', 'label_id', 'other_label_id', 'is_identical', 'score', 'reasons'] as const

/** Replaces the stored pairs with these; what is stored already is not written again. */
async function replaceStoredPairs(database: Sql, rows: readonly SuggestionRow[]): Promise<void> {
  const wanted = new Map(rows.map((row) => [`${row[0]} ${row[1]}`, row]))
  const gone: SuggestionRow[] = []
  const stored = database.each<Record<(typeof COLUMNS)[number], Value>>(`select ${COLUMNS.join(', ')} from suggestion`)
  for await (const record of stored) {
    const had = COLUMNS.map((column) => record[column]) as unknown as SuggestionRow
    const pair = `${had[0]} ${had[1]}`
    const row = wanted.get(pair)
    if (row === undefined) gone.push(had)
    else if (row.every((value, index) => value === had[index])) wanted.delete(pair)
  }
  for (const some of slicesOf(gone, ROWS_AT_ONCE)) await deleteRows(database, some)
  for (const some of slicesOf([...wanted.values()], ROWS_AT_ONCE)) await writeRows(database, some)
}

async function deleteRows(database: Sql, rows: readonly SuggestionRow[]): Promise<void> {
  const pairs = rows.map(() => '(cast(? as integer), cast(? as integer))').join(', ')
  const values = rows.flatMap((line) => line.slice(0, 2))
  await database.run(`delete from suggestion where (listing_id, other_id) in (values ${pairs})`, ...values)
}

async function writeRows(database: Sql, rows: readonly SuggestionRow[]): Promise<void> {
  const changed = COLUMNS.slice(2).map((column) => `${column} = excluded.${column}`)
  await database.run(
    `insert into suggestion (${COLUMNS.join(', ')}) values ${rows.map(() => `(${COLUMNS.map(() => '?').join(', ')})`).join(', ')}
      on conflict (listing_id, other_id) do update set ${changed.join(', ')}`,
    ...rows.flat(),
  )
}

/** All listings, in an order that does not depend on when they became known: of equal pairs, the first ones count. */
async function readListings(database: Sql): Promise<StoredListing[]> {
  return await database.all<StoredListing>(
    `with recursive path (id, names) as (
        select id, name from category where parent_id is null
        union all select category.id, names || ' / ' || category.name from category join path on path.id = category.parent_id)
      select listing.id, listing.label_id, listing.product_id, company.code as company_code, listing.by_name, listing.code,
        label.key, label.name, label.size, brand.name as brand, path.names as path
      from listing join company on company.id = listing.company_id join label on label.id = listing.label_id
      left join brand on brand.id = label.brand_id left join path on path.id = label.category_id
      order by company.code, listing.by_name, listing.code`,
  )
}

function articleOf({ company_code: company, name, brand, size, path }: StoredListing, index: number) {
  return { id: index, company, name, brand, size, category: path ?? '' }
}

/** The text of a pair of listings in this order. */
export function listingPairKey(one: ListingName, other: ListingName): string {
  return JSON.stringify([one.company, one.byName, one.code, other.company, other.byName, other.code])
}

/** The texts of pairs, each in both orders. */
export function listingPairKeys(pairs: readonly (readonly [ListingName, ListingName])[]): Set<string> {
  return new Set(pairs.flatMap(([one, other]) => [listingPairKey(one, other), listingPairKey(other, one)]))
}

function suggestedListing({ company_code: company, by_name, code, key, name, size }: StoredListing): SuggestedListing {
  return { company, sku: by_name === 1 ? null : code, key, name, size }
}

/** Whether there is such a listing. */
export async function isKnownListing(database: Sql, { company, byName, code }: ListingName): Promise<boolean> {
  const found = await database.get(
    `select 1 from listing join company on company.id = listing.company_id
      where company.code = ? and listing.by_name = ? and listing.code = ?`,
    company,
    byName,
    code,
  )
  return found !== undefined
}

/** The listing that a person means by company/SKU, or company/key where it has no SKU; undefined when there is none. */
export async function findListing(database: Sql, text: string): Promise<ListingName | undefined> {
  const [company = '', ...rest] = text.split('/')
  const code = rest.join('/')
  const found = await database.get<{ by_name: 0 | 1 }>(
    `select by_name from listing join company on company.id = listing.company_id
      where company.code = ? and listing.code = ? and by_name in (0, 1) order by by_name limit 1`,
    company,
    code,
  )
  return found === undefined ? undefined : { company, byName: found.by_name, code }
}
