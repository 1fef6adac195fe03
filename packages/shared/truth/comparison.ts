/** One scrape beside another, by what their samples share: how many listings are the same, and what is told of those. Pure. */
import { reachOf, type Sampled } from './sample.ts'

/** By what factor most prices differ, and how many of them by that one. */
export type Factor = Readonly<{ value: number; count: number }>

/** How many listings that both tell something of tell the same. */
export type Agreement = Readonly<{ of: number; same: number; moved: number }>

/** What two samples share. */
export type Comparison = Readonly<{
  both: number
  onlyNow: number
  onlyThen: number
  /** Listings with a price in both: how many have the same, and how many one between two thirds and three halves of it. */
  prices: Readonly<{ of: number; same: number; near: number }>
  factor: Factor
  /** The listings by the logarithm of their ratio, from a thousandth to the thousandfold. */
  ratios: readonly number[]
  name: Agreement
  brand: Agreement
  size: Agreement
  barcode: Agreement
  category: Agreement
  available: Agreement
  special: Agreement
  /** Of each category of then, by its hash: how many listings of it are looked at, and how many of those are shown now. */
  still: ReadonlyMap<number, Readonly<{ of: number; shown: number }>>
}>

const NEAR = Math.log(1.5)
const SAME = 0.01
/** Prices of few cents are rounded: two ratios as near as this are one. */
const ONE_FACTOR = 0.015
export const RATIO_BARS = 25

type Pair = readonly [now: Sampled, then: Sampled]

/** Compares two samples. */
export function compareSamples(now: readonly Sampled[], then: readonly Sampled[]): Comparison {
  const reach = Math.min(reachOf(now), reachOf(then))
  const before = new Map(then.filter(({ hash }) => hash <= reach).map((each) => [each.hash, each]))
  const after = now.filter(({ hash }) => hash <= reach)
  const pairs = pairsOf(after, before)
  const priced = pairs.filter(([one, other]) => one.price >= 0 && other.price >= 0)
  const logs = logsOf(priced)
  return {
    both: pairs.length,
    onlyNow: after.length - pairs.length,
    onlyThen: before.size - pairs.length,
    prices: {
      of: priced.length,
      same: priced.filter(([one, other]) => one.price === other.price).length,
      near: logs.filter((log) => Math.abs(log) <= NEAR).length + priced.filter(areZero).length,
    },
    factor: factorOf(logs),
    ratios: barsOf(logs),
    ...agreements(pairs, then),
    still: stillShown(pairs, before),
  }
}

function pairsOf(after: readonly Sampled[], before: ReadonlyMap<number, Sampled>): Pair[] {
  const pairs: Pair[] = []
  for (const each of after) {
    const other = before.get(each.hash)
    if (other !== undefined) pairs.push([each, other])
  }
  return pairs
}

/** How many listings have a price in both samples, and how many of them the same. */
export function samePrices(now: readonly Sampled[], then: readonly Sampled[]): Readonly<{ of: number; same: number }> {
  const before = new Map(then.map(({ hash, price }) => [hash, price]))
  let [of, same] = [0, 0]
  for (const { hash, price } of now) {
    const other = before.get(hash) ?? -1
    if (price < 0 || other < 0) continue
    of++
    if (price === other) same++
  }
  return { of, same }
}

function areZero([one, other]: Pair): boolean {
  return one.price === 0 && other.price === 0
}

function logsOf(priced: readonly Pair[]): number[] {
  const positive = priced.filter(([one, other]) => one.price > 0 && other.price > 0)
  return positive.map(([one, other]) => Math.log(one.price / other.price)).toSorted((one, other) => one - other)
}

/** The factor that most prices changed by. */
function factorOf(sorted: readonly number[]): Factor {
  const changed = sorted.filter((log) => Math.abs(log) > SAME)
  let most: Factor = { value: 1, count: 0 }
  for (let from = 0, to = 0; from < changed.length; from++) {
    while (to < changed.length && changed[to]! - changed[from]! <= 2 * ONE_FACTOR) to++
    if (to - from > most.count) most = { value: Math.exp(changed[(from + to) >> 1]!), count: to - from }
  }
  return most
}

function barsOf(logs: readonly number[]): number[] {
  const bars = new Array<number>(RATIO_BARS).fill(0)
  const middle = (RATIO_BARS - 1) / 2
  for (const log of logs) {
    const bar = Math.round((log / Math.log(1000)) * middle) + middle
    bars[Math.min(RATIO_BARS - 1, Math.max(0, bar))]!++
  }
  return bars
}

function agreements(pairs: readonly Pair[], then: readonly Sampled[]) {
  return {
    name: agreement(pairs, then, 'name'),
    brand: agreement(pairs, then, 'brand'),
    size: agreement(pairs, then, 'size'),
    barcode: agreement(pairs, then, 'barcode'),
    category: agreement(pairs, then, 'second'),
    available: agreementOfFlags(pairs, 'available'),
    special: agreementOfFlags(pairs, 'special'),
  }
}

type Text = 'name' | 'brand' | 'size' | 'barcode' | 'second'

function agreement(pairs: readonly Pair[], then: readonly Sampled[], field: Text): Agreement {
  let [of, same, moved] = [0, 0, 0]
  // Mostly all are the same, and nobody asks where the others stood.
  let values: ReadonlySet<number> | undefined
  for (const [one, other] of pairs) {
    if (one[field] === 0 || other[field] === 0) continue
    of++
    if (one[field] === other[field]) same++
    else {
      values ??= new Set(then.map((each) => each[field]))
      if (values.has(one[field])) moved++
    }
  }
  return { of, same, moved }
}

function agreementOfFlags(pairs: readonly Pair[], field: 'available' | 'special'): Agreement {
  const told = pairs.filter(([one, other]) => one[field] >= 0 && other[field] >= 0)
  return { of: told.length, same: told.filter(([one, other]) => one[field] === other[field]).length, moved: 0 }
}

function stillShown(pairs: readonly Pair[], before: ReadonlyMap<number, Sampled>) {
  const still = new Map<number, { of: number; shown: number }>()
  const at = (category: number) => {
    const known = still.get(category) ?? { of: 0, shown: 0 }
    still.set(category, known)
    return known
  }
  for (const { top, second } of before.values()) for (const each of new Set([top, second])) at(each).of++
  for (const [, { top, second }] of pairs) for (const each of new Set([top, second])) at(each).shown++
  return still
}
