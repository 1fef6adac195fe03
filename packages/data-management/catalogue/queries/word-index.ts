/** Listings that have all searched words, in the order in which they became known. */
import { LISTS } from '../../database/lists.ts'
import type { Sql } from '../../database/sql.ts'
import { type Alternative, fts5QueryOf, type SearchTerms, type SearchWord, tsqueryOf } from '../model/search-words.ts'

/** Products and the listings they were found by. */
export type ProductMatch = Readonly<{ listing_id: number; product_id: number }>

/** A number of matches. If it is not exact, there are at least so many. */
export type MatchCount = Readonly<{ count: number; exact: boolean }>

/** The most matches that a count reads. */
export const COUNT_MAX = 10_000

// Of longer prefixes FTS5 keeps no list (`prefix` of listing_words): it merges those of all words that begin so, each time.
const INDEXED_LETTERS_MAX = 3
// With more words than this, looking up each of them takes as long. Several words together are looked up for each.
const PREFIX_WORDS_MAX = { ofOneWord: 200, ofMore: 20 } as const

/** The SQL for the product of the listing with this id. */
const PRODUCT_SQL = {
  // The number of a product is that of its first listing. The index has all others, and takes a twentieth of the space.
  sqlite: (id: string) => ({
    product: `coalesce(joined.product_id, ${id})`,
    joined: `left join listing as joined indexed by listing_joined on joined.id = ${id} and joined.product_id <> joined.id`,
  }),
  postgres: (id: string) => ({ product: 'joined.product_id', joined: `join listing as joined on joined.id = ${id}` }),
}

/** The SQL that searches the words of listings, for each database. */
const WORD_SEARCH_SQL = {
  sqlite: {
    id: 'listing_words.rowid',
    areFound: (query: string) => `listing_words match ${query}`,
    queryOf: fts5QueryOf,
    isAny: 'select 1 from listing_words where listing_words match ? limit 1',
  },
  postgres: {
    id: 'listing_words.listing_id',
    areFound: (query: string) => `listing_words.words @@ cast(${query} as tsquery)`,
    queryOf: tsqueryOf,
    // Materialized: for `limit 1` alone, PostgreSQL would scan the table, expecting an early match that may not exist.
    isAny: `with found as materialized (select 1 from listing_words where words @@ cast(? as tsquery))
      select 1 from found limit 1`,
  },
}

/** The terms as the index is queried for them: in SQLite, a long prefix is replaced by the known words that begin so. */
export async function expandPrefixes(database: Sql, terms: SearchTerms): Promise<SearchTerms> {
  if (database.dialect === 'postgres') return terms
  const expanded: Alternative[][] = []
  for (const group of terms) {
    const all: Alternative[] = []
    for (const alternative of group) all.push(...(await expandAlternative(database, alternative)))
    expanded.push(all)
  }
  return expanded
}

async function expandAlternative(database: Sql, alternative: Alternative): Promise<Alternative[]> {
  const { words, weight } = alternative
  const prefix = words.find(({ word, isPrefix }) => isPrefix && [...word].length > INDEXED_LETTERS_MAX)
  if (prefix === undefined) return [alternative]
  const max = words.length === 1 ? PREFIX_WORDS_MAX.ofOneWord : PREFIX_WORDS_MAX.ofMore
  const found = await database.all<{ word: string }>(
    'select word from spelling where variant >= ?1 and variant < ?1 || char(1114111) and word = variant limit ?2',
    prefix.word,
    max + 1,
  )
  if (found.length === 0 || found.length > max) return [alternative]
  return found.map(({ word }) => ({
    words: words.map((each) => (each === prefix ? { word, isPrefix: false } : each)),
    weight,
  }))
}

/** The next listings after one that match, at most `limit`. */
export async function listingsWithWords(
  database: Sql,
  terms: SearchTerms,
  after: number,
  limit: number,
): Promise<ProductMatch[]> {
  const { id, areFound, queryOf } = WORD_SEARCH_SQL[database.dialect]
  const { product, joined } = PRODUCT_SQL[database.dialect](id)
  return await database.all<ProductMatch>(
    `select ${id} as listing_id, ${product} as product_id from listing_words ${joined}
      where ${areFound('?')} and ${id} > ? order by ${id} limit ?`,
    queryOf(terms),
    after,
    limit,
  )
}

/** How many matching listings were examined, the id of the last one, and those that were wanted. */
export type MatchBatch = Readonly<{ count: number; last: number; found: readonly ProductMatch[] }>

/** Of the next listings after one that match, at most `limit`, those on special in a store that is not `silent`. */
export async function specialsWithWords(
  database: Sql,
  terms: SearchTerms,
  { after, limit }: Readonly<{ after: number; limit: number }>,
  silent: readonly number[],
): Promise<MatchBatch> {
  const { those, areIn, asValue, ofAll } = LISTS[database.dialect]
  const { id, areFound, queryOf } = WORD_SEARCH_SQL[database.dialect]
  const matching =
    terms.length === 0
      ? 'select id from listing where id > ? order by id limit ?'
      : `select ${id} as id from listing_words where ${areFound('?')} and ${id} > ? order by ${id} limit ?`
  // Their ids stay a text: thousands of records take longer to hand over than to find.
  const next = await database.get<{ ids: string; count: number; last: number | null }>(
    `select ${ofAll('id')} as ids, count(*) as count, max(id) as last from (${matching}) as matching`,
    ...(terms.length === 0 ? [] : [queryOf(terms)]),
    after,
    limit,
  )
  const { ids, count, last } = next!
  if (last === null) return { count, last: after, found: [] }
  const { product, joined } = PRODUCT_SQL[database.dialect]('wanted.value')
  const found = await database.all<ProductMatch>(
    `select wanted.value as listing_id, ${product} as product_id from ${those('?1', 'integer')} as wanted ${joined}
      where ${isOnSpecial('wanted.value', areIn('?2', 'integer'))} order by 1`,
    ids,
    asValue(silent),
  )
  return { count, last, found }
}

/** SQL: whether a store that is not silent has this listing on special. Uses the index of specials (price_run_special). */
export function isOnSpecial(listing: string, areSilent: string): string {
  return `exists (select 1 from price_run as run where run.listing_id = ${listing} and run.is_on_special = 1
    and run.to_date is null and not run.store_id ${areSilent})`
}

/** The ids of the first listings that match, at most `limit`. */
export async function idsWithWords(database: Sql, terms: SearchTerms, limit: number): Promise<number[]> {
  const { ofAll, numbersIn } = LISTS[database.dialect]
  const { id, areFound, queryOf } = WORD_SEARCH_SQL[database.dialect]
  const found = await database.get<{ ids: string | null }>(
    `select ${ofAll('id')} as ids from (
      select ${id} as id from listing_words where ${areFound('?')} order by ${id} limit ?) as found`,
    queryOf(terms),
    limit,
  )
  return numbersIn(found!.ids).sort((one, other) => one - other)
}

/** Whether any listing has a word. */
export async function isIndexedWord(database: Sql, word: SearchWord): Promise<boolean> {
  const { isAny, queryOf } = WORD_SEARCH_SQL[database.dialect]
  const terms = await expandPrefixes(database, [[{ words: [word], weight: 1 }]])
  return (await database.get(isAny, queryOf(terms))) !== undefined
}

/** Counts the products of the first COUNT_MAX matching listings; several listings of a product count once. */
export async function countProducts(database: Sql, terms: SearchTerms): Promise<MatchCount> {
  const { id, areFound, queryOf } = WORD_SEARCH_SQL[database.dialect]
  const { product, joined } = PRODUCT_SQL[database.dialect](id)
  const counted = await database.get<{ count: number; listings: number }>(
    `select count(distinct product_id) as count, count(*) as listings from (
      select ${product} as product_id from listing_words ${joined}
      where ${areFound('?')} limit ${COUNT_MAX + 1}) as found`,
    queryOf(terms),
  )
  const { count, listings } = counted!
  return { count: Math.min(count, COUNT_MAX), exact: listings <= COUNT_MAX }
}

/** The `MatchCount` for a count that stopped after exceeding `max`. */
export function cappedCount(count: number, max = COUNT_MAX): MatchCount {
  return { count: Math.min(count, max), exact: count <= max }
}

/** The products of which an earlier listing has the words, in PostgreSQL, which can test single listings. */
export async function matchedEarlierInPostgres(database: Sql, some: readonly ProductMatch[], terms: SearchTerms) {
  const found = new Set<number>()
  for (const { product_id, listing_id } of some) {
    const earlier = await database.get(
      `select 1 from listing join listing_words on listing_words.listing_id = listing.id
        where product_id = ? and listing.id < ? and ${WORD_SEARCH_SQL.postgres.areFound('?')} limit 1`,
      product_id,
      listing_id,
      tsqueryOf(terms),
    )
    if (earlier !== undefined) found.add(product_id)
  }
  return found
}
