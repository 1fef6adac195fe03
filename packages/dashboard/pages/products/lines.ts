/** Converts the price runs of stores and the steps of chains into the lines of a chart. Pure. */
import type { ChainsAnswer, PricesAnswer, ProductAnswer } from '@splitcart/data-management/http/routes/products.ts'
import { DAY_SECONDS } from '../../parts/durations.ts'

type StoreRuns = PricesAnswer['stores'][number]
export type PriceRun = StoreRuns['runs'][number]

/** One line: the prices of one listing in one store. `gaps`: dates whose scrapes did not contain it. */
export type StoreLine = Readonly<{
  key: string
  company: string
  storeId: string
  storeName: string
  /** The store has had no scrape for so long that its last price may be outdated. */
  isSilent: boolean
  /** The listing, if the store sells the product as several listings; else null. */
  listing: string | null
  runs: readonly PriceRun[]
  gaps: readonly Readonly<{ from: string; to: string }>[]
}>

/** A price per day; null: before the first run, after the last, in gaps, and when sold out without a price. */
export type DailyPrices = readonly (number | null)[]

/** A chain as one line: its lowest price, with a band up to its highest. `isNow`: its last step is current. */
export type ChainLine = ChainsAnswer['chains'][number] & Readonly<{ isNow: boolean }>
export type ChainStep = ChainLine['steps'][number]

/** Stores of one company that had the same prices on every day; they share one line of the chart. */
export type StoreSeries = Readonly<{ lines: readonly StoreLine[]; prices: DailyPrices; chain?: undefined }>
/** The series of a chain: its lowest prices, and its highest. */
export type ChainSeries = Readonly<{ chain: ChainLine; prices: DailyPrices; highest: DailyPrices }>
export type PriceSeries = StoreSeries | ChainSeries

/** The days of a chart, in seconds since 1970, and the series of prices on them. */
export type ChartContent = Readonly<{ days: number[]; series: PriceSeries[] }>

/**
 * A span of days, as indices, in which a series has one price, and the other series at that price stay the same: it is
 * number `rank` of the `of` series there.
 */
export type PriceSegment = Readonly<{ from: number; to: number; price: number; rank: number; of: number }>

/** The lines of all stores, with the runs of each in order of date. */
export function linesOf({ stores }: Pick<PricesAnswer, 'stores'>): StoreLine[] {
  return stores.flatMap((store) => {
    const listings = Map.groupBy(store.runs, ({ sku, key }) => sku ?? key)
    return [...listings].map(([listing, runs]) => ({
      key: JSON.stringify([store.company, store.store_id, listing]),
      company: store.company,
      storeId: store.store_id,
      storeName: store.store_name,
      isSilent: store.is_silent,
      listing: listings.size > 1 ? listing : null,
      runs: runs.toSorted((one, other) => (one.from < other.from ? -1 : 1)),
      gaps: store.gaps,
    }))
  })
}

/** The series of lines and chains from the first day to the last. A price holds until the next scrape changes it. */
export function chartContentOf(lines: readonly StoreLine[], chains: readonly ChainLine[] = []): ChartContent {
  const spans = [...lines.map(({ runs }) => runs), ...chains.map(({ steps }) => steps)]
  const froms = spans.flatMap(([first]) => (first === undefined ? [] : [secondsOf(first.from)]))
  const tos = spans.flatMap((each) => each.map(({ to }) => secondsOf(to)))
  if (froms.length === 0) return { days: [], series: [] }
  const first = Math.min(...froms)
  // One day more, so that a price seen on one day only is a step, not a point.
  const count = (Math.max(...tos) - first) / DAY_SECONDS + 2
  const days = Array.from({ length: count }, (_, index) => first + index * DAY_SECONDS)
  const priced = lines.map((line) => ({ line, prices: pricesOf(line, first, count) }))
  const groups = Map.groupBy(priced, ({ line, prices }) => {
    const specials = line.runs.filter(({ is_on_special }) => is_on_special).map(({ from, to }) => [from, to])
    return JSON.stringify([line.company, line.listing, specials, prices])
  })
  const ofStores = [...groups.values()].map((same) => ({
    lines: same.map(({ line }) => line),
    prices: same[0]!.prices,
  }))
  return { days, series: [...ofStores, ...chains.map((chain) => chainSeries(chain, first, count))] }
}

function chainSeries(chain: ChainLine, first: number, count: number): ChainSeries {
  const [prices, highest] = (['lowest_cents', 'highest_cents'] as const).map((field) => {
    const each: (number | null)[] = Array.from({ length: count }, () => null)
    const indexOf = (date: string) => (secondsOf(date) - first) / DAY_SECONDS
    for (const step of chain.steps) each.fill(step[field] / 100, indexOf(step.from), indexOf(step.to) + 2)
    return each
  })
  return { chain, prices: prices!, highest: highest! }
}

/** The segments of the series with this index. `all`: the prices of all series. */
export function segmentsOf(all: readonly DailyPrices[], index: number): PriceSegment[] {
  const prices = all[index]!
  const segments: PriceSegment[] = []
  for (let day = 0; day + 1 < prices.length; day++) {
    const price = prices[day]
    if (price == null || prices[day + 1] == null) continue
    const isHere = (other: DailyPrices) => other[day] === price && other[day + 1] != null
    const next = {
      price,
      rank: all.slice(0, index).filter(isHere).length,
      of: all.filter(isHere).length,
    }
    const last = segments.at(-1)
    if (last?.to === day && last.price === price && last.rank === next.rank && last.of === next.of)
      segments[segments.length - 1] = { ...last, to: day + 1 }
    else segments.push({ ...next, from: day, to: day + 1 })
  }
  return segments
}

function pricesOf({ runs, gaps }: StoreLine, first: number, count: number): (number | null)[] {
  const prices: (number | null)[] = Array.from({ length: count }, () => null)
  const indexOf = (date: string) => (secondsOf(date) - first) / DAY_SECONDS
  for (const [place, { from, to, price_cents }] of runs.entries()) {
    const next = runs[place + 1]
    const gap = gaps.find((each) => each.from > to && (next === undefined || each.from < next.from))
    // After its end, a run holds until the next begins, or until a scrape did not contain the listing.
    const end = gap !== undefined ? indexOf(gap.from) : next !== undefined ? indexOf(next.from) : indexOf(to) + 1
    // Including the day of the end: a step is drawn from one day to the next. The next run overwrites that day.
    prices.fill(price_cents === null ? null : price_cents / 100, Math.max(0, indexOf(from)), Math.min(count, end + 1))
  }
  return prices
}

/** Midnight of a date in seconds since 1970. */
export function secondsOf(date: string): number {
  return Date.parse(date) / 1000
}

/** The date at a time of the chart, in seconds since 1970. */
export function dateAt(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 10)
}

/** The run with the price of a line at a time; undefined in a gap and before the first run. */
export function runAt({ runs, gaps }: StoreLine, seconds: number): PriceRun | undefined {
  const date = dateAt(seconds)
  const run = runs.findLast(({ from }) => from <= date)
  const isGone = run !== undefined && gaps.some(({ from }) => from > run.to && from <= date)
  return isGone ? undefined : run
}

// More lines could not be distinguished in the chart.
const CHAINS_MAX = 12

/** The chains for a chart, currently cheapest first, at most `CHAINS_MAX`, with their steps since a date. */
export function chainsWithin(
  histories: ChainsAnswer['chains'],
  now: ProductAnswer['chains'],
  from: string | undefined,
): ChainLine[] {
  const places = new Map(now.map(({ company }, place) => [company, place]))
  const placeOf = (company: string) => places.get(company) ?? now.length
  return histories
    .map(({ company, steps }) => {
      const chain = now[placeOf(company)]
      const isNow = chain !== undefined && !chain.is_silent && chain.lowest_cents !== null
      return { company, isNow, steps: steps.filter(({ to }) => from === undefined || to >= from) }
    })
    .filter(({ steps }) => steps.length > 0)
    .toSorted((one, other) => placeOf(one.company) - placeOf(other.company))
    .slice(0, CHAINS_MAX)
}

/** The step of a chain at a time, if there is one. */
export function stepAt({ steps }: ChainLine, seconds: number): ChainStep | undefined {
  const date = dateAt(seconds)
  return steps.find(({ from, to }) => from <= date && to >= date)
}
