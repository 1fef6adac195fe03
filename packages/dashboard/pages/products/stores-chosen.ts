/** Which stores a chart shows. Pure. */
import type { ProductAnswer } from '@splitcart/data-management/http/routes/products.ts'

type Prices = ProductAnswer['prices']

const FIRST_MAX = 8

/** How many stores fit into a chart, and into a request. */
export const STORES_MAX = 20

/** How a store is named in requests and in the URL. */
export function storeNamed({ company, store_id }: Readonly<{ company: string; store_id: string }>): string {
  return `${company}/${store_id}`
}

/**
 * The stores that are shown until others are chosen: one of each company, then one for every other price that a company asks, the
 * lowest and the highest in turn, then whoever is left. Prices are in the order in which they are told: those of now come first.
 */
export function firstStores(prices: Prices): string[] {
  const each = firstBy(prices, ({ company }) => company)
  const different = firstBy(prices, ({ company, price_cents }) => `${company} ${price_cents}`)
  const inOrder = different.toSorted((one, other) => (one.price_cents ?? 0) - (other.price_cents ?? 0))
  const byTurns = inOrder.map((_, turn) => inOrder.at(turn % 2 === 0 ? turn / 2 : -(turn + 1) / 2)!)
  return [...new Set([...each, ...byTurns, ...prices].map(storeNamed))].slice(0, FIRST_MAX)
}

type Chosen = Readonly<{ store?: readonly string[] | undefined; chain?: string | undefined }>

/**
 * The stores that have lines of their own: those that were chosen, or those of a chain that is opened, or whoever is alone in its chain.
 * All other chains are one line each.
 */
export function drawnStores(prices: Prices, { store, chain }: Chosen): string[] {
  if (store !== undefined) return [...store]
  if (chain !== undefined) return firstStores(prices.filter(({ company }) => company === chain))
  const stores = Map.groupBy(prices, ({ company }) => company).values()
  const alone = [...stores].filter((each) => new Set(each.map(storeNamed)).size === 1)
  return firstStores(alone.flat())
}

function firstBy(prices: Prices, nameOf: (price: Prices[number]) => string): Prices {
  const seen = new Set<string>()
  return prices.filter((price) => !seen.has(nameOf(price)) && seen.add(nameOf(price)))
}

/** The chosen stores with one more, or without it. */
export function toggled(chosen: readonly string[], store: string): string[] {
  return chosen.includes(store) ? chosen.filter((each) => each !== store) : [...chosen, store].slice(-STORES_MAX)
}
