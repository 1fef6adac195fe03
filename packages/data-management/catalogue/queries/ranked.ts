/**
 * The products that answer a query best. RANKED_MAX listings are read from the index and ranked: those that are what is
 * asked for before those that only have a word of it. All other matches follow in the order in which they became known.
 */
import { LISTS } from '../../database/lists.ts'
import type { Sql, Value } from '../../database/sql.ts'
import type { Shelved } from '../model/head-noun.ts'
import { relevanceTo, type Sold } from '../model/relevance.ts'
import { headWordQuery, isMarked, NAME_LENGTH_CLASSES, type Sought, type SoughtWord } from '../model/search-words.ts'
import type { Current } from './current.ts'
import { describedListings } from './described.ts'
import { type Found, withWords } from './with-words.ts'

/** A product among those that answer best. */
export type Ranked = Found & Readonly<{ score: number }>

/** The most listings that are ranked, and products that are sorted: some tenths of a millisecond each. */
export const RANKED_MAX = 300
const STORES_ASKED = 100
// The most look-ups of a listing in a store in all: the fewer listings, the more stores are looked up for each.
const LOOKUPS_MAX = 30_000
const CATEGORIES_TOLD = 20

type RankedSearch = Readonly<{ sought: Sought; marks: Sought; isSpecial: boolean }>

/** Ranks products, best first, each by the best of its listings. `isAll`: no others match. */
export async function rank(database: Sql, { sought, marks, isSpecial }: RankedSearch, current: Current) {
  const candidates = await candidatesOf(database, sought, marks)
  const ids = [...candidates.keys()]
  const wanted = isSpecial ? [...(await onSpecial(database, ids, current))] : ids
  const described = await describedListings(database, wanted)
  const sold = await soldOf(database, wanted, current)
  const relevance = relevanceTo(sought)
  const best = new Map<number, Ranked>()
  for (const listing of described) {
    const score = relevance(listing, sold.get(listing.id)!)
    const productId = candidates.get(listing.id)!
    const before = best.get(productId)
    if (before === undefined || score > before.score || (score === before.score && listing.id < before.listing_id))
      best.set(productId, { listing_id: listing.id, product_id: productId, score })
  }
  const isAll = candidates.size < RANKED_MAX
  return { products: [...best.values()].sort(inOrder), isAll, categories: mostCommon(described) }
}

/** The names of the shelves (last categories) that have most of these listings. */
function mostCommon(described: readonly Shelved[]): string[] {
  const counts = new Map<string, number>()
  for (const name of described.flatMap(({ categories }) => categories.at(-1) ?? []))
    counts.set(name, (counts.get(name) ?? 0) + 1)
  const sorted = [...counts].sort(([one, count], [other, otherCount]) => otherCount - count || (one < other ? -1 : 1))
  return sorted.slice(0, CATEGORIES_TOLD).map(([name]) => name)
}

/** The better one first, of equal ones the one that became known first. */
export function inOrder(one: Ranked, other: Ranked): number {
  return other.score - one.score || one.listing_id - other.listing_id
}

/** Candidate listings with their products. Whole words come before beginnings of words, and few words before many. */
async function candidatesOf(database: Sql, sought: Sought, marks: Sought): Promise<Map<number, number>> {
  const found = new Map<number, number>()
  for (const tier of tiersOf(sought, marks)) {
    if (found.size >= RANKED_MAX) break
    for (const { listing_id, product_id } of await withWords(database, tier, 0, RANKED_MAX))
      if (found.size < RANKED_MAX) found.set(listing_id, product_id)
  }
  return found
}

function* tiersOf(sought: Sought, marks: Sought): Generator<Sought> {
  const words = [...new Map(sought.flatMap(wordsOf).map((each) => [each.word, each])).values()]
  for (const isBegun of [false, true]) {
    const heads = isBegun ? words.filter((each) => each.isBegun) : words.map((each) => ({ ...each, isBegun: false }))
    if (heads.length === 0) continue
    for (const lengthClass of NAME_LENGTH_CLASSES)
      yield [heads.map((each) => ({ words: [headWordQuery(each, lengthClass)], worth: 1 })), ...marks, ...sought]
  }
  yield [...marks, ...sought]
}

function wordsOf(group: Sought[number]): SoughtWord[] {
  return group.flatMap(({ words }) => words).filter(({ word }) => !isMarked(word))
}

type Newest = { id: number; uses: number; companyId: number; storeId: number; isLatest: number }

/** Whether and how much each of these listings is sold, and how often stores have shown it as it is now. */
async function soldOf(database: Sql, ids: readonly number[], current: Current): Promise<Map<number, Sold>> {
  const { those, asValue } = LISTS[database.dialect]
  const found = await database.all<Newest>(
    `select listing.id, coalesce(uses, 0) as uses, listing.company_id as "companyId", listing.label_store_id as "storeId",
        case when listing.label_date = source.last_date then 1 else 0 end as "isLatest"
      from ${those('?1', 'integer')} as wanted join listing on listing.id = wanted.value
      left join source on source.store_id = listing.label_store_id
      left join label_use on label_use.label_id = listing.label_id`,
    asValue(ids),
  )
  const seen = await seenOf(database, found, current)
  return new Map(found.map(({ id, uses }) => [id, { seen: seen.get(id) ?? 'now', uses }]))
}

/** Which of these are not sold now. Checks the store that showed each last, then as many others as time allows. */
async function seenOf(database: Sql, found: readonly Newest[], current: Current) {
  const seen = new Map<number, Sold['seen']>()
  const others = found.filter(({ isLatest, storeId }) => isLatest === 0 || current.isSilent(storeId))
  const live = await shownWhere(database, idsOf(others), liveStores(database, current, storesAskedOf(others)))
  const notNow = others.filter(({ id }) => !live.has(id))
  for (const { id } of notNow) seen.set(id, 'not lately')
  const unseen = notNow.filter(({ isLatest }) => isLatest === 0)
  const stores = storesAskedOf(unseen)
  const silent = await shownWhere(database, idsOf(unseen), { stores, which: '', values: [] })
  const gone = unseen.filter(({ id }) => !silent.has(id))
  const isWholly = await withAtMost(database, gone, stores)
  for (const { id, companyId } of gone) if (isWholly.has(companyId)) seen.set(id, 'no longer')
  return seen
}

function idsOf(found: readonly Newest[]): number[] {
  return found.map(({ id }) => id)
}

/** In how many stores each of these listings may be looked up. */
function storesAskedOf(found: readonly Newest[]): number {
  return Math.max(STORES_ASKED, Math.floor(LOOKUPS_MAX / found.length))
}

/** The companies of these listings that have at most `stores` stores. */
async function withAtMost(database: Sql, found: readonly Newest[], stores: number): Promise<Set<number>> {
  if (found.length === 0) return new Set()
  const { areIn, asValue } = LISTS[database.dialect]
  const companies = await database.all<{ id: number }>(
    `select company_id as id from store where company_id ${areIn('?1', 'integer')} group by company_id having count(*) <= ?2`,
    asValue([...new Set(found.map(({ companyId }) => companyId))]),
    stores,
  )
  return new Set(companies.map(({ id }) => id))
}

/** Those of these listings that a store which is not silent sells on special. */
export async function onSpecial(database: Sql, ids: readonly number[], current: Current): Promise<Set<number>> {
  if (ids.length === 0) return new Set()
  const { those, areIn, asValue } = LISTS[database.dialect]
  // Uses the partial index of specials (price_run_special).
  const found = await database.all<{ id: number }>(
    `select wanted.value as id from ${those('?1', 'integer')} as wanted where exists (
      select 1 from price_run as run where run.listing_id = wanted.value and run.is_on_special = 1 and run.to_date is null
        and not run.store_id ${areIn('?2', 'integer')})`,
    asValue(ids),
    asValue(current.silentStores),
  )
  return new Set(found.map(({ id }) => id))
}

/** How many stores are looked up, and the condition that selects them. */
type Asked = Readonly<{ stores: number; which: string; values: readonly Value[] }>

function liveStores(database: Sql, current: Current, stores: number): Asked {
  const { areIn, asValue } = LISTS[database.dialect]
  const which = `and not store.id ${areIn('?3', 'integer')}`
  return { stores, which, values: [asValue(current.silentStores)] }
}

/** Those of these listings that a store shows now. Looks up at most `stores` stores for each, a microsecond each. */
async function shownWhere(database: Sql, ids: readonly number[], { stores, which, values }: Asked) {
  if (ids.length === 0) return new Set<number>()
  const { those, asValue } = LISTS[database.dialect]
  const found = await database.all<{ id: number }>(
    `select listing.id from ${those('?1', 'integer')} as wanted join listing on listing.id = wanted.value where exists (
      select 1 from (
        select store.id from store where store.company_id = listing.company_id ${which} order by store.id limit ?2
      ) as seller join price_run as run
        on run.store_id = seller.id and run.listing_id = listing.id and run.to_date is null)`,
    asValue(ids),
    stores,
    ...values,
  )
  return new Set(found.map(({ id }) => id))
}
