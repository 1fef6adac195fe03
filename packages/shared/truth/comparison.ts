/**
 * Compares two scrapes by the listings that their samples share: how many these are, and how many have the same values.
 * Pure. Samples are sorted by hash.
 */
import { largestCompleteHash, type SampledListing } from './sample.ts'

/** The factor by which most prices changed, and how many changed by it. */
export type PriceFactor = Readonly<{ value: number; count: number }>

/** Of listings with a value in both samples (`of`): how many have the same; `moved`: other values from other rows. */
export type Agreement = Readonly<{ of: number; same: number; moved: number }>

/** The comparison of two samples. `both`, `onlyNow`, `onlyThen`: numbers of listings in both or in only one. */
export type Comparison = Readonly<{
  both: number
  onlyNow: number
  onlyThen: number
  /** Listings with a price in both; `near`: between 2/3 and 3/2 of the former price; `far`: see `isFarFrom`. */
  prices: Readonly<{ of: number; same: number; near: number; far: number }>
  factor: PriceFactor
  /** A histogram of price ratios on a logarithmic scale, from 1/1000 to 1000. */
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
  /** By hash of a former category: how many of its listings were sampled, and how many of those are still there. */
  categoriesStillShown: ReadonlyMap<number, Readonly<{ of: number; shown: number }>>
}>

const NEAR_LOG_MAX = Math.log(1.5)
/** From this factor on, a price is far from the former one: 7 times it or more, or 1/7 of it or less. */
export const FAR_FACTOR = 7
const SAME_LOG_MAX = 0.01
// Prices are rounded to cents, so ratios that differ by less count as one factor.
const ONE_FACTOR_LOG_MAX = 0.015
const RATIO_BARS = 25

/** The listings in both samples, sorted by hash: equal indices are the same listing. */
type SharedListings = Readonly<{ now: readonly SampledListing[]; then: readonly SampledListing[] }>

/** Compares two samples. */
export function compareSamples(now: readonly SampledListing[], then: readonly SampledListing[]): Comparison {
  const reach = Math.min(largestCompleteHash(now), largestCompleteHash(then))
  const [after, before] = [upToHash(now, reach), upToHash(then, reach)]
  const pairs = sharedListings(after, before)
  const { logs, ...prices } = comparePrices(pairs)
  let still: Comparison['categoriesStillShown'] | undefined
  return {
    both: pairs.now.length,
    onlyNow: after.length - pairs.now.length,
    onlyThen: before.length - pairs.now.length,
    prices,
    factor: mostFrequentFactor(logs),
    ratios: histogramOf(logs),
    ...compareFields(pairs, then),
    // Computed on demand: only the rules on categories use it, for few scrapes.
    get categoriesStillShown() {
      still ??= countStillShown(pairs, before)
      return still
    },
  }
}

/** The listings of a sample up to a hash. */
function upToHash(sample: readonly SampledListing[], reach: number): readonly SampledListing[] {
  let end = sample.length
  while (end > 0 && sample[end - 1]!.hash > reach) end--
  return end === sample.length ? sample : sample.slice(0, end)
}

/** The listings in both samples. */
function sharedListings(after: readonly SampledListing[], before: readonly SampledListing[]): SharedListings {
  const now: SampledListing[] = []
  const then: SampledListing[] = []
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

/** Compares the prices of shared listings; `logs`: the sorted logarithms of their ratios. */
function comparePrices(pairs: SharedListings) {
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
      if (Math.abs(log) <= NEAR_LOG_MAX) prices.near++
      logs[count++] = log
    } else if (now === then) prices.near++
    if (isFarFrom(now, then)) prices.far++
  }
  return { ...prices, logs: [...logs.subarray(0, count).sort()] }
}

/** Whether a price is far from a former one, both in cents; false if the former price is 0. */
export function isFarFrom(now: number, then: number): boolean {
  return now >= 0 && then > 0 && (now >= FAR_FACTOR * then || FAR_FACTOR * now <= then)
}

/** How many listings have a price in both samples, and how many of them the same. */
export function samePrices(
  now: readonly SampledListing[],
  then: readonly SampledListing[],
): Readonly<{ of: number; same: number }> {
  const pairs = sharedListings(now, then)
  let [of, same] = [0, 0]
  for (let place = 0; place < pairs.now.length; place++) {
    const [one, other] = [pairs.now[place]!.price, pairs.then[place]!.price]
    if (one < 0 || other < 0) continue
    of++
    if (one === other) same++
  }
  return { of, same }
}

/** The factor by which most prices changed. */
function mostFrequentFactor(sorted: readonly number[]): PriceFactor {
  const changed = sorted.filter((log) => Math.abs(log) > SAME_LOG_MAX)
  let most: PriceFactor = { value: 1, count: 0 }
  for (let from = 0, to = 0; from < changed.length; from++) {
    while (to < changed.length && changed[to]! - changed[from]! <= 2 * ONE_FACTOR_LOG_MAX) to++
    if (to - from > most.count) most = { value: Math.exp(changed[(from + to) >> 1]!), count: to - from }
  }
  return most
}

function histogramOf(logs: readonly number[]): number[] {
  const bars = new Array<number>(RATIO_BARS).fill(0)
  const middle = (RATIO_BARS - 1) / 2
  for (const log of logs) {
    const bar = Math.round((log / Math.log(1000)) * middle) + middle
    bars[Math.min(RATIO_BARS - 1, Math.max(0, bar))]!++
  }
  return bars
}

/** Counts of one field. `others`: the values now that differ from those then. */
type Tally = { of: number; same: number; others: number[] }

/** One pass over all pairs: a pass for each field costs four times as much. */
function compareFields({ now, then }: SharedListings, all: readonly SampledListing[]) {
  const [name, brand, size, barcode, category] = [emptyTally(), emptyTally(), emptyTally(), emptyTally(), emptyTally()]
  const [url, image, available, special] = [emptyTally(), emptyTally(), emptyTally(), emptyTally()]
  for (let place = 0; place < now.length; place++) {
    const [one, other] = [now[place]!, then[place]!]
    tallyText(name, one.name, other.name)
    tallyText(brand, one.brand, other.brand)
    tallyText(size, one.size, other.size)
    tallyText(barcode, one.barcode, other.barcode)
    tallyText(category, one.second, other.second)
    tallyText(url, one.url, other.url)
    tallyText(image, one.image, other.image)
    tallyFlag(available, one.available, other.available)
    tallyFlag(special, one.special, other.special)
  }
  return {
    name: agreementOf(name, all, 'name'),
    brand: agreementOf(brand, all, 'brand'),
    size: agreementOf(size, all, 'size'),
    barcode: agreementOf(barcode, all, 'barcode'),
    category: agreementOf(category, all, 'second'),
    url: agreementOf(url, all, 'url'),
    image_url: agreementOf(image, all, 'image'),
    available: { of: available.of, same: available.same, moved: 0 },
    special: { of: special.of, same: special.same, moved: 0 },
  }
}

function emptyTally(): Tally {
  return { of: 0, same: 0, others: [] }
}

function tallyText(tally: Tally, now: number, then: number): void {
  if (now === 0 || then === 0) return
  tally.of++
  if (now === then) tally.same++
  else tally.others.push(now)
}

function tallyFlag(tally: Tally, now: number, then: number): void {
  if (now < 0 || then < 0) return
  tally.of++
  if (now === then) tally.same++
}

type HashedField = 'name' | 'brand' | 'size' | 'barcode' | 'second' | 'url' | 'image'

function agreementOf({ of, same, others }: Tally, then: readonly SampledListing[], field: HashedField): Agreement {
  // Usually all values are the same.
  if (others.length === 0) return { of, same, moved: 0 }
  const values = new Set(then.map((each) => each[field]))
  return { of, same, moved: others.filter((each) => values.has(each)).length }
}

function countStillShown({ then }: SharedListings, before: readonly SampledListing[]) {
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
