/**
 * Finds products by a query, page by page. With words, the best come first (ranked.ts); all others follow in the order
 * in which their listings became known. A product appears once, at the place of its first matching listing.
 */
import { foldedCode } from '@splitcart/shared/codes.ts'
import { LISTS } from '../../database/lists.ts'
import type { Sql, Value } from '../../database/sql.ts'
import { gtinOf } from '../model/gtin.ts'
import {
  categoryWord,
  companyWord,
  markedAlternatives,
  matchesTerms,
  type SearchTerms,
  searchWordsOf,
} from '../model/search-words.ts'
import type { LiveStores } from './current.ts'
import { interpretQuery } from './interpret-query.ts'
import { compareRanked, type Hit, keepOnSpecial, rankProducts } from './ranked.ts'
import { searchableListings } from './searchable-listings.ts'
import {
  COUNT_MAX,
  cappedCount,
  countProducts,
  expandPrefixes,
  listingsWithWords,
  type MatchBatch,
  type MatchCount,
  matchedEarlierInPostgres,
  type ProductMatch,
  specialsWithWords,
} from './word-index.ts'

/**
 * The criteria of a search, all of which must be met. `after`: where the previous page ended.
 */
export type ProductQuery = Readonly<{
  q?: string | undefined
  barcode?: string | undefined
  sku?: string | undefined
  company?: string | undefined
  /** The name of a category, of any company, anywhere in the path. */
  category?: string | undefined
  /** Only what at least one store that is not silent has on special. */
  special?: boolean | undefined
  after: ProductCursor | undefined
  limit: number
}>

/** Where a page ended: the score and the listing of its last product. */
export type ProductCursor = readonly [score: number, listingId: number]

/** A page of products, where the next one begins (null: no more), and how the words were understood. */
export type ProductPage = Readonly<{
  products: readonly ProductMatch[]
  next: ProductCursor | null
  /** Counts all products that match. */
  total: () => Promise<MatchCount>
  /** The words that were searched for instead, if a typed word is unknown; else null. */
  corrected: string | null
  /** Names of categories to refine by: the most common ones of what was found, or without words the top level. */
  categories: readonly string[]
}>

// The score of products that are not ranked: below every other score.
const UNRANKED = -1_000_000
// The most matching listings read at once, where many of them are of one product.
const BATCH_MAX = 2_000
// The most listings examined for a page of specials: such a page may be short and still have a next one.
const EXAMINED_MAX = 4_000
const CATEGORIES_MAX = 500
const TOP_CATEGORIES_MAX = 60

const NO_PRODUCTS: ProductPage = {
  products: [],
  next: null,
  total: async () => ({ count: 0, exact: true }),
  corrected: null,
  categories: [],
}

/** Finds a page of products. */
export async function findProducts(database: Sql, query: ProductQuery, current: () => Promise<LiveStores>) {
  const filters = await filterTerms(database, query)
  if (filters === undefined) return NO_PRODUCTS
  const { terms: typed, corrected } = await interpretQuery(database, query.q ?? '')
  // There is text in the query, but not a word.
  if (typed.length === 0 && (query.q ?? '').trim() !== '') return NO_PRODUCTS
  const terms = [...filters, ...(await expandPrefixes(database, typed))]
  if (query.barcode !== undefined || query.sku !== undefined) return await findByCode(database, query, terms)
  const search = { query, typed, terms, current }
  if (typed.length > 0) return { ...(await findRanked(database, search)), corrected }
  return { ...(await findUnranked(database, search, new Set())), categories: await topCategories(database) }
}

/** `typed`: the meanings of the typed words; `terms`: these and the filters, as the index is queried for them. */
type Search = Readonly<{
  query: ProductQuery
  typed: SearchTerms
  terms: SearchTerms
  current: () => Promise<LiveStores>
}>

/** The marked words of the company and the category; undefined if there is none of that name. */
async function filterTerms(database: Sql, { company, category }: ProductQuery): Promise<SearchTerms | undefined> {
  const terms: SearchTerms[number][] = []
  if (company !== undefined) {
    const companyId = await findCompanyId(database, company)
    if (companyId === undefined) return undefined
    terms.push(markedAlternatives(companyWord(companyId)))
  }
  if (category !== undefined) {
    const ids = await findCategoryIds(database, category)
    if (ids.length === 0) return undefined
    terms.push(markedAlternatives(...ids.map(categoryWord)))
  }
  return terms
}

async function topCategories(database: Sql): Promise<string[]> {
  const sql = `select distinct name from category where parent_id is null order by name limit ${TOP_CATEGORIES_MAX}`
  return (await database.all<{ name: string }>(sql)).map(({ name }) => name)
}

/** The ids of the categories of this name, at any level. */
export async function findCategoryIds(database: Sql, name: string): Promise<number[]> {
  const sql = `select id from category where name = ? order by id limit ${CATEGORIES_MAX}`
  return (await database.all<{ id: number }>(sql, name)).map(({ id }) => id)
}

/** The id of a company by its code. */
export async function findCompanyId(database: Sql, code: string): Promise<number | undefined> {
  return (await database.get<{ id: number }>('select id from company where code = ?', foldedCode(code)))?.id
}

/** Finds by barcode or SKU: so few listings match that all of them are read. */
async function findByCode(database: Sql, { barcode, sku, after, limit }: ProductQuery, terms: SearchTerms) {
  const values: Value[] = []
  const conditions: string[] = []
  if (barcode !== undefined) {
    // The key of a restricted GTIN ends with a space and the company; '!' is the character after the space.
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
  const listings = await database.all<ProductMatch>(
    `select id as listing_id, product_id from listing where ${conditions.join(' and ')} order by id limit ${COUNT_MAX}`,
    ...values,
  )
  const ids = listings.map(({ listing_id }) => listing_id)
  const matching = new Set(await keepMatching(database, ids, terms))
  const first = new Map<number, ProductMatch>()
  for (const each of listings)
    if (matching.has(each.listing_id) && !first.has(each.product_id)) first.set(each.product_id, each)
  const found = [...first.values()]
  const page = found.filter(({ listing_id }) => listing_id > (after?.[1] ?? 0))
  return pageOf(page.map(unranked), limit, async () => ({ count: found.length, exact: true }))
}

/** The ranked products, followed by all others that match. */
async function findRanked(database: Sql, search: Search): Promise<ProductPage> {
  const { query, typed, terms } = search
  const current = await search.current()
  const best = await rankProducts(database, { typed, terms, isSpecial: query.special === true }, current)
  const { products } = best
  const last = query.after
  const page = products.filter(
    (each) => last === undefined || compareRanked(each, { score: last[0], listing_id: last[1], product_id: 0 }) > 0,
  )
  const total = async () =>
    query.special || best.isAll ? { count: products.length, exact: best.isAll } : await countProducts(database, terms)
  const { categories } = best
  if (best.isAll || page.length >= query.limit) return { ...pageOf(page, query.limit, total, !best.isAll), categories }
  const seen = new Set(best.products.map(({ product_id }) => product_id))
  const limit = query.limit - page.length
  const rest = await findUnranked(database, { ...search, query: { ...query, limit } }, seen)
  return { ...rest, products: [...page, ...rest.products], total, categories }
}

/** The matching products in the order in which they became known, without those in `excluded`. */
async function findUnranked(database: Sql, search: Search, excluded: ReadonlySet<number>): Promise<ProductPage> {
  const { query, terms } = search
  const { limit } = query
  const found: ProductMatch[] = []
  const current = query.special ? await search.current() : undefined
  const firstsIn = keepFirstMatches(database, terms, current)
  let last = query.after !== undefined && query.after[0] === UNRANKED ? query.after[1] : 0
  let examined = 0
  for (let size = limit + 1; found.length <= limit; size = Math.min(size * 4, BATCH_MAX)) {
    const batch = await nextBatch(database, terms, { after: last, limit: size }, current)
    const wanted = batch.found.filter(({ product_id }) => !excluded.has(product_id))
    for (let at = 0; at < wanted.length && found.length <= limit; ) {
      const some = wanted.slice(at, at + limit + 1 - found.length)
      at += some.length
      found.push(...(await firstsIn(some)))
    }
    if (batch.count < size) break
    last = batch.last
    examined += batch.count
    if (query.special && examined >= EXAMINED_MAX && found.length <= limit)
      return {
        ...NO_PRODUCTS,
        products: found,
        next: [UNRANKED, last],
        total: async () => ({ count: found.length, exact: false }),
      }
  }
  // Of specials, only what was examined is counted.
  const isAll = found.length <= limit && query.after === undefined
  const total = async () =>
    query.special ? { count: Math.min(found.length, limit), exact: isAll } : await countMatches(database, terms)
  return pageOf(found.map(unranked), limit, total)
}

function unranked(each: ProductMatch): Hit {
  return { ...each, score: UNRANKED }
}

/** The next matching listings. Without words: the first listing of each product, or with `current` any on special. */
async function nextBatch(
  database: Sql,
  terms: SearchTerms,
  { after, limit }: Readonly<{ after: number; limit: number }>,
  current: LiveStores | undefined,
): Promise<MatchBatch> {
  if (current !== undefined) return await specialsWithWords(database, terms, { after, limit }, current.silentStores)
  const sql = 'select id as listing_id, product_id from listing where id > ? and product_id = id order by id limit ?'
  const found =
    terms.length > 0
      ? await listingsWithWords(database, terms, after, limit)
      : await database.all<ProductMatch>(sql, after, limit)
  return { count: found.length, last: found.at(-1)?.listing_id ?? after, found }
}

async function countMatches(database: Sql, terms: SearchTerms): Promise<MatchCount> {
  if (terms.length > 0) return await countProducts(database, terms)
  const sql = `select count(*) as count from (select 1 from listing where product_id = id limit ${COUNT_MAX + 1}) as counted`
  return cappedCount((await database.get<{ count: number }>(sql))!.count)
}

/**
 * Keeps those of which no earlier listing of the same product matches. Each product is checked once: thousands of
 * listings may be one product, and only the first of them that is checked can be the first match.
 */
function keepFirstMatches(database: Sql, terms: SearchTerms, current: LiveStores | undefined) {
  const seen = new Set<number>()
  return async (some: readonly ProductMatch[]): Promise<ProductMatch[]> => {
    const unseen = some.filter(({ product_id }) => !seen.has(product_id) && seen.add(product_id))
    // The number of a product is that of its first listing.
    const others = unseen.filter(({ product_id, listing_id }) => product_id !== listing_id)
    const late = await matchedEarlier(database, others, terms, current)
    return unseen.filter(({ product_id }) => !late.has(product_id))
  }
}

/** The products of which an earlier listing than this one matches. With `current`: one that is on special. */
async function matchedEarlier(
  database: Sql,
  some: readonly ProductMatch[],
  terms: SearchTerms,
  current: LiveStores | undefined,
) {
  if (some.length === 0) return new Set<number>()
  if (database.dialect === 'postgres' && current === undefined)
    return await matchedEarlierInPostgres(database, some, terms)
  const { those, asValue } = LISTS[database.dialect]
  const earlier = await database.all<ProductMatch>(
    `select listing.id as listing_id, listing.product_id from ${those('?1', 'integer')} as wanted
      join listing as later on later.id = wanted.value
      join listing on listing.product_id = later.product_id and listing.id < later.id`,
    asValue(some.map(({ listing_id }) => listing_id)),
  )
  const ids = earlier.map(({ listing_id }) => listing_id)
  const wanted = current === undefined ? ids : [...(await keepOnSpecial(database, ids, current))]
  const found = new Set(await keepMatching(database, wanted, terms))
  return new Set(earlier.filter(({ listing_id }) => found.has(listing_id)).map(({ product_id }) => product_id))
}

/** Filters to the listings that have all words. */
async function keepMatching(database: Sql, ids: readonly number[], terms: SearchTerms): Promise<readonly number[]> {
  if (ids.length === 0 || terms.length === 0) return ids
  const described = await searchableListings(database, ids)
  return described.filter((listing) => matchesTerms(searchWordsOf(listing), terms)).map(({ id }) => id)
}

/** Makes a page. `isMore`: further products follow those found. */
function pageOf(found: readonly Hit[], limit: number, total: ProductPage['total'], isMore = false): ProductPage {
  const products = found.slice(0, limit).map(({ listing_id, product_id }) => ({ listing_id, product_id }))
  const last = found.length > limit ? found[limit - 1] : isMore ? found.at(-1) : undefined
  const next: ProductCursor | null = last === undefined ? null : [last.score, last.listing_id]
  return { products, next, total, corrected: null, categories: [] }
}
