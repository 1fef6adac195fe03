/** The input of the rules: a scrape to judge, the references it is compared with, and the comparisons. Pure. */
import { daysBetween } from '../date.ts'
import type { FormatMoney } from '../money.ts'
import { type Comparison, compareSamples, samePrices } from './comparison.ts'
import type { Figures, NamedCount, SampledRow } from './figures.ts'
import { sampleOf } from './sample.ts'
import type { Thresholds } from './thresholds.ts'

/** A scrape to judge. `sampled`: its sample of rows with their texts, if these are available. */
export type JudgedScrape = Readonly<{
  company: string
  /** The name of the store, for people. */
  store: string
  /** The code of the store, if it differs from the name. */
  code?: string
  date: string
  /** The date on which it was received (UTC). */
  receivedOn: string
  figures: Figures
  sampled?: readonly SampledRow[] | undefined
  /** An estimate of its rejected lines. They do not count as missing rows; a rule on the file limits their number. */
  rejected?: number
  /** How prices are written in examples; default: without a currency. */
  money?: FormatMoney
}>

/** A reference: a loaded scrape of the same store (own), or of another store of the company (sister). */
export type Reference = Readonly<{ store: string; date: string; figures: Figures }>

/** What a scrape is compared with. */
export type References = Readonly<{
  /** The store's newest earlier scrape; if it has none, its first later one. */
  own?: Reference | undefined
  /** The numbers of rows of the store's last ten dates before this one. */
  usual: readonly number[]
  /** The store's newest date; if it has none, that of the company. */
  newest?: string | undefined
  /** The figures of what is already loaded of the same store and date. */
  beside?: Figures | undefined
  /** How many listings the store will have on this date, if known more exactly than by the figures. */
  rows?: number | undefined
  /** The company's other stores, each with its scrape of the nearest date. */
  sisters: readonly Reference[]
}>

/** A reference compared with the scrape. `days`: between the two dates. */
export type ComparedReference = Reference & Readonly<{ isSister: boolean; days: number; comparison: Comparison }>

/**
 * The input of the rules. `now`: the figures of the store's date once the scrape is loaded; `rows`: how many listings
 * the date will have; more than the figures count if a scrape of that date has no figures.
 */
export type RuleInput = Readonly<{
  scrape: JudgedScrape
  now: Figures
  rows: number
  references: References
  /** The scrape's references with comparisons: the store's own one; for a store's first scrape some sisters. */
  compared: readonly ComparedReference[]
  /** Sisters' scrapes since the store's own reference. If most have the same change, the company made it: no error. */
  witnesses: () => readonly ComparedReference[]
  /** Whether all stores of the company have nearly the same prices: then a store with other prices is an error. */
  isUniform: () => boolean
  thresholds: Thresholds
}>

const SISTERS_MAX = 7
// A sister's scrape of a more distant date says little about a change at this one.
const WITNESS_DAYS_MAX = 10

/** Makes the input of the rules. `now`: the scrape's figures, merged with those already loaded of its date. */
export function makeRuleInput(
  scrape: JudgedScrape,
  now: Figures,
  references: References,
  thresholds: Thresholds,
): RuleInput {
  const sample = sampleOf(now)
  const compare = (reference: Reference, isSister: boolean): ComparedReference => ({
    ...reference,
    isSister,
    days: Math.abs(daysBetween(reference.date, scrape.date)),
    comparison: compareSamples(sample, sampleOf(reference.figures)),
  })
  const { own } = references
  const sisters = memoize(() => references.sisters.slice(0, SISTERS_MAX).map((each) => compare(each, true)))
  // If the store's own reference is a later scrape, witnesses must be earlier than that one.
  const isBetween = (date: string) => own !== undefined && (own.date < scrape.date ? date > own.date : date < own.date)
  const isSince = ({ date, days }: ComparedReference) => days <= WITNESS_DAYS_MAX && isBetween(date)
  return {
    scrape,
    now,
    rows: references.rows ?? now.rows,
    references,
    compared: own === undefined ? sisters() : [compare(own, false)],
    witnesses: memoize(() => sisters().filter(isSince)),
    isUniform: memoize(() => isUniform(sisters())),
    thresholds,
  }
}

/** Computes a value on the first call and caches it: most scrapes need no comparison with sisters. */
export function memoize<Answer>(make: () => Answer): () => Answer {
  let made: Readonly<{ answer: Answer }> | undefined
  return () => {
    made ??= { answer: make() }
    return made.answer
  }
}

/** Whether most sisters have the same price as the next one for at least 90 % of the listings that they share. */
function isUniform(sisters: readonly ComparedReference[]): boolean {
  const pairs = sisters.slice(1).map((each, place) => {
    const [one, other] = [each, sisters[place]!].map(({ figures }) => sampleOf(figures))
    const { of, same } = samePrices(one!, other!)
    return of < SHARE_BASIS_MIN ? undefined : same / of
  })
  const known = pairs.filter((pair) => pair !== undefined)
  return known.length > 0 && known.filter((pair) => pair >= 0.9).length * 2 > known.length
}

/** The fewest listings, rows or values from which a share is judged; below it, chance decides. */
export const SHARE_BASIS_MIN = 8

/** The first compared reference for which `isTrue` holds, if it holds for most of them; else undefined. */
export function firstIfMost(
  { compared }: RuleInput,
  isTrue: (each: ComparedReference) => boolean,
): ComparedReference | undefined {
  const found = compared.filter(isTrue)
  return found.length * 2 > compared.length ? found[0] : undefined
}

/** Whether `isTrue` holds for most witnesses, and for at least two. */
export function isWitnessed({ witnesses }: RuleInput, isTrue: (each: ComparedReference) => boolean): boolean {
  const all = witnesses()
  const found = all.filter(isTrue)
  return found.length >= 2 && found.length * 2 > all.length
}

/** Whether `count` of `of` is a larger share than `share`, by more than chance explains; false below `SHARE_BASIS_MIN`. */
export function isClearlyMore(count: number, of: number, share: number): boolean {
  return of >= SHARE_BASIS_MIN && count - share * of > chanceMargin(of, share)
}

/** Whether `count` of `of` is a smaller share than `share`, by more than chance explains; false below `SHARE_BASIS_MIN`. */
export function isClearlyLess(count: number, of: number, share: number): boolean {
  return of >= SHARE_BASIS_MIN && share * of - count > chanceMargin(of, share)
}

/** 1.3 standard deviations of a binomial count. */
function chanceMargin(of: number, share: number): number {
  return 1.3 * Math.sqrt(of * share * (1 - share))
}

/** The number of rows of a category; 0 if it is not among the counted ones. */
export function rowsOfCategory(counted: readonly NamedCount[], name: string): number {
  return counted.find(([each]) => each === name)?.[1] ?? 0
}

/** The sum of some numbers. */
export function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0)
}

/** The median; undefined if there are no numbers. */
export function medianOf(numbers: readonly number[]): number | undefined {
  const sorted = numbers.toSorted((one, other) => one - other)
  const upper = sorted[sorted.length >> 1]
  if (upper === undefined || sorted.length % 2 === 1) return upper
  return (upper + sorted[(sorted.length >> 1) - 1]!) / 2
}
