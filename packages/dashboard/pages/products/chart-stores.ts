/** Selects the stores that a chart shows. Pure. */
import type { ProductAnswer } from '@splitcart/data-management/http/routes/products.ts'

type Prices = ProductAnswer['prices']

const DEFAULT_STORES_MAX = 8

/** Maximum number of stores in a chart and in a request. */
export const STORES_MAX = 20

/** The name of a store in requests and in the URL: company/store_id. */
export function storeParameter({ company, store_id }: Readonly<{ company: string; store_id: string }>): string {
  return `${company}/${store_id}`
}

/**
 * The stores shown until others are chosen: one of each company, then one for each further price of a company, lowest
 * and highest in turn, then the remaining ones. `prices` is in the order of the API: current prices first.
 */
export function defaultStores(prices: Prices): string[] {
  const each = firstBy(prices, ({ company }) => company)
  const different = firstBy(prices, ({ company, price_cents }) => `${company} ${price_cents}`)
  const inOrder = different.toSorted((one, other) => (one.price_cents ?? 0) - (other.price_cents ?? 0))
  const byTurns = inOrder.map((_, turn) => inOrder.at(turn % 2 === 0 ? turn / 2 : -(turn + 1) / 2)!)
  return [...new Set([...each, ...byTurns, ...prices].map(storeParameter))].slice(0, DEFAULT_STORES_MAX)
}

type ChartSelection = Readonly<{ store?: readonly string[] | undefined; chain?: string | undefined }>

/**
 * The stores with their own line in the chart: the chosen ones, else those of the opened chain, else the only stores of
 * their chains. All other chains have one line each.
 */
export function drawnStores(prices: Prices, { store, chain }: ChartSelection): string[] {
  if (store !== undefined) return [...store]
  if (chain !== undefined) return defaultStores(prices.filter(({ company }) => company === chain))
  const stores = Map.groupBy(prices, ({ company }) => company).values()
  const alone = [...stores].filter((each) => new Set(each.map(storeParameter)).size === 1)
  return defaultStores(alone.flat())
}

function firstBy(prices: Prices, nameOf: (price: Prices[number]) => string): Prices {
  const seen = new Set<string>()
  return prices.filter((price) => !seen.has(nameOf(price)) && seen.add(nameOf(price)))
}

/** The chosen stores with this store added or removed; beyond `STORES_MAX` the oldest is dropped. */
export function toggleStore(chosen: readonly string[], store: string): string[] {
  return chosen.includes(store) ? chosen.filter((each) => each !== store) : [...chosen, store].slice(-STORES_MAX)
}
