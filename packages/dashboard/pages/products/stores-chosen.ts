/** Which stores a chart shows. Pure. */
import type { ProductAnswer } from '@splitcart/data-management/api/products.ts'

type Prices = ProductAnswer['prices']

const FIRST_MAX = 5

/** How many stores fit into a chart, and into a request. */
export const STORES_MAX = 20

/** How a store is named in requests and in the URL. */
export function storeNamed({ company, store_id }: Readonly<{ company: string; store_id: string }>): string {
  return `${company}/${store_id}`
}

/** The stores that are shown until others are chosen: the cheapest of each company first, then the cheapest of all. */
export function firstStores(prices: Prices): string[] {
  const companies = new Set<string>()
  const first = prices.filter(({ company }) => !companies.has(company) && companies.add(company))
  return [...new Set([...first, ...prices].map(storeNamed))].slice(0, FIRST_MAX)
}

/** The chosen stores with one more, or without it. */
export function toggled(chosen: readonly string[], store: string): string[] {
  return chosen.includes(store) ? chosen.filter((each) => each !== store) : [...chosen, store].slice(-STORES_MAX)
}
