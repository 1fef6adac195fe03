/** What a product costs now: the lowest and the highest price that can be paid in stores that are not silent. */
import type { Sql } from '../../database/sql.ts'
import type { LiveStores } from './current.ts'

/**
 * `stores` counts the stores whose latest scrape shows the product, except silent ones, counted in `silent_stores`. The
 * prices are above 0 and of goods not known to be unavailable; null: there is none. Money is whole cents.
 */
export type PriceRange = Readonly<{
  stores: number
  silent_stores: number
  lowest_cents: number | null
  highest_cents: number | null
}>

/** How many stores ask this price for a listing. `availability` is `is_available`, or -1 if that is unknown. */
export type PriceCount = Readonly<{
  product_id: number
  listing_id: number
  company_id: number
  /** -1 or null: it is shown without a price. */
  price_cents: number | null
  availability: number
  stores: number
  is_silent: boolean
}>

// Runs are stored by store: for a listing, each store of its company is looked up, a microsecond each.
export const CURRENT_RUNS = `listing join store as seller on seller.company_id = listing.company_id
  join price_run as run on run.store_id = seller.id and run.listing_id = listing.id and run.to_date is null`

/** What a product costs now. */
export async function readPriceRange(database: Sql, productId: number, current: LiveStores): Promise<PriceRange> {
  const prices = await readProductPrices(database, [productId], current)
  return await priceRangeWith(database, productId, prices.get(productId)!, current)
}

/** The lowest and the highest price of a product now, and the lowest of each of its listings. */
export type ProductPrices = Readonly<{
  lowest_cents: number | null
  highest_cents: number | null
  lowestOf: ReadonlyMap<number, number>
  counts: readonly PriceCount[]
}>

/** What these products cost now, by their numbers. */
export async function readProductPrices(
  database: Sql,
  ids: readonly number[],
  current: LiveStores,
): Promise<Map<number, ProductPrices>> {
  const all = await readPriceCounts(database, ids, current)
  const asked = Map.groupBy(all, (each) => each.product_id)
  const buyable = Map.groupBy(await buyablePrices(all, current), (each) => each.product_id)
  const priced = new Map<number, ProductPrices>()
  for (const id of ids) {
    const some = buyable.get(id) ?? []
    const lowestOf = [...Map.groupBy(some, (each) => each.listing_id)].map(([listing, those]) => {
      return [listing, lowestAndHighest(those).lowest_cents!] as const
    })
    priced.set(id, { ...lowestAndHighest(some), lowestOf: new Map(lowestOf), counts: asked.get(id) ?? [] })
  }
  return priced
}

/** The range of a product with these prices. */
export async function priceRangeWith(
  database: Sql,
  id: number,
  { lowest_cents, highest_cents, counts }: ProductPrices,
  current: LiveStores,
): Promise<PriceRange> {
  return { lowest_cents, highest_cents, ...(await countSellers(database, id, counts, current)) }
}

/** The lowest price at which a listing can be bought now; null where there is none. */
export async function readLowestPrice(database: Sql, listingId: number, current: LiveStores): Promise<number | null> {
  return lowestAndHighest(await buyablePrices(await readPriceCounts(database, [listingId], current, 'id'), current))
    .lowest_cents
}

/** Filters to the prices that can be paid now. */
async function buyablePrices(counts: readonly PriceCount[], current: LiveStores): Promise<PriceCount[]> {
  const isInformative = await current.informativeAvailability(counts.map(({ company_id }) => company_id))
  return counts.filter((each) => each.stores > 0 && isBuyable(each, isInformative(each.company_id)))
}

function lowestAndHighest(buyable: readonly PriceCount[]) {
  const sorted = buyable.map(({ price_cents }) => price_cents!).sort((one, other) => one - other)
  return { lowest_cents: sorted[0] ?? null, highest_cents: sorted.at(-1) ?? null }
}

/** The stores that show a product. */
async function countSellers(database: Sql, productId: number, counts: readonly PriceCount[], current: LiveStores) {
  const companyOf = new Map(counts.map(({ listing_id, company_id }) => [listing_id, company_id]))
  const isCountedTwice = new Set(companyOf.values()).size < companyOf.size
  return isCountedTwice ? await countStores(database, productId, current) : sumStores(counts)
}

/** Whether a price can be paid now: it is above 0, its store is not silent, and the goods are not known as sold out. */
export function isBuyable(
  { is_silent, price_cents, availability }: Pick<PriceCount, 'is_silent' | 'price_cents' | 'availability'>,
  isInformative: boolean,
): boolean {
  return !is_silent && price_cents !== null && price_cents > 0 && !(isInformative && availability === 0)
}

function sumStores(counts: readonly PriceCount[]) {
  const sum = (isSilent: boolean) =>
    counts.reduce((total, { stores, is_silent }) => total + (is_silent === isSilent ? stores : 0), 0)
  return { stores: sum(false), silent_stores: sum(true) }
}

/**
 * Counts stores if a company has several listings of the product, since a store may show more than one of them. The
 * cross join makes SQLite begin with the listings: a store that shows none of them has thousands of runs.
 */
async function countStores(database: Sql, productId: number, current: LiveStores) {
  const found = await database.all<{ store_id: number }>(
    `select store.id as store_id from store where company_id in (select company_id from listing where product_id = ?1)
      and exists (
        select 1 from listing cross join price_run as run
        where listing.product_id = ?1 and listing.company_id = store.company_id
          and run.store_id = store.id and run.listing_id = listing.id and run.to_date is null)`,
    productId,
  )
  const silent = found.filter(({ store_id }) => current.isSilent(store_id)).length
  return { stores: found.length - silent, silent_stores: silent }
}

/** The column that selects all listings of a product, or one listing. */
type ListingColumn = 'product_id' | 'id'

type StoredCount = Omit<PriceCount, 'is_silent'>

/** The prices of these products, or listings, and how many stores ask each. */
async function readPriceCounts(
  database: Sql,
  ids: readonly number[],
  current: LiveStores,
  by: ListingColumn = 'product_id',
) {
  if (database.dialect === 'sqlite') return await priceCountsInSqlite(database, ids, current, by)
  const counts: PriceCount[][] = []
  for (const id of ids) counts.push(await priceCountsInPostgres(database, id, current, by))
  return counts.flat()
}

/** Reads the counted prices. If only some stores of a company are silent, reads the runs of the smaller group too. */
async function priceCountsInSqlite(
  database: Sql,
  ids: readonly number[],
  current: LiveStores,
  by: ListingColumn,
): Promise<PriceCount[]> {
  const counted = await database.all<StoredCount>(
    `select listing.product_id, listing_id, company_id, price_cents, availability, stores
      from json_each(?) as wanted cross join listing on listing.${by} = wanted.value
      cross join price_now on price_now.key between listing.id << 32 and (listing.id << 32) + 4294967295`,
    JSON.stringify(ids),
  )
  const counts: PriceCount[] = []
  for (const [listing_id, prices] of Map.groupBy(counted, (each) => each.listing_id)) {
    const { silent, live } = current.storesOf(prices[0]!.company_id)
    if (silent.length === 0 || live.length === 0)
      counts.push(...prices.map((price) => ({ ...price, is_silent: live.length === 0 })))
    else {
      const isSilent = silent.length <= live.length
      const these = await storesPerPrice(database, listing_id, isSilent ? silent : live)
      for (const price of prices) {
        const stores = these.get(priceKey(price)) ?? 0
        counts.push({ ...price, stores, is_silent: isSilent })
        counts.push({ ...price, stores: price.stores - stores, is_silent: !isSilent })
      }
    }
  }
  return counts
}

function priceKey({ price_cents, availability }: Pick<StoredCount, 'price_cents' | 'availability'>): string {
  return `${price_cents} ${availability}`
}

/** How many of these stores ask each price for a listing. */
async function storesPerPrice(
  database: Sql,
  listingId: number,
  stores: readonly number[],
): Promise<Map<string, number>> {
  const found = await database.all<Pick<StoredCount, 'price_cents' | 'availability' | 'stores'>>(
    `select coalesce(price_cents, -1) as price_cents, coalesce(is_available, -1) as availability, count(*) as stores
      from json_each(?2) as those cross join price_run
      where price_run.store_id = those.value and listing_id = ?1 and to_date is null group by 1, 2`,
    listingId,
    JSON.stringify(stores),
  )
  return new Map(found.map((each) => [priceKey(each), each.stores]))
}

/** Reads the runs of the stores, some microseconds each. Counts would make concurrent loads wait for each other. */
async function priceCountsInPostgres(
  database: Sql,
  id: number,
  current: LiveStores,
  by: ListingColumn,
): Promise<PriceCount[]> {
  return await database.all<PriceCount>(
    `select listing.product_id, listing.id as listing_id, listing.company_id, price_cents, coalesce(is_available, -1) as availability,
        run.store_id = any(cast(?2 as integer[])) as is_silent, count(*) as stores
      from ${CURRENT_RUNS} where listing.${by} = ?1 group by 1, 2, 3, 4, 5, 6`,
    id,
    `{${current.silentStores.join(',')}}`,
  )
}
