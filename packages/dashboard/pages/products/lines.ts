/** From the price runs of stores to the lines of a chart. Pure. */
import type { PricesAnswer } from '@splitcart/data-management/api/products.ts'

type StorePrices = PricesAnswer['stores'][number]
export type Run = StorePrices['runs'][number]

/** One line: what one store asked for one listing. `gaps`: scrapes in between did not show it. */
export type Line = Readonly<{
  key: string
  company: string
  storeId: string
  storeName: string
  /** The listing, where the store sells the product as more than one. */
  listing: string | null
  runs: readonly Run[]
  gaps: readonly Readonly<{ from: string; to: string }>[]
}>

/** A price of each day, null where there is none, for all lines on the same days. Seconds since 1970, as the chart counts. */
export type Days = Readonly<{ days: number[]; prices: (number | null)[][] }>

const DAY_SECONDS = 86_400

/** The lines of all stores, each run in its order. */
export function linesOf({ stores }: Pick<PricesAnswer, 'stores'>): Line[] {
  return stores.flatMap((store) => {
    const listings = Map.groupBy(store.runs, ({ sku, key }) => sku ?? key)
    return [...listings].map(([listing, runs]) => ({
      key: JSON.stringify([store.company, store.store_id, listing]),
      company: store.company,
      storeId: store.store_id,
      storeName: store.store_name,
      listing: listings.size > 1 ? listing : null,
      runs: runs.toSorted((one, other) => (one.from < other.from ? -1 : 1)),
      gaps: store.gaps,
    }))
  })
}

/** The price of each line on each day from the first to the last. A price holds until the next scrape says otherwise. */
export function daysOf(lines: readonly Line[]): Days {
  const froms = lines.flatMap(({ runs }) => (runs[0] === undefined ? [] : [secondsOf(runs[0].from)]))
  const tos = lines.flatMap(({ runs }) => runs.map(({ to }) => secondsOf(to)))
  if (froms.length === 0) return { days: [], prices: lines.map(() => []) }
  const first = Math.min(...froms)
  // One day more: a price that was seen on one day only is a step, not a point.
  const count = (Math.max(...tos) - first) / DAY_SECONDS + 2
  const days = Array.from({ length: count }, (_, index) => first + index * DAY_SECONDS)
  return { days, prices: lines.map((line) => pricesOf(line, first, count)) }
}

function pricesOf({ runs, gaps }: Line, first: number, count: number): (number | null)[] {
  const prices: (number | null)[] = Array.from({ length: count }, () => null)
  const indexOf = (date: string) => (secondsOf(date) - first) / DAY_SECONDS
  for (const [place, { from, to, price_cents }] of runs.entries()) {
    const next = runs[place + 1]
    const gap = gaps.find((each) => each.from > to && (next === undefined || each.from < next.from))
    // Behind its end a run holds until the next begins, or until a scrape did not show it.
    const end = gap !== undefined ? indexOf(gap.from) : next !== undefined ? indexOf(next.from) : indexOf(to) + 1
    // The day of the end included: a step is drawn from one day to the next. What follows on it overwrites it.
    prices.fill(price_cents / 100, Math.max(0, indexOf(from)), Math.min(count, end + 1))
  }
  return prices
}

/** Midnight of a date in seconds since 1970. */
export function secondsOf(date: string): number {
  return Date.parse(date) / 1000
}

/** The date of a moment of the chart. */
export function dateAt(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 10)
}

/** The run that shows the price of a line at a moment; `undefined` in a gap. */
export function runAt({ runs, gaps }: Line, seconds: number): Run | undefined {
  const date = dateAt(seconds)
  const run = runs.findLast(({ from }) => from <= date)
  const isGone = run !== undefined && gaps.some(({ from }) => from > run.to && from <= date)
  return isGone ? undefined : run
}
