/** Rules that look at prices. Pure. */
import { moneyIn } from '../money.ts'
import { formatNumber, percent } from '../number.ts'
import {
  type Case,
  type ComparedReference,
  firstIfMost,
  isClearlyLess,
  isClearlyMore,
  isWitnessed,
  PAIRS_MIN,
  sumOf,
} from './case.ts'
import { FAR, isFarFrom } from './comparison.ts'
import type { Figures, Shown } from './figures.ts'
import { repairOfPrices } from './repairs.ts'
import { sampleOf } from './sample.ts'
import { IS_UNIT_PRICE } from './unit-price.ts'
import { EXAMPLES_MAX, type Found } from './verdict.ts'

// Compared with the store's own scrape, a smaller factor may be a tax change; another store may simply be dearer.
const FACTOR_MIN = 1.05
const SISTER_FACTOR_MIN = 1.5
const UNIFORM_FACTOR_MIN = 1.05
const NAMED_FACTORS = [1000, 100, 10, 0.1, 0.01, 0.001] as const

/** Most prices changed by the same factor. */
export function pricesByFactor(judged: Case): Found | undefined {
  const { thresholds } = judged
  const least = ({ isSister }: ComparedReference) =>
    isSister ? (judged.isUniform() ? UNIFORM_FACTOR_MIN : SISTER_FACTOR_MIN) : FACTOR_MIN
  const found = firstIfMost(
    judged,
    (each) => isByFactor(each, thresholds.HOLD_PRICES_SHARE) && isBeyond(each.comparison.factor.value, least(each)),
  )
  if (found === undefined || isWitnessed(judged, isAlike)) return undefined
  return { ...factorFound(judged, found), repair: repairOfPrices(judged, found) }
}

/** Most prices changed by the same factor, so near to 1 that it may be real. */
export function pricesByFactorNearOne(judged: Case): Found | undefined {
  const [own] = judged.compared
  if (own === undefined || own.isSister || !isByFactor(own, judged.thresholds.HOLD_PRICES_SHARE)) return undefined
  if (isBeyond(own.comparison.factor.value, FACTOR_MIN)) return undefined
  return factorFound(judged, own)
}

function isByFactor({ comparison: { factor, prices } }: ComparedReference, share: number): boolean {
  return isClearlyMore(factor.count, prices.of, share)
}

function isBeyond(factor: number, least: number): boolean {
  return Math.abs(Math.log(factor)) >= Math.log(least)
}

function isAlike({ comparison: { prices } }: ComparedReference): boolean {
  return prices.of >= PAIRS_MIN && prices.same >= 0.8 * prices.of
}

function factorFound(judged: Case, beside: ComparedReference): Found {
  const { factor, prices } = beside.comparison
  const share = factor.count / prices.of
  const named = NAMED_FACTORS.find((each) => Math.abs(Math.log(factor.value / each)) < 0.02) ?? factor.value
  return {
    ...aboutPrices(judged, beside),
    sentence: `${percent(share)} of the prices of ${titleOf(judged)} are ${formatNumber(Number(named.toPrecision(3)))} times what ${titleOfReference(beside)} shows.`,
    rows: rowsOfShare(judged, share),
    before: 1,
    now: named,
  }
}

/**
 * Many prices became 0, or are missing: twice as many as usual, or where a shop never tells many of them, half of those
 * that it tells.
 */
export function pricesZero(judged: Case): Found | undefined {
  const { now, thresholds, compared } = judged
  const before = compared[0]?.figures
  const usual = before === undefined ? 0 : withoutPrice(before) / Math.max(1, before.rows)
  const share = before === undefined ? 0.5 : Math.max(thresholds.HOLD_ZERO_SHARE, Math.min(2 * usual, (1 + usual) / 2))
  const rows = withoutPrice(now)
  if (share >= 1 || !isClearlyMore(rows, now.rows, share)) return undefined
  const how = now.zero === rows ? 'are 0' : now.zero === 0 ? 'are missing' : 'are 0 or missing'
  return {
    field: 'price_current',
    sentence: `${formatNumber(rows)} of ${formatNumber(now.rows)} prices of ${titleOf(judged)} ${how}.`,
    rows,
    before: usual,
    now: rows / now.rows,
    examples: namesOf(judged, ({ price }) => price <= 0),
  }
}

/** How many rows have no price, or one of 0. */
function withoutPrice({ rows, zero, levels }: Figures): number {
  return zero + Math.max(0, rows - sumOf(levels))
}

// Fewer may be mistakes of the shop itself.
const FAR_MIN = 3

/** Some prices are many times what they were, or 0: a part of the rows was read wrongly. No shop changes prices so. */
export function pricesFar(judged: Case): Found | undefined {
  const { thresholds } = judged
  const isFar = ({ comparison: { prices }, days }: ComparedReference) =>
    days <= NEAR_DAYS_MAX && prices.far >= FAR_MIN && isClearlyMore(prices.far, prices.of, thresholds.HOLD_FAR_SHARE)
  const found = firstIfMost(judged, isFar)
  if (found === undefined || isWitnessed(judged, (each) => each.comparison.prices.of >= PAIRS_MIN && !isFar(each)))
    return undefined
  // The rules on one common factor and on moved prices cover these cases.
  if (isByFactor(found, thresholds.HOLD_PRICES_SHARE) || areMoved(judged, found)) return undefined
  const { far, of } = found.comparison.prices
  return {
    ...aboutPrices(judged, found, isFarFrom),
    sentence: `${percent(far / of)} of the prices of ${titleOf(judged)} are 0, or at least ${FAR} times or at most 1/${FAR} of what ${titleOfReference(found)} shows.`,
    rows: rowsOfShare(judged, far / of),
    before: 0,
    now: far / of,
  }
}

/** Nearly every price is told as reduced, and was not before. */
export function allReduced(judged: Case): Found | undefined {
  const { now, thresholds } = judged
  const shareOf = ({ reduced, rows }: Figures) => (reduced === undefined ? 1 : reduced / Math.max(1, rows))
  if (now.reduced === undefined || !isClearlyMore(now.reduced, now.rows, thresholds.HOLD_CONSTANT_SHARE))
    return undefined
  const found = firstIfMost(judged, ({ figures }) => shareOf(figures) < 0.5)
  if (found === undefined || isWitnessed(judged, ({ figures }) => shareOf(figures) >= 0.8)) return undefined
  return {
    field: 'price_was',
    sentence: `${percent(shareOf(now))} of the prices of ${titleOf(judged)} are told as reduced; in ${titleOfReference(found)} ${percent(shareOf(found.figures))} were.`,
    rows: now.reduced,
    before: shareOf(found.figures),
    now: shareOf(now),
    examples: namesOf(judged, ({ price, was }) => was > price),
  }
}

/** Most prices equal the unit price. */
export function pricesAreUnitPrices(judged: Case): Found | undefined {
  const { now, thresholds, compared } = judged
  const before = compared[0]?.figures
  if (before === undefined || 2 * before.equalUnit > thresholds.HOLD_PRICES_SHARE * before.rows) return undefined
  if (!isClearlyMore(now.equalUnit, now.rows, thresholds.HOLD_PRICES_SHARE)) return undefined
  return {
    field: 'price_current',
    sentence: `In ${formatNumber(now.equalUnit)} of ${formatNumber(now.rows)} rows of ${titleOf(judged)} the price is the unit price.`,
    rows: now.equalUnit,
    before: before.equalUnit / Math.max(1, before.rows),
    now: now.equalUnit / now.rows,
    examples: namesOf(judged, ({ unit }) => unit >= IS_UNIT_PRICE),
  }
}

/** Few prices are near or equal to the previous ones: they belong to other rows, or are no prices. */
export function pricesMoved(judged: Case): Found | undefined {
  const found = firstIfMost(judged, (each) => areMoved(judged, each))
  if (found === undefined || isWitnessed(judged, isAlike)) return undefined
  // The rules on one common factor cover this case, and a small factor may be real.
  if (isByFactor(found, judged.thresholds.HOLD_PRICES_SHARE)) return undefined
  const { prices } = found.comparison
  const share = 1 - prices.same / prices.of
  return {
    ...aboutPrices(judged, found),
    repair: repairOfPrices(judged, found),
    sentence: `${percent(share)} of the prices of ${titleOf(judged)} are others than in ${titleOfReference(found)}, ${percent(1 - prices.near / prices.of)} of them far from it.`,
    rows: rowsOfShare(judged, share),
    before: 0,
    now: share,
  }
}

// After so many days, prices have changed too much to be compared for equality or nearness.
const SAME_DAYS_MAX = 120
const NEAR_DAYS_MAX = 400

function areMoved({ thresholds, isUniform }: Case, { comparison, days, isSister }: ComparedReference): boolean {
  const { of, near, same } = comparison.prices
  if (days > NEAR_DAYS_MAX) return false
  const nearMin = isSister && !isUniform() ? thresholds.HOLD_NEAR_SHARE - 0.05 : thresholds.HOLD_NEAR_SHARE
  if (isClearlyLess(near, of, nearMin)) return true
  if (isSister && !isUniform()) return false
  return isClearlyLess(same, of, thresholds.HOLD_SAME_SHARE * Math.max(0, 1 - days / SAME_DAYS_MAX))
}

/** In most rows with both, the former price is below the price: the two fields are swapped. */
export function wasBelowPrice(judged: Case): Found | undefined {
  const { now, compared, thresholds } = judged
  const before = compared[0]?.figures
  const isUsual = before !== undefined && 2 * before.wasBelow > before.filled.price_was && before.wasBelow > 0
  if (isUsual || !isClearlyMore(now.wasBelow, now.filled.price_was, thresholds.HOLD_PRICES_SHARE)) return undefined
  return {
    field: 'price_current',
    sentence: `In ${formatNumber(now.wasBelow)} of ${formatNumber(now.filled.price_was)} rows of ${titleOf(judged)} with a former price, that is below the price.`,
    rows: now.wasBelow,
    before: before === undefined ? 0 : before.wasBelow / Math.max(1, before.filled.price_was),
    now: now.wasBelow / now.filled.price_was,
    examples: namesOf(judged, ({ price, was }) => was >= 0 && was < price),
    repair: { kind: 'swap', field: 'price_current', with: 'price_was' },
  }
}

function aboutPrices(judged: Case, beside: ComparedReference, isMeant = isOther) {
  return {
    field: 'price_current',
    examples: examplesOf(judged, beside, isMeant),
    picture: { kind: 'ratios', bars: beside.comparison.ratios },
  } as const
}

const plainMoney = moneyIn(undefined)

/** Whether a listing has a price in both scrapes, and another one now. */
function isOther(now: number, then: number): boolean {
  return now >= 0 && then >= 0 && now !== then
}

function examplesOf({ scrape }: Case, { figures }: ComparedReference, isMeant: typeof isOther): string[] {
  const money = scrape.money ?? plainMoney
  const then = new Map(sampleOf(figures).map((each) => [each.hash, each.price]))
  const isChanged = ({ hash, price }: Shown) => then.has(hash) && isMeant(price, then.get(hash)!)
  return firstOf(scrape.sampled, isChanged).map(
    ({ code, label, hash, price }) => `${code} ${label.name}: ${money(then.get(hash)!)} → ${money(price)}`,
  )
}

/** The first five listings of a sample for which `isMeant` holds. The texts of each further one would have to be read. */
export function firstOf(sampled: readonly Shown[] | undefined, isMeant: (shown: Shown) => boolean): Shown[] {
  const examples: Shown[] = []
  for (const shown of sampled ?? []) if (examples.length < EXAMPLES_MAX && isMeant(shown)) examples.push(shown)
  return examples
}

/** Up to five listings of the sample for which `isMeant` holds, as text for people. */
export function namesOf({ scrape }: Case, isMeant: (shown: Shown) => boolean): string[] {
  const money = scrape.money ?? plainMoney
  return firstOf(scrape.sampled, isMeant).map(
    ({ code, label, price }) => `${code} ${label.name}${price < 0 ? '' : `: ${money(price)}`}`,
  )
}

/** The name of a scrape in messages. */
export function titleOf({ scrape }: Case): string {
  return `${scrape.store} on ${scrape.date}`
}

/** The name of the compared scrape in messages. */
export function titleOfReference({ isSister, store, date }: ComparedReference): string {
  return isSister ? `the scrape of ${store} on ${date}` : `its scrape of ${date}`
}

/** A share of the scrape's rows as a number of rows. */
export function rowsOfShare({ now }: Case, share: number): number {
  return Math.round(share * now.rows)
}
