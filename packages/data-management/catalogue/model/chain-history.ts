/** The price range of the stores of a chain, from lowest to highest, over time. Pure. */
import { addDays } from '@splitcart/shared/date.ts'
import type { PriceSpan } from './price-summary.ts'

/** From one date to another, both included: the lowest and the highest price in its stores, in whole cents. */
export type ChainStep = Readonly<{ from: string; to: string; lowest_cents: number; highest_cents: number }>

/** The steps of a chain in the order of their dates. On dates between steps no store was known to sell the product. */
export type ChainHistory = Readonly<{ company: string; steps: ChainStep[] }>

// Limits of one answer: of each chain, the newest steps are kept.
const CHAINS_MAX = 100
const STEPS_MAX = 4_000

/** The history of each chain, of prices that could be paid. Current prices hold to the latest date of the chain. */
export function chainHistoriesOf(spans: readonly PriceSpan[]): ChainHistory[] {
  const buyable = spans.filter(({ isBuyable }) => isBuyable)
  const chains = [...Map.groupBy(buyable, ({ company }) => company)].slice(0, CHAINS_MAX)
  const most = Math.floor(STEPS_MAX / Math.max(1, chains.length))
  return chains.map(([company, counts]) => ({ company, steps: chainStepsOf(counts).slice(-most) }))
}

/** Goes through the dates on which a span begins or has ended, and counts how often each price is asked. */
function chainStepsOf(spans: readonly PriceSpan[]): ChainStep[] {
  const latest = spans.reduce((last, { isCurrent, to }) => (isCurrent && to > last ? to : last), '')
  const events = spans.flatMap(({ from, to, isCurrent, price_cents }) => [
    { on: from, price_cents, more: 1 },
    { on: addDays(isCurrent ? latest : to, 1), price_cents, more: -1 },
  ])
  const dates = Map.groupBy(events, ({ on }) => on)
  const counts = new Map<number, number>()
  const steps: ChainStep[] = []
  let since: Omit<ChainStep, 'to'> | undefined
  for (const date of [...dates.keys()].sort()) {
    for (const { price_cents: price, more } of dates.get(date)!) {
      const count = (counts.get(price) ?? 0) + more
      if (count === 0) counts.delete(price)
      else counts.set(price, count)
    }
    const range = { lowest_cents: Math.min(...counts.keys()), highest_cents: Math.max(...counts.keys()) }
    if (since?.lowest_cents === range.lowest_cents && since.highest_cents === range.highest_cents) continue
    if (since !== undefined) steps.push({ ...since, to: addDays(date, -1) })
    since = counts.size === 0 ? undefined : { from: date, ...range }
  }
  return steps
}
