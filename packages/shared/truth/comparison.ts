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
  const pairs = after.flatMap((each): Pair[] => {
    const other = before.get(each.hash)
    return other === undefined ? [] : [[each, other]]
  })
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
  const of = (field: 'name' | 'brand' | 'size' | 'barcode' | 'second') => {
    const values = new Set(then.map((each) => each[field]))
    const told = pairs.filter(([one, other]) => one[field] !== 0 && other[field] !== 0)
    const differing = told.filter(([one, other]) => one[field] !== other[field])
    const moved = differing.filter(([one]) => values.has(one[field])).length
    return { of: told.length, same: told.length - differing.length, moved }
  }
  const flag = (field: 'available' | 'special') => {
    const told = pairs.filter(([one, other]) => one[field] >= 0 && other[field] >= 0)
    return { of: told.length, same: told.filter(([one, other]) => one[field] === other[field]).length, moved: 0 }
  }
  return {
    name: of('name'),
    brand: of('brand'),
    size: of('size'),
    barcode: of('barcode'),
    category: of('second'),
    available: flag('available'),
    special: flag('special'),
  }
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
