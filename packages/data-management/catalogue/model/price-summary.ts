/** A short summary of a product's price: where it is cheapest, what it has cost, and whether that is a deal. Pure. */
import { addDays, daysBetween } from '@splitcart/shared/date.ts'

/** What a store asks now. Money is whole cents. `isBuyable`: it is not silent, above 0, and not known to be sold out. */
export type CurrentPrice = Readonly<{
  company: string
  price_cents: number | null
  was_price_cents: number | null
  is_on_special: boolean | null
  date: string
  is_silent: boolean
  isBuyable: boolean
}>

/** A store's price from one date to another. `isCurrent`: asked now; `isBuyable`: above 0 and not known as sold out. */
export type PriceSpan = Readonly<{
  company: string
  from: string
  to: string
  price_cents: number
  isCurrent: boolean
  isSpecial: boolean
  isBuyable: boolean
}>

/** The summary of a chain. Prices are those that can be paid; if all its stores are silent, those they asked last. */
export type ChainSummary = Readonly<{
  company: string
  lowest_cents: number | null
  highest_cents: number | null
  stores: number
  /** How many of them ask the lowest price. */
  lowest_stores: number
  silent_stores: number
  seen_on: string
  is_silent: boolean
  is_on_special: boolean
  /** The earlier price that the stores with the lowest price state, if they agree. */
  was_price_cents: number | null
  usual_cents: number | null
  usual_special_cents: number | null
  /** The lowest price of the 30 days before the current lowest price began. */
  lowest_before_cents: number | null
}>

/** The lowest price that could ever be paid, and when that was last. */
export type LowestEver = Readonly<{ price_cents: number; company: string; on: string }>

const USUAL_DAYS = 90
const BEFORE_DAYS = 30

/** The chains, the cheapest first; those that are silent last. */
export function chainSummaries(prices: readonly CurrentPrice[], spans: readonly PriceSpan[]): ChainSummary[] {
  const history = Map.groupBy(spans, ({ company }) => company)
  return [...Map.groupBy(prices, ({ company }) => company)]
    .map(([company, prices]) => chainSummaryOf(company, prices, history.get(company) ?? []))
    .sort((one, other) => chainRank(one) - chainRank(other) || (one.company < other.company ? -1 : 1))
}

function chainRank({ is_silent, lowest_cents }: ChainSummary): number {
  return (is_silent ? 1e12 : 0) + (lowest_cents ?? 1e11)
}

function chainSummaryOf(company: string, prices: readonly CurrentPrice[], spans: readonly PriceSpan[]): ChainSummary {
  const isSilent = prices.every(({ is_silent }) => is_silent)
  const live = prices.filter(({ is_silent }) => is_silent === isSilent)
  const buyable = live.filter(
    ({ isBuyable, price_cents }) => price_cents !== null && (isBuyable || (isSilent && price_cents > 0)),
  )
  const cents = buyable.map(({ price_cents }) => price_cents!)
  const lowest = cents.length === 0 ? null : Math.min(...cents)
  const cheapest = buyable.filter(({ price_cents }) => price_cents === lowest)
  const was = new Set(cheapest.map(({ was_price_cents }) => was_price_cents))
  return {
    company,
    lowest_cents: lowest,
    highest_cents: cents.length === 0 ? null : Math.max(...cents),
    stores: prices.filter(({ is_silent }) => !is_silent).length,
    lowest_stores: cheapest.length,
    silent_stores: prices.filter(({ is_silent }) => is_silent).length,
    seen_on: latestDate((cheapest.length > 0 ? cheapest : live).map(({ date }) => date)),
    is_silent: isSilent,
    is_on_special: cheapest.some(({ is_on_special }) => is_on_special === true),
    was_price_cents: was.size === 1 ? [...was][0]! : null,
    ...pastPricesOf(spans, lowest),
  }
}

function pastPricesOf(spans: readonly PriceSpan[], lowest: number | null) {
  const buyable = spans.filter(({ isBuyable }) => isBuyable)
  const until = latestDate(buyable.map(({ to }) => to))
  const plain = buyable.filter(({ isSpecial }) => !isSpecial)
  const usual = { from: daysEarlier(until, USUAL_DAYS - 1), to: until }
  return {
    usual_cents: medianPrice(plain, usual) ?? medianPrice(buyable, usual),
    usual_special_cents: medianPrice(
      buyable.filter(({ isSpecial }) => isSpecial),
      { from: '', to: until },
    ),
    lowest_before_cents: lowest === null ? null : lowestBefore(buyable, lowest),
  }
}

/** The median price within a span, weighted by the days of all stores; null if there are none. */
function medianPrice(spans: readonly PriceSpan[], within: Readonly<{ from: string; to: string }>): number | null {
  const days = new Map<number, number>()
  let total = 0
  for (const { from, to, price_cents } of spans) {
    const count = daysBetween(from > within.from ? from : within.from, to < within.to ? to : within.to) + 1
    if (count <= 0) continue
    days.set(price_cents, (days.get(price_cents) ?? 0) + count)
    total += count
  }
  let sum = 0
  for (const [price, count] of [...days].sort(([one], [other]) => one - other)) {
    sum += count
    if (2 * sum >= total) return price
  }
  return null
}

/** The lowest price of the 30 days before the present one began anywhere in the chain. */
function lowestBefore(spans: readonly PriceSpan[], price: number): number | null {
  const now = spans.filter(({ isCurrent, price_cents }) => isCurrent && price_cents === price)
  if (now.length === 0) return null
  const began = now.map(({ from }) => from).sort()[0]!
  const [from, to] = [daysEarlier(began, BEFORE_DAYS), daysEarlier(began, 1)]
  const before = spans.filter((span) => span.from <= to && span.to >= from).map(({ price_cents }) => price_cents)
  return before.length === 0 ? null : Math.min(...before)
}

/** The lowest price at which it could ever be bought; undefined if there never was one. */
export function lowestBuyablePrice(spans: readonly PriceSpan[]): LowestEver | undefined {
  let found: LowestEver | undefined
  for (const { price_cents, company, to, isBuyable } of spans) {
    if (!isBuyable) continue
    const isBetter =
      found === undefined ||
      price_cents < found.price_cents ||
      (price_cents === found.price_cents && (to > found.on || (to === found.on && company < found.company)))
    if (isBetter) found = { price_cents, company, on: to }
  }
  return found
}

function latestDate(dates: readonly string[]): string {
  return dates.reduce((latest, date) => (date > latest ? date : latest), '')
}

function daysEarlier(date: string, days: number): string {
  return date === '' ? '' : addDays(date, -days)
}
