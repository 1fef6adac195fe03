/**
 * The products that answer a query best. RANKED_MAX listings are read from the index and ranked: those that are what is
 * asked for before those that only have a word of it. All other matches follow in the order in which they became known.
 */
import { LISTS } from '../../database/lists.ts'
import type { Sql, Value } from '../../database/sql.ts'
import type { ShelvedArticle } from '../model/head-noun.ts'
import { relevanceScorer, type SaleStatus } from '../model/relevance.ts'
import {
  headNounQuery,
  isMarkedWord,
  NAME_LENGTH_CLASSES,
  type SearchTerms,
  type SearchWord,
} from '../model/search-words.ts'
import type { LiveStores } from './current.ts'
import { searchableListings } from './searchable-listings.ts'
import { idsWithWords, isOnSpecial, type ProductMatch } from './word-index.ts'

/** A product among those that answer best. */
export type Hit = ProductMatch & Readonly<{ score: number }>

/** The most listings that are ranked, and products that are sorted: up to a tenth of a millisecond each. */
export const RANKED_MAX = 300
const STORES_PER_LISTING = 100
// The most look-ups of a listing in a store in all: the fewer listings, the more stores are looked up for each.
const LOOKUPS_MAX = 30_000
const CATEGORIES_MAX = 20

/** `typed`: the meanings of the typed words; `terms`: these and the filters, as the index is queried for them. */
type RankedSearch = Readonly<{ typed: SearchTerms; terms: SearchTerms; isSpecial: boolean }>

/** Ranks products, best first, each by the best of its listings. `isAll`: no others match. */
export async function rankProducts(database: Sql, { typed, terms, isSpecial }: RankedSearch, current: LiveStores) {
  const ids = await findCandidates(database, typed, terms)
  const wanted = isSpecial ? [...(await keepOnSpecial(database, ids, current))] : ids
  const listings = await searchableListings<NewestShowing>(database, wanted, NEWEST_SHOWING)
  const seen = await findSaleStatus(database, listings, current)
  const relevance = relevanceScorer(typed)
  const best = new Map<number, Hit>()
  for (const listing of listings) {
    const { id, productId, uses } = listing
    const score = relevance(listing, { seen: seen.get(id) ?? 'now', uses })
    const before = best.get(productId)
    if (before === undefined || score > before.score || (score === before.score && id < before.listing_id))
      best.set(productId, { listing_id: id, product_id: productId, score })
  }
  const isAll = ids.length < RANKED_MAX
  return { products: [...best.values()].sort(compareRanked), isAll, categories: mostCommonShelves(listings) }
}

/** The names of the shelves (last categories) that have most of these listings. */
function mostCommonShelves(described: readonly ShelvedArticle[]): string[] {
  const counts = new Map<string, number>()
  for (const name of described.flatMap(({ categories }) => categories.at(-1) ?? []))
    counts.set(name, (counts.get(name) ?? 0) + 1)
  const sorted = [...counts].sort(([one, count], [other, otherCount]) => otherCount - count || (one < other ? -1 : 1))
  return sorted.slice(0, CATEGORIES_MAX).map(([name]) => name)
}

/** The better one first, of equal ones the one that became known first. */
export function compareRanked(one: Hit, other: Hit): number {
  return other.score - one.score || one.listing_id - other.listing_id
}

/** Candidate listings. Whole words come before beginnings of words, and few words before many. */
async function findCandidates(database: Sql, typed: SearchTerms, terms: SearchTerms): Promise<number[]> {
  const found = new Set<number>()
  const search = (heads: SearchTerms) => idsWithWords(database, [...heads, ...terms], RANKED_MAX)
  const add = (ids: readonly number[]) => {
    for (const id of ids) if (found.size < RANKED_MAX) found.add(id)
  }
  // SQLite stops at the limit, so that it is soon known whether few match: then one look-up does for several tiers.
  // PostgreSQL finds and sorts all that match each time.
  const isLazy = database.dialect === 'sqlite'
  const all = isLazy ? await search([]) : undefined
  if (all !== undefined && all.length < RANKED_MAX) return all
  const [whole, prefixes] = headNounTiersOf(typed)
  const some = isLazy ? await search([whole.flat()]) : undefined
  if (some !== undefined && some.length < RANKED_MAX) add(some)
  else for (const tier of whole) if (found.size < RANKED_MAX) add(await search([tier]))
  for (const tier of prefixes) if (found.size < RANKED_MAX) add(await search([tier]))
  if (found.size < RANKED_MAX) add(all ?? (await search([])))
  return [...found]
}

/** The tiers of heads: whole words, and beginnings; of each, those with the fewest words beside them first. */
function headNounTiersOf(typed: SearchTerms): [whole: SearchTerms, prefixes: SearchTerms] {
  const words = [...new Map(typed.flatMap(unmarkedWordsOf).map((each) => [each.word, each])).values()]
  const tiersOf = (heads: readonly SearchWord[]) =>
    heads.length === 0
      ? []
      : NAME_LENGTH_CLASSES.map((lengthClass) =>
          heads.map((each) => ({ words: [headNounQuery(each, lengthClass)], weight: 1 })),
        )
  const whole = words.map((each) => ({ ...each, isPrefix: false }))
  return [tiersOf(whole), tiersOf(words.filter(({ isPrefix }) => isPrefix))]
}

function unmarkedWordsOf(group: SearchTerms[number]): SearchWord[] {
  return group.flatMap(({ words }) => words).filter(({ word }) => !isMarkedWord(word))
}

type NewestShowing = {
  id: number
  productId: number
  uses: number
  companyId: number
  storeId: number
  isLatest: number
}

/** Further columns of a listing: its product, how often stores have shown it as it is now, and who showed it last. */
const NEWEST_SHOWING = {
  columns: `, listing.product_id as "productId", coalesce(uses, 0) as uses, listing.label_store_id as "storeId",
    case when listing.label_date = source.last_date then 1 else 0 end as "isLatest"`,
  joins: `left join source on source.store_id = listing.label_store_id
    left join label_use on label_use.label_id = listing.label_id`,
}

/** Which of these are not sold now. The store that showed a listing last says so for most, unless it is silent. */
async function findSaleStatus(database: Sql, found: readonly NewestShowing[], current: LiveStores) {
  const others = found.filter(({ isLatest, storeId }) => isLatest === 0 || current.isSilent(storeId))
  return database.dialect === 'sqlite'
    ? await findSaleStatusByCounts(database, others, current)
    : await findSaleStatusByRuns(database, others, current)
}

type SaleStatuses = Map<number, SaleStatus['seen']>

/** SQLite counts the stores that show a listing. Which of them are silent matters only where a company has both kinds. */
async function findSaleStatusByCounts(
  database: Sql,
  others: readonly NewestShowing[],
  current: LiveStores,
): Promise<SaleStatuses> {
  const counted = await database.all<{ id: number }>(SHOWN_BY_COUNT, LISTS.sqlite.asValue(idsOf(others)))
  const shown = new Set(counted.map(({ id }) => id))
  const mixed: NewestShowing[] = []
  const live = new Set<number>()
  for (const listing of others) {
    if (!shown.has(listing.id)) continue
    const stores = current.storesOf(listing.companyId)
    if (stores.silent.length === 0) live.add(listing.id)
    else if (stores.live.length > 0) mixed.push(listing)
  }
  const inLive = await keepShownNow(database, idsOf(mixed), liveStores(database, current, storesPerListing(mixed)))
  const notNow = others.filter(({ id }) => !live.has(id) && !inLive.has(id))
  return new Map(notNow.map(({ id, isLatest }) => [id, isLatest === 1 || shown.has(id) ? 'not lately' : 'no longer']))
}

const SHOWN_BY_COUNT = `select wanted.value as id from json_each(?1) as wanted where exists (
  select 1 from price_count where key between wanted.value << 32 and (wanted.value << 32) + 4294967295)`

/** Looks for a store that shows a listing: among those that are not silent, then among all, as many as time allows. */
async function findSaleStatusByRuns(
  database: Sql,
  others: readonly NewestShowing[],
  current: LiveStores,
): Promise<SaleStatuses> {
  const live = await keepShownNow(database, idsOf(others), liveStores(database, current, storesPerListing(others)))
  const notNow = others.filter(({ id }) => !live.has(id))
  const seen: SaleStatuses = new Map(notNow.map(({ id }) => [id, 'not lately']))
  const unseen = notNow.filter(({ isLatest }) => isLatest === 0)
  const stores = storesPerListing(unseen)
  const silent = await keepShownNow(database, idsOf(unseen), { stores, condition: '', values: [] })
  const gone = unseen.filter(({ id }) => !silent.has(id))
  const fullyChecked = await companiesWithAtMost(database, gone, stores)
  for (const { id, companyId } of gone) if (fullyChecked.has(companyId)) seen.set(id, 'no longer')
  return seen
}

function idsOf(found: readonly NewestShowing[]): number[] {
  return found.map(({ id }) => id)
}

/** In how many stores each of these listings may be looked up. */
function storesPerListing(found: readonly NewestShowing[]): number {
  return Math.max(STORES_PER_LISTING, Math.floor(LOOKUPS_MAX / found.length))
}

/** The companies of these listings that have at most `stores` stores. */
async function companiesWithAtMost(
  database: Sql,
  found: readonly NewestShowing[],
  stores: number,
): Promise<Set<number>> {
  if (found.length === 0) return new Set()
  const { areIn, asValue } = LISTS[database.dialect]
  const companies = await database.all<{ id: number }>(
    `select company_id as id from store where company_id ${areIn('?1', 'integer')} group by company_id having count(*) <= ?2`,
    asValue([...new Set(found.map(({ companyId }) => companyId))]),
    stores,
  )
  return new Set(companies.map(({ id }) => id))
}

/** Filters to the listings that a store which is not silent sells on special. */
export async function keepOnSpecial(database: Sql, ids: readonly number[], current: LiveStores): Promise<Set<number>> {
  if (ids.length === 0) return new Set()
  const { those, areIn, asValue } = LISTS[database.dialect]
  const found = await database.all<{ id: number }>(
    `select wanted.value as id from ${those('?1', 'integer')} as wanted
      where ${isOnSpecial('wanted.value', areIn('?2', 'integer'))}`,
    asValue(ids),
    asValue(current.silentStores),
  )
  return new Set(found.map(({ id }) => id))
}

/** How many stores are looked up, and the condition that selects them. */
type StoreSelection = Readonly<{ stores: number; condition: string; values: readonly Value[] }>

function liveStores(database: Sql, current: LiveStores, stores: number): StoreSelection {
  const { areIn, asValue } = LISTS[database.dialect]
  const condition = `and not store.id ${areIn('?3', 'integer')}`
  return { stores, condition, values: [asValue(current.silentStores)] }
}

/** Filters to the listings that a store shows now. Looks up at most `stores` stores for each, a microsecond each. */
async function keepShownNow(database: Sql, ids: readonly number[], { stores, condition, values }: StoreSelection) {
  if (ids.length === 0) return new Set<number>()
  const { those, asValue } = LISTS[database.dialect]
  const found = await database.all<{ id: number }>(
    `select listing.id from ${those('?1', 'integer')} as wanted join listing on listing.id = wanted.value where exists (
      select 1 from (
        select store.id from store where store.company_id = listing.company_id ${condition} order by store.id limit ?2
      ) as seller join price_run as run
        on run.store_id = seller.id and run.listing_id = listing.id and run.to_date is null)`,
    asValue(ids),
    stores,
    ...values,
  )
  return new Set(found.map(({ id }) => id))
}
