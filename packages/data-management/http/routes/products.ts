/**
 * `GET /api/products`, `/api/products/{id}`, `/api/products/{id}/prices` and `/api/products/{id}/chains`: products with
 * their current and past prices.
 *
 * A product's id is internal and may change when products merge or split: an old id resolves to the product that its
 * first listing belongs to now. Listings are stable: `/api/products?company=aldi&sku=…` always finds the product.
 */
import { Problem } from '@splitcart/shared/problem.ts'
import { DAY_MS } from '@splitcart/shared/time.ts'
import type { FastifyInstance } from 'fastify'
import type { Static } from 'typebox'
import type { Unit } from '../../catalogue/model/pack-size.ts'
import { unitPriceView } from '../../catalogue/model/unit-price.ts'
import { findComparableListings } from '../../catalogue/queries/comparable.ts'
import type { LiveStores } from '../../catalogue/queries/current.ts'
import { findProducts, type ProductCursor } from '../../catalogue/queries/find-products.ts'
import { priceRangeWith, readPriceRange, readProductPrices } from '../../catalogue/queries/price-range.ts'
import { chainHistories, readPriceSummary } from '../../catalogue/queries/price-summary.ts'
import { storePrices } from '../../catalogue/queries/prices.ts'
import { currentProductId, findProduct, findProductsByIds, pricesNow } from '../../catalogue/queries/products.ts'
import { RANKED_MAX } from '../../catalogue/queries/ranked.ts'
import { type SortedProducts, sortByPrice, sortByPriceDrop } from '../../catalogue/queries/sort-products.ts'
import { lowestUnitPrices, sortByUnitPrice } from '../../catalogue/queries/unit-prices.ts'
import type { ProductMatch } from '../../catalogue/queries/word-index.ts'
import type { Sql } from '../../database/sql.ts'
import { cursorKeyIn, cursorOf } from '../edge/cursor.ts'
import { DATE_MAX, DATE_MIN, NO_QUERY, withQuery } from '../edge/parameters.ts'
import type { Services } from '../services.ts'
import { answerWithQuery } from '../threads/answering.ts'
import { freshnessContext, type QueryContext } from '../threads/query-context.ts'
import { CHAINS_RESPONSE } from './chains-schema.ts'
import { currentNow } from './freshness.ts'
import { LIST_QUERY, LIST_RESPONSE, ONE_RESPONSE, PRICES_QUERY, PRICES_RESPONSE } from './products-schema.ts'

/** The sort orders of the product list; without one, the best matches of the search words come first. */
export type ProductOrder = 'price' | 'unit_price' | 'drop'

/** Query parameters for a list of products. */
export type ProductsParameters = {
  q?: string
  barcode?: string
  sku?: string
  company?: string
  category?: string
  special?: boolean
  prices: boolean
  sort?: ProductOrder
  unit?: Unit
  unit_price_max?: number
  limit: number
  after?: string
}
type PricesQuery = { store?: string[]; from?: string; to?: string; limit: number; after?: string }
type ById = { Params: { id: string } }

/** Query parameters for the prices of one product. */
export type PricesParameters = PricesQuery & { id: string }

/** A page of products, as the API returns it. */
export type ProductPage = Static<typeof LIST_RESPONSE>

/** A product with its current prices, as the API returns it. */
export type ProductAnswer = Static<typeof ONE_RESPONSE>

/** The price history of a product in a page of stores, as the API returns it. */
export type PricesAnswer = Static<typeof PRICES_RESPONSE>

/** The price history of a product in each company, as the API returns it. */
export type ChainsAnswer = Static<typeof CHAINS_RESPONSE>

/** Adds the routes. */
export function productsRoutes(server: FastifyInstance, services: Services): void {
  const list = withQuery(LIST_QUERY, { summary: 'Products', response: { 200: LIST_RESPONSE } })
  server.get<{ Querystring: ProductsParameters }>('/api/products', list, (request, reply) =>
    answerWithQuery(services, request, reply, ['products', request.query]),
  )

  const oneSummary = 'One product, and what every store asks for it now'
  const one = withQuery(NO_QUERY, { summary: oneSummary, response: { 200: ONE_RESPONSE } })
  server.get<ById>('/api/products/:id', one, (request, reply) =>
    answerWithQuery(services, request, reply, ['product', request.params]),
  )

  const prices = withQuery(PRICES_QUERY, { summary: 'What a product has cost', response: { 200: PRICES_RESPONSE } })
  server.get<ById & { Querystring: PricesQuery }>('/api/products/:id/prices', prices, (request, reply) =>
    answerWithQuery(services, request, reply, ['prices', { ...request.query, ...request.params }]),
  )

  const chainsSummary = 'What a product has cost in each chain, from its cheapest store to its dearest'
  const chains = withQuery(NO_QUERY, { summary: chainsSummary, response: { 200: CHAINS_RESPONSE } })
  server.get<ById>('/api/products/:id/chains', chains, (request, reply) =>
    answerWithQuery(services, request, reply, ['chainHistories', request.params]),
  )
}

/** A page of products. */
export async function productPage(context: QueryContext, query: ProductsParameters): Promise<ProductPage> {
  const { database } = context.catalogue
  const { prices, sort, unit, unit_price_max, after, ...sought } = query
  if (sort !== undefined) return await sortedProductPage(context, { ...query, sort })
  if (unit !== undefined || unit_price_max !== undefined) throw new Problem('request_invalid', NEEDS_SORT)
  const last = cursorKeyIn('products', after, [0, 0] as ProductCursor)
  const found = await findProducts(database, { ...sought, after: last }, () => currentNow(context))
  const current = prices ? await currentNow(context) : undefined
  const products = await productViews(database, found, current)
  const next = cursorOf('products', found.next)
  const { corrected, categories } = found
  return { products, next, total: await found.total(), corrected, categories: [...categories] } satisfies ProductPage
}

type ListedProduct = ProductPage['products'][number]

const NEEDS_SORT = 'querystring/unit and querystring/unit_price_max go with sort=unit_price'
const NEEDS_WORDS = 'querystring/sort needs words in q, or a category: so many products are not compared'
const NEEDS_UNIT = 'querystring/unit_price_max needs a unit: 100 g are not compared with one'
// A price cut counts as a drop for this many days.
const DROP_DAYS = 30

/** A page of products sorted by price. Its cursor is an offset. */
async function sortedProductPage(
  context: QueryContext,
  query: ProductsParameters & { sort: ProductOrder },
): Promise<ProductPage> {
  const { database } = context.catalogue
  const { prices: _, sort, unit, unit_price_max: max, after, limit, ...sought } = query
  if ((sought.q ?? '').trim() === '' && sought.category === undefined) throw new Problem('request_invalid', NEEDS_WORDS)
  if (sort !== 'unit_price' && (unit ?? max) !== undefined) throw new Problem('request_invalid', NEEDS_SORT)
  if (max !== undefined && unit === undefined) throw new Problem('request_invalid', NEEDS_UNIT)
  const [begin] = cursorKeyIn(`products by ${sort}`, after, [0] as [number]) ?? [0]
  const current = await currentNow(context)
  const found = await findProducts(database, { ...sought, after: undefined, limit: RANKED_MAX }, async () => current)
  const { now, zone } = freshnessContext(context)
  const since = zone.dateAt(now - DROP_DAYS * DAY_MS)
  const sorted = await sortedBy(database, found.products, { sort, unit, max, since }, current)
  const end = begin + limit
  const count = sorted.products.length
  const page = { ...sorted, products: sorted.products.slice(begin, end) }
  const products = await productViews(database, page, current)
  const next = cursorOf(`products by ${sort}`, end < count ? [end] : null)
  const total = { count, exact: found.next === null }
  return { products, next, total, corrected: found.corrected, categories: [...found.categories] }
}

type SortOptions = Readonly<{ sort: ProductOrder; unit: Unit | undefined; max: number | undefined; since: string }>

async function sortedBy(
  database: Sql,
  found: readonly ProductMatch[],
  { sort, since, ...filter }: SortOptions,
  current: LiveStores,
): Promise<SortedProducts> {
  if (sort === 'unit_price') return await sortByUnitPrice(database, found, filter, current)
  return sort === 'price' ? await sortByPrice(database, found, current) : await sortByPriceDrop(database, found, since)
}

/** The products as the API returns them, with price ranges if `current` is given. */
async function productViews(
  database: Sql,
  page: SortedProducts,
  current: LiveStores | undefined,
): Promise<ListedProduct[]> {
  const ids = page.products.map(({ product_id }) => product_id)
  const products = await findProductsByIds(database, ids)
  const known = ids.flatMap((id) => products.get(id) ?? [])
  const shown = known.map(({ listings, ...rest }) => {
    return { ...rest, listings: listings.map(({ details: _, ...listing }) => listing) }
  })
  if (current === undefined) return shown
  const all = page.prices ?? (await readProductPrices(database, ids, current))
  const prices = new Map(shown.map(({ id }) => [id, all.get(id)!] as const))
  const unitPrices = page.unitPrices ?? (await lowestUnitPrices(database, prices))
  const priced: ListedProduct[] = []
  for (const product of shown) {
    const now = await priceRangeWith(database, product.id, prices.get(product.id)!, current)
    priced.push({ ...product, now, ...unitPriceView(unitPrices.get(product.id)) })
  }
  return priced
}

/** One product. */
export async function readProductAnswer(context: QueryContext, parameters: { id: string }): Promise<ProductAnswer> {
  const { database } = context.catalogue
  const id = await currentProductId(database, productIdIn(parameters.id))
  const product = await findProduct(database, id)
  if (product === undefined) throw new Problem('not_found', 'no product has this id')
  const current = await currentNow(context)
  const now = await readPriceRange(database, id, current)
  const prices = await pricesNow(database, id, current)
  const summary = await readPriceSummary(database, id, prices, current)
  const { verdicts } = context.inbox.ledger
  const comparable = await findComparableListings(database, id, current, (listings) => verdicts.findFor(listings))
  return { ...product, now, ...summary, prices, comparable } satisfies ProductAnswer
}

/** The price history of a product in a page of stores. */
export async function readPrices(context: QueryContext, parameters: PricesParameters) {
  const { database } = context.catalogue
  const productId = await findProductId(database, parameters.id)
  const { store: stores, from = DATE_MIN, to = DATE_MAX, limit } = parameters
  const after = cursorKeyIn('prices', parameters.after, ['', ''] as [string, string])
  const page = await storePrices(database, { productId, stores, from, to, after, limit }, await currentNow(context))
  return { stores: page.stores, next: cursorOf('prices', page.next) } satisfies PricesAnswer
}

/** The price history of a product in each company. */
export async function readChains(context: QueryContext, parameters: { id: string }) {
  const { database } = context.catalogue
  const productId = await findProductId(database, parameters.id)
  return { chains: await chainHistories(database, productId, await currentNow(context)) } satisfies ChainsAnswer
}

async function findProductId(database: Sql, id: string): Promise<number> {
  const productId = await currentProductId(database, productIdIn(id))
  if ((await findProduct(database, productId)) === undefined) throw new Problem('not_found', 'no product has this id')
  return productId
}

function productIdIn(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new Problem('not_found', 'no product has this id')
  return Number(text)
}
