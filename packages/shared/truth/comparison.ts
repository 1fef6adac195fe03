/**
 * One scrape beside another, by what their samples share: how many listings are the same, and what is told of those. Pure. A sample is in
 * the order of its hashes.
 */
import { reachOf, type Sampled } from './sample.ts'

/** The factor by which most prices changed, and how many changed by it. */
export type Factor = Readonly<{ value: number; count: number }>

/** How many listings that both tell something of tell the same. */
export type Agreement = Readonly<{ of: number; same: number; moved: number }>

/** The comparison of two samples. `both`, `onlyNow`, `onlyThen`: numbers of listings in both or in only one. */
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
  const [after, before] = [until(now, reach), until(then, reach)]
  const pairs = pairsOf(after, before)
  const { logs, ...prices } = pricesOf(pairs)
  return {
    both: pairs.length,
    onlyNow: after.length - pairs.length,
    onlyThen: before.length - pairs.length,
    prices,
    factor: factorOf(logs),
    ratios: barsOf(logs),
    ...agreements(pairs, then),
    still: stillShown(pairs, before),
  }
}

/** Those of a sample up to a hash. */
function until(sample: readonly Sampled[], reach: number): readonly Sampled[] {
  const end = sample.findIndex(({ hash }) => hash > reach)
  return end < 0 ? sample : sample.slice(0, end)
}

/** The listings in both, whose hashes are in order. */
function pairsOf(after: readonly Sampled[], before: readonly Sampled[]): Pair[] {
  const pairs: Pair[] = []
  let place = 0
  for (const one of after) {
    while (place < before.length && before[place]!.hash < one.hash) place++
    const other = before[place]
    if (other !== undefined && other.hash === one.hash) pairs.push([one, other])
  }
  return pairs
}

/** What the prices of pairs have in common, and the logarithms of their ratios, in order. */
function pricesOf(pairs: readonly Pair[]) {
  const logs: number[] = []
  const prices = { of: 0, same: 0, near: 0 }
  for (const [{ price: now }, { price: then }] of pairs) {
    if (now < 0 || then < 0) continue
    prices.of++
    if (now === then) prices.same++
    if (now > 0 && then > 0) {
      const log = now === then ? 0 : Math.log(now / then)
      if (Math.abs(log) <= NEAR) prices.near++
      logs.push(log)
    } else if (now === then) prices.near++
  }
  return { ...prices, logs: [...Float64Array.from(logs).sort()] }
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
  // Built only if needed: usually all values are the same.
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
  let [of, same] = [0, 0]
  for (const [one, other] of pairs) {
    if (one[field] < 0 || other[field] < 0) continue
    of++
    if (one[field] === other[field]) same++
  }
  return { of, same, moved: 0 }
}

function stillShown(pairs: readonly Pair[], before: readonly Sampled[]) {
  const still = new Map<number, { of: number; shown: number }>()
  const at = (category: number) => {
    const known = still.get(category)
    if (known !== undefined) return known
    const made = { of: 0, shown: 0 }
    still.set(category, made)
    return made
  }
  for (const { top, second } of before) {
    at(top).of++
    if (second !== top) at(second).of++
  }
  for (const [, { top, second }] of pairs) {
    at(top).shown++
    if (second !== top) at(second).shown++
  }
  return still
}
