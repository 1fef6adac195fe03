/** Listings that have all words that are sought, in the order in which they became known. */
import type { Sql } from '../../database/sql.ts'
import { type Alternative, matchOf, type Sought, type SoughtWord, tsqueryOf } from '../model/search-words.ts'

/** Products and the listings they were found by. */
export type Found = Readonly<{ listing_id: number; product_id: number }>

/** A number of matches. If it is not exact, there are at least so many. */
export type Count = Readonly<{ count: number; exact: boolean }>

/** The most matches that a count reads. */
export const COUNT_MAX = 10_000

// Of longer prefixes FTS5 keeps no list (`prefix` of listing_words): it merges those of all words that begin so, each time.
const INDEXED_LETTERS_MAX = 3
// With more words than this, looking up each of them takes as long. Several words together are looked up for each.
const PREFIX_WORDS_MAX = { ofOneWord: 200, ofMore: 20 } as const

/** The SQL that searches the words of listings, for each database. */
const WORDS = {
  sqlite: {
    id: 'listing_words.rowid',
    areFound: (query: string) => `listing_words match ${query}`,
    queryOf: matchOf,
    // The number of a product is that of its first listing. The index has all others, and takes a twentieth of the room.
    product: 'coalesce(joined.product_id, listing_words.rowid)',
    joined: `left join listing as joined indexed by listing_joined
      on joined.id = listing_words.rowid and joined.product_id <> joined.id`,
    isAny: 'select 1 from listing_words where listing_words match ? limit 1',
  },
  postgres: {
    id: 'listing_words.listing_id',
    areFound: (query: string) => `listing_words.words @@ cast(${query} as tsquery)`,
    queryOf: tsqueryOf,
    product: 'listing.product_id',
    joined: 'join listing on listing.id = listing_words.listing_id',
    // Materialized: for `limit 1` alone, PostgreSQL would scan the table, expecting an early match that may not exist.
    isAny: `with found as materialized (select 1 from listing_words where words @@ cast(? as tsquery))
      select 1 from found limit 1`,
  },
}

/** The same for the index: in SQLite, a long prefix is replaced by the known words that begin so. */
export async function expandPrefixes(database: Sql, sought: Sought): Promise<Sought> {
  if (database.dialect === 'postgres') return sought
  const expanded: Alternative[][] = []
  for (const group of sought) {
    const all: Alternative[] = []
    for (const alternative of group) all.push(...(await expandedOf(database, alternative)))
    expanded.push(all)
  }
  return expanded
}

async function expandedOf(database: Sql, alternative: Alternative): Promise<Alternative[]> {
  const { words, worth } = alternative
  const prefix = words.find(({ word, isBegun }) => isBegun && [...word].length > INDEXED_LETTERS_MAX)
  if (prefix === undefined) return [alternative]
  const max = words.length === 1 ? PREFIX_WORDS_MAX.ofOneWord : PREFIX_WORDS_MAX.ofMore
  const found = await database.all<{ word: string }>(
    'select word from spelling where variant >= ?1 and variant < ?1 || char(1114111) and word = variant limit ?2',
    prefix.word,
    max + 1,
  )
  if (found.length === 0 || found.length > max) return [alternative]
  return found.map(({ word }) => ({
    words: words.map((each) => (each === prefix ? { word, isBegun: false } : each)),
    worth,
  }))
}

/** The next listings after one that match, at most `limit`. */
export async function withWords(database: Sql, sought: Sought, after: number, limit: number): Promise<Found[]> {
  const { id, areFound, queryOf } = WORDS[database.dialect]
  return await database.all<Found>(
    `select listing.id as listing_id, listing.product_id from listing_words join listing on listing.id = ${id}
      where ${areFound('?')} and ${id} > ? order by ${id} limit ?`,
    queryOf(sought),
    after,
    limit,
  )
}

/** The ids of the first listings that match, at most `limit`. */
export async function idsWithWords(database: Sql, sought: Sought, limit: number): Promise<number[]> {
  const { id, areFound, queryOf } = WORDS[database.dialect]
  const sql = `select ${id} as id from listing_words where ${areFound('?')} order by ${id} limit ?`
  return (await database.all<{ id: number }>(sql, queryOf(sought), limit)).map((each) => each.id)
}

/** Whether any listing has a word. */
export async function isListed(database: Sql, word: SoughtWord): Promise<boolean> {
  const { isAny, queryOf } = WORDS[database.dialect]
  const sought = await expandPrefixes(database, [[{ words: [word], worth: 1 }]])
  return (await database.get(isAny, queryOf(sought))) !== undefined
}

/** Counts the products of the first COUNT_MAX matching listings; several listings of a product count once. */
export async function countWithWords(database: Sql, sought: Sought): Promise<Count> {
  const { areFound, queryOf, product, joined } = WORDS[database.dialect]
  const counted = await database.get<{ count: number; listings: number }>(
    `select count(distinct product_id) as count, count(*) as listings from (
      select ${product} as product_id from listing_words ${joined}
      where ${areFound('?')} limit ${COUNT_MAX + 1}) as found`,
    queryOf(sought),
  )
  const { count, listings } = counted!
  return { count: Math.min(count, COUNT_MAX), exact: listings <= COUNT_MAX }
}

/** The `Count` for a count that stopped after exceeding `max`. */
export function countOf(count: number, max = COUNT_MAX): Count {
  return { count: Math.min(count, max), exact: count <= max }
}

/** Whether an earlier listing of the product has the words, in PostgreSQL, which can test single listings. */
export async function isEarlierInPostgres(database: Sql, each: Found, sought: Sought): Promise<boolean> {
  const earlier = await database.get(
    `select 1 from listing join listing_words on listing_words.listing_id = listing.id
      where product_id = ? and listing.id < ? and ${WORDS.postgres.areFound('?')} limit 1`,
    each.product_id,
    each.listing_id,
    tsqueryOf(sought),
  )
  return earlier !== undefined
}
