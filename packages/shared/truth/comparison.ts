/**
 * One scrape beside another, by what their samples share: how many listings are the same, and what is told of those. Pure. A sample is in
 * the order of its hashes.
 */
import { largestCompleteHash, type Sampled } from './sample.ts'

/** The factor by which most prices changed, and how many changed by it. */
export type Factor = Readonly<{ value: number; count: number }>

/** How many listings that both tell something of tell the same. */
export type Agreement = Readonly<{ of: number; same: number; moved: number }>

/** The comparison of two samples. `both`, `onlyNow`, `onlyThen`: numbers of listings in both or in only one. */
export type Comparison = Readonly<{
  both: number
  onlyNow: number
  onlyThen: number
  /** Listings with a price in both: how many have the same, one between two thirds and three halves of it, or one that is far from it: 0, at least 7 times, or at most a seventh. */
  prices: Readonly<{ of: number; same: number; near: number; far: number }>
  factor: Factor
  /** The listings by the logarithm of their ratio, from a thousandth to the thousandfold. */
  ratios: readonly number[]
  name: Agreement
  brand: Agreement
  size: Agreement
  barcode: Agreement
  category: Agreement
  url: Agreement
  image_url: Agreement
  available: Agreement
  special: Agreement
  /** Of each category of then, by its hash: how many listings of it are looked at, and how many of those are shown now. */
  still: ReadonlyMap<number, Readonly<{ of: number; shown: number }>>
}>

const NEAR = Math.log(1.5)
/** A price of at least so many times the former one, or at most such a part of it, is far from it. */
export const FAR = 7
const SAME = 0.01
/** Prices of few cents are rounded: two ratios as near as this are one. */
const ONE_FACTOR = 0.015
const RATIO_BARS = 25

/** The listings in both of two samples, in the order of their hashes: what each of them says is at the same place. */
type Pairs = Readonly<{ now: readonly Sampled[]; then: readonly Sampled[] }>

/** Compares two samples. */
export function compareSamples(now: readonly Sampled[], then: readonly Sampled[]): Comparison {
  const reach = Math.min(largestCompleteHash(now), largestCompleteHash(then))
  const [after, before] = [until(now, reach), until(then, reach)]
  const pairs = pairsOf(after, before)
  const { logs, ...prices } = pricesOf(pairs)
  let still: Comparison['still'] | undefined
  return {
    both: pairs.now.length,
    onlyNow: after.length - pairs.now.length,
    onlyThen: before.length - pairs.now.length,
    prices,
    factor: factorOf(logs),
    ratios: barsOf(logs),
    ...agreements(pairs, then),
    // Computed on demand: only the rules on categories use it, for few scrapes.
    get still() {
      still ??= stillShown(pairs, before)
      return still
    },
  }
}

/** Those of a sample up to a hash. */
function until(sample: readonly Sampled[], reach: number): readonly Sampled[] {
  let end = sample.length
  while (end > 0 && sample[end - 1]!.hash > reach) end--
  return end === sample.length ? sample : sample.slice(0, end)
}

/** The listings in both, whose hashes are in order. */
function pairsOf(after: readonly Sampled[], before: readonly Sampled[]): Pairs {
  const now: Sampled[] = []
  const then: Sampled[] = []
  let place = 0
  for (const one of after) {
    while (place < before.length && before[place]!.hash < one.hash) place++
    const other = before[place]
    if (other === undefined || other.hash !== one.hash) continue
    now.push(one)
    then.push(other)
  }
  return { now, then }
}

/** What the prices of pairs have in common, and the logarithms of their ratios, in order. */
function pricesOf(pairs: Pairs) {
  const logs = new Float64Array(pairs.now.length)
  const prices = { of: 0, same: 0, near: 0, far: 0 }
  let count = 0
  for (let place = 0; place < logs.length; place++) {
    const now = pairs.now[place]!.price
    const then = pairs.then[place]!.price
    if (now < 0 || then < 0) continue
    prices.of++
    if (now === then) prices.same++
    if (now > 0 && then > 0) {
      const log = now === then ? 0 : Math.log(now / then)
      if (Math.abs(log) <= NEAR) prices.near++
      logs[count++] = log
    } else if (now === then) prices.near++
    if (isFarFrom(now, then)) prices.far++
  }
  return { ...prices, logs: [...logs.subarray(0, count).sort()] }
}

/** Whether a price is far from a former one, both in cents. Of a former price of 0 nothing is known. */
export function isFarFrom(now: number, then: number): boolean {
  return now >= 0 && then > 0 && (now >= FAR * then || FAR * now <= then)
}

/** How many listings have a price in both samples, and how many of them the same. */
export function samePrices(now: readonly Sampled[], then: readonly Sampled[]): Readonly<{ of: number; same: number }> {
  const pairs = pairsOf(now, then)
  let [of, same] = [0, 0]
  for (let place = 0; place < pairs.now.length; place++) {
    const [one, other] = [pairs.now[place]!.price, pairs.then[place]!.price]
    if (one < 0 || other < 0) continue
    of++
    if (one === other) same++
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

/** Counts of one field. `others`: what is told now where then something else was. */
type Tally = { of: number; same: number; others: number[] }

/** One pass over all pairs: a pass for each field costs four times as much. */
function agreements({ now, then }: Pairs, all: readonly Sampled[]) {
  const [name, brand, size, barcode, category] = [tally(), tally(), tally(), tally(), tally()]
  const [url, image, available, special] = [tally(), tally(), tally(), tally()]
  for (let place = 0; place < now.length; place++) {
    const [one, other] = [now[place]!, then[place]!]
    addText(name, one.name, other.name)
    addText(brand, one.brand, other.brand)
    addText(size, one.size, other.size)
    addText(barcode, one.barcode, other.barcode)
    addText(category, one.second, other.second)
    addText(url, one.url, other.url)
    addText(image, one.image, other.image)
    addFlag(available, one.available, other.available)
    addFlag(special, one.special, other.special)
  }
  return {
    name: agreement(name, all, 'name'),
    brand: agreement(brand, all, 'brand'),
    size: agreement(size, all, 'size'),
    barcode: agreement(barcode, all, 'barcode'),
    category: agreement(category, all, 'second'),
    url: agreement(url, all, 'url'),
    image_url: agreement(image, all, 'image'),
    available: { of: available.of, same: available.same, moved: 0 },
    special: { of: special.of, same: special.same, moved: 0 },
  }
}

function tally(): Tally {
  return { of: 0, same: 0, others: [] }
}

function addText(tally: Tally, now: number, then: number): void {
  if (now === 0 || then === 0) return
  tally.of++
  if (now === then) tally.same++
  else tally.others.push(now)
}

function addFlag(tally: Tally, now: number, then: number): void {
  if (now < 0 || then < 0) return
  tally.of++
  if (now === then) tally.same++
}

type Text = 'name' | 'brand' | 'size' | 'barcode' | 'second' | 'url' | 'image'

function agreement({ of, same, others }: Tally, then: readonly Sampled[], field: Text): Agreement {
  // Usually all values are the same.
  if (others.length === 0) return { of, same, moved: 0 }
  const values = new Set(then.map((each) => each[field]))
  return { of, same, moved: others.filter((each) => values.has(each)).length }
}

function stillShown({ then }: Pairs, before: readonly Sampled[]) {
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
  for (const { top, second } of then) {
    at(top).shown++
    if (second !== top) at(second).shown++
  }
  return still
}
