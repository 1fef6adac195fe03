/**
 * Which products a query finds, page by page in the order in which their listings became known. A product with several listings that
 * match stands where the first of them stands, once.
 */
import { foldedCode } from '@splitcart/shared/codes.ts'
import type { Sql, Value } from '../../database/sql.ts'
import { gtinOf } from '../model/gtin.ts'
import { companyWord, isFound, matchOf, type Sought, soughtIn, tsqueryOf, wordsOfListing } from '../model/words.ts'

/** What to look for; everything that is given must be true of a product. `after` is where the page before ended, 0 at first. */
export type ProductQuery = Readonly<{
  q?: string | undefined
  barcode?: string | undefined
  sku?: string | undefined
  company?: string | undefined
  after: number
  limit: number
}>

/** How many there are. Not exact: at least so many. */
export type Count = Readonly<{ count: number; exact: boolean }>

/** Products and the listings they were found by. */
export type Found = Readonly<{ listing_id: number; product_id: number }>

/** A page of what was found, where the next one begins (null: nowhere), and how many there are. */
export type FoundPage = Readonly<{ products: readonly Found[]; next: number | null; total: Count }>

/** No count looks at more than this. */
export const COUNT_MAX = 10_000

// So many listings that match are had at once where many of them are of one product.
const PORTION_MAX = 2_000

const NOTHING: FoundPage = { products: [], next: null, total: { count: 0, exact: true } }

/** Finds a page of products. */
export async function findProducts(database: Sql, query: ProductQuery): Promise<FoundPage> {
  const companyId = query.company === undefined ? undefined : await companyOf(database, query.company)
  if (query.company !== undefined && companyId === undefined) return NOTHING
  const words = soughtIn(query.q ?? '')
  // Something was asked for, and there is not a word in it.
  if (words.length === 0 && (query.q ?? '').trim() !== '') return NOTHING
  const sought = companyId === undefined ? words : [companyWord(companyId), ...words]
  if (query.barcode !== undefined || query.sku !== undefined) return await findFew(database, query, sought)
  return sought.length === 0 ? await findAll(database, query) : await findWords(database, query, sought)
}

/** The number of a company by its code. */
export async function companyOf(database: Sql, code: string): Promise<number | undefined> {
  return (await database.get<{ id: number }>('select id from company where code = ?', foldedCode(code)))?.id
}

/** By barcode or SKU: so few that they are all looked at. */
async function findFew(
  database: Sql,
  { barcode, sku, after, limit }: ProductQuery,
  sought: Sought,
): Promise<FoundPage> {
  const values: Value[] = []
  const conditions: string[] = []
  if (barcode !== undefined) {
    // A GTIN of restricted circulation has its company behind a space; '!' is what comes next.
    conditions.push(
      `product_id in (select shown.product_id from listing_key join listing as shown on shown.id = listing_key.listing_id
        where (kind = 1 and (value = ? or (value > ? and value < ?))) or (kind = 3 and value in (?, ?)))`,
    )
    const gtin = gtinOf(barcode) ?? barcode
    values.push(gtin, `${gtin} `, `${gtin}!`, gtin, barcode)
  }
  if (sku !== undefined) {
    conditions.push('company_id in (select id from company) and by_name = 0 and code = ?')
    values.push(sku)
  }
  const listings = await database.all<Found>(
    `select id as listing_id, product_id from listing where ${conditions.join(' and ')} order by id limit ${COUNT_MAX}`,
    ...values,
  )
  const seen = new Set<number>()
  const found: Found[] = []
  for (const each of listings) {
    if (seen.has(each.product_id) || !(await isListingFound(database, each.listing_id, sought))) continue
    seen.add(each.product_id)
    found.push(each)
  }
  const page = found.filter(({ listing_id }) => listing_id > after)
  return pageOf(page, limit, { count: found.length, exact: true })
}

async function findAll(database: Sql, { after, limit }: ProductQuery): Promise<FoundPage> {
  const found = await database.all<Found>(
    'select id as listing_id, product_id from listing where id > ? and product_id = id order by id limit ?',
    after,
    limit + 1,
  )
  const sql = `select count(*) as count from (select 1 from listing where product_id = id limit ${COUNT_MAX + 1}) as counted`
  return pageOf(found, limit, countOf((await database.get<{ count: number }>(sql))!.count))
}

/** How the words of listings are asked for. */
const WORDS = {
  sqlite: { id: 'listing_words.rowid', areFound: (query: string) => `listing_words match ${query}`, queryOf: matchOf },
  postgres: {
    id: 'listing_words.listing_id',
    areFound: (query: string) => `listing_words.words @@ cast(${query} as tsquery)`,
    queryOf: tsqueryOf,
  },
}

async function findWords(database: Sql, { after, limit }: ProductQuery, sought: Sought): Promise<FoundPage> {
  const found: Found[] = []
  const isFirst = firsts(database, sought)
  let portion = limit + 1
  for (let last = after; found.length <= limit; portion = Math.min(portion * 4, PORTION_MAX)) {
    const batch = await nextWithWords(database, sought, last, portion)
    for (const each of batch) if (found.length <= limit && (await isFirst(each))) found.push(each)
    if (batch.length < portion) break
    last = batch.at(-1)!.listing_id
  }
  return pageOf(found, limit, await countWords(database, sought))
}

async function nextWithWords(database: Sql, sought: Sought, after: number, limit: number): Promise<Found[]> {
  const { id, areFound, queryOf } = WORDS[database.dialect]
  return await database.all<Found>(
    `select listing.id as listing_id, listing.product_id from listing_words join listing on listing.id = ${id}
      where ${areFound('?')} and ${id} > ? order by ${id} limit ?`,
    queryOf(sought),
    after,
    limit,
  )
}

/** Counts among the first listings that match: fewer products than that, where several of a product do. */
async function countWords(database: Sql, sought: Sought): Promise<Count> {
  const { id, areFound, queryOf } = WORDS[database.dialect]
  const counted = await database.get<{ count: number; listings: number }>(
    `select count(distinct product_id) as count, count(*) as listings from (
      select listing.product_id from listing_words join listing on listing.id = ${id}
      where ${areFound('?')} limit ${COUNT_MAX + 1}) as found`,
    queryOf(sought),
  )
  const { count, listings } = counted!
  return { count: Math.min(count, COUNT_MAX), exact: listings <= COUNT_MAX }
}

/**
 * Whether no earlier listing of the same product matches too. Each product is looked at once: thousands of listings may be one product,
 * and of those only the first one that was asked about can be the first.
 */
function firsts(database: Sql, sought: Sought): (each: Found) => Promise<boolean> {
  const seen = new Set<number>()
  return async (each) => {
    if (seen.has(each.product_id)) return false
    seen.add(each.product_id)
    return !(await isEarlierFound(database, each, sought))
  }
}

async function isEarlierFound(database: Sql, { listing_id, product_id }: Found, sought: Sought): Promise<boolean> {
  if (database.dialect === 'postgres')
    return (await earlierWithWords(database, { listing_id, product_id }, sought)) !== undefined
  const earlier = await database.all<NamedRecord>(
    `${NAMED} where listing.product_id = ? and listing.id < ? order by listing.id`,
    product_id,
    listing_id,
  )
  return earlier.some((listing) => isNamedSo(listing, sought))
}

/** PostgreSQL can ask one listing for its words; FTS5 would look at all of them. */
async function earlierWithWords(database: Sql, { listing_id, product_id }: Found, sought: Sought) {
  return await database.get(
    `select 1 from listing join listing_words on listing_words.listing_id = listing.id
      where product_id = ? and listing.id < ? and ${WORDS.postgres.areFound('?')} limit 1`,
    product_id,
    listing_id,
    tsqueryOf(sought),
  )
}

async function isListingFound(database: Sql, listingId: number, sought: Sought): Promise<boolean> {
  if (sought.length === 0) return true
  return isNamedSo((await database.get<NamedRecord>(`${NAMED} where listing.id = ?`, listingId))!, sought)
}

type NamedRecord = { company_id: number; name: string; brand: string | null }

const NAMED = `select listing.company_id, label.name, brand.name as brand
  from listing join label on label.id = listing.label_id left join brand on brand.id = label.brand_id`

function isNamedSo({ company_id, name, brand }: NamedRecord, sought: Sought): boolean {
  return isFound(wordsOfListing(company_id, [name, brand]), sought)
}

function pageOf(found: readonly Found[], limit: number, total: Count): FoundPage {
  const products = found.slice(0, limit)
  return { products, next: found.length > limit ? products.at(-1)!.listing_id : null, total }
}

/** What a count that stopped behind `COUNT_MAX` says. */
export function countOf(count: number): Count {
  return { count: Math.min(count, COUNT_MAX), exact: count <= COUNT_MAX }
}
