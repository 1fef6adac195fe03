/** Rules on prices. Pure. */
import { moneyFormatter } from '../money.ts'
import { formatNumber, percent } from '../number.ts'
import { FAR_FACTOR, isFarFrom } from './comparison.ts'
import type { Figures, SampledRow } from './figures.ts'
import { EXAMPLES_MAX, type RuleResult } from './finding.ts'
import { detectPriceRepair } from './repairs.ts'
import {
  type ComparedReference,
  firstIfMost,
  isClearlyLess,
  isClearlyMore,
  isWitnessed,
  type RuleInput,
  SHARE_BASIS_MIN,
  sumOf,
} from './rule-input.ts'
import { sampleOf } from './sample.ts'
import { PRICE_IS_UNIT_PRICE } from './unit-price.ts'

// Compared with the store's own scrape, a smaller factor may be a tax change; another store may simply be dearer.
const FACTOR_MIN = 1.05
const SISTER_FACTOR_MIN = 1.5
const UNIFORM_FACTOR_MIN = 1.05
const NAMED_FACTORS = [1000, 100, 10, 0.1, 0.01, 0.001] as const

/** Most prices changed by the same factor. */
export function pricesByFactor(input: RuleInput): RuleResult | undefined {
  const { thresholds } = input
  const least = ({ isSister }: ComparedReference) =>
    isSister ? (input.isUniform() ? UNIFORM_FACTOR_MIN : SISTER_FACTOR_MIN) : FACTOR_MIN
  const found = firstIfMost(
    input,
    (each) =>
      isByFactor(each, thresholds.HOLD_PRICES_SHARE) && isFactorBeyond(each.comparison.factor.value, least(each)),
  )
  if (found === undefined || isWitnessed(input, hasSamePrices)) return undefined
  return { ...factorResult(input, found), repair: detectPriceRepair(input, found) }
}

/** Most prices changed by the same factor, which is near enough to 1 to be real. */
export function pricesByFactorNearOne(input: RuleInput): RuleResult | undefined {
  const [own] = input.compared
  if (own === undefined || own.isSister || !isByFactor(own, input.thresholds.HOLD_PRICES_SHARE)) return undefined
  if (isFactorBeyond(own.comparison.factor.value, FACTOR_MIN)) return undefined
  return factorResult(input, own)
}

function isByFactor({ comparison: { factor, prices } }: ComparedReference, share: number): boolean {
  return isClearlyMore(factor.count, prices.of, share)
}

function isFactorBeyond(factor: number, least: number): boolean {
  return Math.abs(Math.log(factor)) >= Math.log(least)
}

function hasSamePrices({ comparison: { prices } }: ComparedReference): boolean {
  return prices.of >= SHARE_BASIS_MIN && prices.same >= 0.8 * prices.of
}

function factorResult(input: RuleInput, reference: ComparedReference): RuleResult {
  const { factor, prices } = reference.comparison
  const share = factor.count / prices.of
  const named = NAMED_FACTORS.find((each) => Math.abs(Math.log(factor.value / each)) < 0.02) ?? factor.value
  return {
    ...priceResult(input, reference),
    sentence: `${percent(share)} of the prices of ${scrapeTitle(input)} are ${formatNumber(Number(named.toPrecision(3)))} times what ${referenceTitle(reference)} shows.`,
    rows: rowsOfShare(input, share),
    before: 1,
    now: named,
  }
}

/**
 * Many prices became 0 or are missing: twice as many as usual; if a shop usually lacks many, half of those that it
 * has.
 */
export function pricesZero(input: RuleInput): RuleResult | undefined {
  const { now, thresholds, compared } = input
  const before = compared[0]?.figures
  const usual = before === undefined ? 0 : rowsWithoutPrice(before) / Math.max(1, before.rows)
  const share = before === undefined ? 0.5 : Math.max(thresholds.HOLD_ZERO_SHARE, Math.min(2 * usual, (1 + usual) / 2))
  const rows = rowsWithoutPrice(now)
  if (share >= 1 || !isClearlyMore(rows, now.rows, share)) return undefined
  const how = now.zero === rows ? 'are 0' : now.zero === 0 ? 'are missing' : 'are 0 or missing'
  return {
    field: 'price_current',
    sentence: `${formatNumber(rows)} of ${formatNumber(now.rows)} prices of ${scrapeTitle(input)} ${how}.`,
    rows,
    before: usual,
    now: rows / now.rows,
    examples: exampleNames(input, ({ price }) => price <= 0),
  }
}

/** How many rows have no price, or one of 0. */
function rowsWithoutPrice({ rows, zero, levels }: Figures): number {
  return zero + Math.max(0, rows - sumOf(levels))
}

// Fewer may be errors of the shop itself.
const FAR_PRICES_MIN = 3

/** Some prices are far from the former ones, as no shop changes them: a part of the rows was scraped wrongly. */
export function pricesFar(input: RuleInput): RuleResult | undefined {
  const { thresholds } = input
  const isFar = ({ comparison: { prices }, days }: ComparedReference) =>
    days <= NEAR_DAYS_MAX &&
    prices.far >= FAR_PRICES_MIN &&
    isClearlyMore(prices.far, prices.of, thresholds.HOLD_FAR_SHARE)
  const found = firstIfMost(input, isFar)
  if (found === undefined || isWitnessed(input, (each) => each.comparison.prices.of >= SHARE_BASIS_MIN && !isFar(each)))
    return undefined
  // The rules on one common factor and on moved prices cover these cases.
  if (isByFactor(found, thresholds.HOLD_PRICES_SHARE) || arePricesMoved(input, found)) return undefined
  const { far, of } = found.comparison.prices
  return {
    ...priceResult(input, found, isFarFrom),
    sentence: `${percent(far / of)} of the prices of ${scrapeTitle(input)} are 0, or at least ${FAR_FACTOR} times or at most 1/${FAR_FACTOR} of what ${referenceTitle(found)} shows.`,
    rows: rowsOfShare(input, far / of),
    before: 0,
    now: far / of,
  }
}

/** Nearly every row has a higher former price, and did not before. */
export function allReduced(input: RuleInput): RuleResult | undefined {
  const { now, thresholds } = input
  const shareOf = ({ reduced, rows }: Figures) => (reduced === undefined ? 1 : reduced / Math.max(1, rows))
  if (now.reduced === undefined || !isClearlyMore(now.reduced, now.rows, thresholds.HOLD_CONSTANT_SHARE))
    return undefined
  const found = firstIfMost(input, ({ figures }) => shareOf(figures) < 0.5)
  if (found === undefined || isWitnessed(input, ({ figures }) => shareOf(figures) >= 0.8)) return undefined
  return {
    field: 'price_was',
    sentence: `${percent(shareOf(now))} of the prices of ${scrapeTitle(input)} are told as reduced; in ${referenceTitle(found)} ${percent(shareOf(found.figures))} were.`,
    rows: now.reduced,
    before: shareOf(found.figures),
    now: shareOf(now),
    examples: exampleNames(input, ({ price, was }) => was > price),
  }
}

/** Most prices equal the unit price. */
export function pricesAreUnitPrices(input: RuleInput): RuleResult | undefined {
  const { now, thresholds, compared } = input
  const before = compared[0]?.figures
  if (before === undefined || 2 * before.equalUnit > thresholds.HOLD_PRICES_SHARE * before.rows) return undefined
  if (!isClearlyMore(now.equalUnit, now.rows, thresholds.HOLD_PRICES_SHARE)) return undefined
  return {
    field: 'price_current',
    sentence: `In ${formatNumber(now.equalUnit)} of ${formatNumber(now.rows)} rows of ${scrapeTitle(input)} the price is the unit price.`,
    rows: now.equalUnit,
    before: before.equalUnit / Math.max(1, before.rows),
    now: now.equalUnit / now.rows,
    examples: exampleNames(input, ({ unit }) => unit >= PRICE_IS_UNIT_PRICE),
  }
}

/** Few prices are near or equal to the former ones: they belong to other rows, or are no prices. */
export function pricesMoved(input: RuleInput): RuleResult | undefined {
  const found = firstIfMost(input, (each) => arePricesMoved(input, each))
  if (found === undefined || isWitnessed(input, hasSamePrices)) return undefined
  // The rules on one common factor cover this case, and a small factor may be real.
  if (isByFactor(found, input.thresholds.HOLD_PRICES_SHARE)) return undefined
  const { prices } = found.comparison
  const share = 1 - prices.same / prices.of
  return {
    ...priceResult(input, found),
    repair: detectPriceRepair(input, found),
    sentence: `${percent(share)} of the prices of ${scrapeTitle(input)} are others than in ${referenceTitle(found)}, ${percent(1 - prices.near / prices.of)} of them far from it.`,
    rows: rowsOfShare(input, share),
    before: 0,
    now: share,
  }
}

// After so many days, prices have changed too much to be compared for equality or nearness.
const SAME_DAYS_MAX = 120
const NEAR_DAYS_MAX = 400

function arePricesMoved(
  { thresholds, isUniform }: RuleInput,
  { comparison, days, isSister }: ComparedReference,
): boolean {
  const { of, near, same } = comparison.prices
  if (days > NEAR_DAYS_MAX) return false
  const nearMin = isSister && !isUniform() ? thresholds.HOLD_NEAR_SHARE - 0.05 : thresholds.HOLD_NEAR_SHARE
  if (isClearlyLess(near, of, nearMin)) return true
  if (isSister && !isUniform()) return false
  return isClearlyLess(same, of, thresholds.HOLD_SAME_SHARE * Math.max(0, 1 - days / SAME_DAYS_MAX))
}

/** In most rows with both, the former price is below the price: the two fields are swapped. */
export function wasBelowPrice(input: RuleInput): RuleResult | undefined {
  const { now, compared, thresholds } = input
  const before = compared[0]?.figures
  const isUsual = before !== undefined && 2 * before.wasBelow > before.filled.price_was && before.wasBelow > 0
  if (isUsual || !isClearlyMore(now.wasBelow, now.filled.price_was, thresholds.HOLD_PRICES_SHARE)) return undefined
  return {
    field: 'price_current',
    sentence: `In ${formatNumber(now.wasBelow)} of ${formatNumber(now.filled.price_was)} rows of ${scrapeTitle(input)} with a former price, that is below the price.`,
    rows: now.wasBelow,
    before: before === undefined ? 0 : before.wasBelow / Math.max(1, before.filled.price_was),
    now: now.wasBelow / now.filled.price_was,
    examples: exampleNames(input, ({ price, was }) => was >= 0 && was < price),
    repair: { kind: 'swap', field: 'price_current', with: 'price_was' },
  }
}

function priceResult(input: RuleInput, reference: ComparedReference, isExample = isRepriced) {
  return {
    field: 'price_current',
    examples: priceExamples(input, reference, isExample),
    picture: { kind: 'ratios', bars: reference.comparison.ratios },
  } as const
}

const plainMoney = moneyFormatter(undefined)

/** Whether a listing has a price in both scrapes, and they differ. */
function isRepriced(now: number, then: number): boolean {
  return now >= 0 && then >= 0 && now !== then
}

function priceExamples({ scrape }: RuleInput, { figures }: ComparedReference, isExample: typeof isRepriced): string[] {
  const money = scrape.money ?? plainMoney
  const then = new Map(sampleOf(figures).map((each) => [each.hash, each.price]))
  const isChanged = ({ hash, price }: SampledRow) => then.has(hash) && isExample(price, then.get(hash)!)
  return firstExamples(scrape.sampled, isChanged).map(
    ({ code, label, hash, price }) => `${code} ${label.name}: ${money(then.get(hash)!)} → ${money(price)}`,
  )
}

/** The first five listings of a sample for which `isExample` holds. Stops there: reading texts takes time. */
export function firstExamples(
  sampled: readonly SampledRow[] | undefined,
  isExample: (shown: SampledRow) => boolean,
): SampledRow[] {
  const examples: SampledRow[] = []
  for (const shown of sampled ?? []) if (examples.length < EXAMPLES_MAX && isExample(shown)) examples.push(shown)
  return examples
}

/** Up to five listings of the sample for which `isExample` holds, as text for people. */
export function exampleNames({ scrape }: RuleInput, isExample: (shown: SampledRow) => boolean): string[] {
  const money = scrape.money ?? plainMoney
  return firstExamples(scrape.sampled, isExample).map(
    ({ code, label, price }) => `${code} ${label.name}${price < 0 ? '' : `: ${money(price)}`}`,
  )
}

/** The name of a scrape in messages. */
export function scrapeTitle({ scrape }: RuleInput): string {
  return `${scrape.store} on ${scrape.date}`
}

/** The name of the compared scrape in messages. */
export function referenceTitle({ isSister, store, date }: ComparedReference): string {
  return isSister ? `the scrape of ${store} on ${date}` : `its scrape of ${date}`
}

/** A share of the scrape's rows as a number of rows. */
export function rowsOfShare({ now }: RuleInput, share: number): number {
  return Math.round(share * now.rows)
}
