/** Where a product is cheapest, chain by chain, and what it has cost: from the current prices and all price runs. */
import { addDays } from '@splitcart/shared/date.ts'
import type { Sql } from '../../database/sql.ts'
import { type ChainHistory, chainHistoriesOf } from '../model/chain-history.ts'
import {
  type ChainSummary,
  chainSummaries,
  type LowestEver,
  lowestBuyablePrice,
  type PriceSpan,
} from '../model/price-summary.ts'
import type { LiveStores } from './current.ts'
import { isBuyable } from './price-range.ts'
import type { PriceNow } from './products.ts'

/** A chain, with the unit price for its lowest price. */
export type ChainView = ChainSummary & Readonly<{ unit_price_cents: number | null; unit_price_per: string | null }>

/** The price summary of a product. */
export type PriceSummary = Readonly<{ chains: ChainView[]; lowest_ever: LowestEver | null }>

// The most pairs of listing and store that are read; a product of more is no single article and gets no history.
const PAIRS_MAX = 50_000

// The date of the store's first scrape after the end of a run.
const NEXT_SCRAPE = '(select min(date) from scrape where scrape.store_id = run.store_id and scrape.date > run.to_date)'

/** The summary of a product; `prices` are its current prices. */
export async function readPriceSummary(
  database: Sql,
  productId: number,
  prices: readonly PriceNow[],
  current: LiveStores,
): Promise<PriceSummary> {
  const spans = await readSpans(database, productId, current)
  const currentPrices = prices.map((price) => ({
    ...price,
    // If the company's flag carries no information, it is null here.
    isBuyable: isBuyable({ ...price, availability: price.is_available === false ? 0 : -1 }, true),
  }))
  const chains = chainSummaries(currentPrices, spans).map((chain) => {
    const cheapest = prices.find(
      ({ company, price_cents }) => company === chain.company && price_cents === chain.lowest_cents,
    )
    const { unit_price_cents = null, unit_price_per = null } = cheapest ?? {}
    return { ...chain, unit_price_cents, unit_price_per }
  })
  return { chains, lowest_ever: lowestBuyablePrice(spans) ?? null }
}

/** The lowest price that a product has ever had; undefined where there never was one. */
export async function readLowestEver(
  database: Sql,
  productId: number,
  current: LiveStores,
): Promise<LowestEver | undefined> {
  return lowestBuyablePrice(await readSpans(database, productId, current))
}

/** What the stores of each chain have asked for a product. A price holds until the next scrape of its store says otherwise. */
export async function chainHistories(database: Sql, productId: number, current: LiveStores): Promise<ChainHistory[]> {
  return chainHistoriesOf(await readSpans(database, productId, current, NEXT_SCRAPE))
}

type StoredRun = Readonly<{
  company_id: number
  company: string
  store_id: number
  is_current: number
  from_date: string
  to_date: string
  next_date: string | null
  price_cents: number
  is_on_special: number | null
  is_available: number | null
}>

/** Each span ends with the last scrape that showed it; with `next`, on the day before the store's next scrape. */
async function readSpans(database: Sql, productId: number, current: LiveStores, next = 'null'): Promise<PriceSpan[]> {
  const listings = await database.all<{ company_id: number; count: number }>(
    'select company_id, count(*) as count from listing where product_id = ? group by company_id',
    productId,
  )
  const pairs = listings.reduce((sum, { company_id, count }) => {
    const { silent, live } = current.storesOf(company_id)
    return sum + count * (silent.length + live.length)
  }, 0)
  if (pairs > PAIRS_MAX) return []
  const isInformative = await current.informativeAvailability(listings.map(({ company_id }) => company_id))
  const runs = await database.all<StoredRun>(
    `select listing.company_id, company.shown as company, run.store_id, case when run.to_date is null then 1 else 0 end as is_current, run.from_date, coalesce(run.to_date, source.last_date) as to_date,
        ${next} as next_date,
        run.price_cents, run.is_on_special, run.is_available
      from listing join company on company.id = listing.company_id join store as seller on seller.company_id = listing.company_id
      join price_run as run on run.store_id = seller.id and run.listing_id = listing.id
      join source on source.store_id = seller.id where listing.product_id = ? and run.price_cents is not null`,
    productId,
  )
  return runs.map(
    ({ company_id, store_id, is_current, from_date, to_date, next_date, is_on_special, is_available, ...run }) => ({
      ...run,
      from: from_date,
      to: next_date === null ? to_date : addDays(next_date, -1),
      isCurrent: is_current === 1 && !current.isSilent(store_id),
      isSpecial: is_on_special === 1,
      isBuyable: run.price_cents > 0 && !(isInformative(company_id) && is_available === 0),
    }),
  )
}
