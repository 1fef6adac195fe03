/** The case of one scrape: its figures, and what it is compared with. Pure. */
import type { WriteMoney } from '../money.ts'
import { DAY_MS } from '../time.ts'
import { type Comparison, compareSamples, samePrices } from './comparison.ts'
import type { Counted, Figures, Shown } from './figures.ts'
import { sampleOf } from './sample.ts'
import type { Thresholds } from './thresholds.ts'

/** A scrape that is judged. `sampled`: its sample with the texts, where the rows are at hand. */
export type Judged = Readonly<{
  company: string
  /** The name of the store, for people. */
  store: string
  /** The code of the store, where that is another. */
  code?: string
  date: string
  /** The day of its receipt (UTC). */
  receivedOn: string
  figures: Figures
  sampled?: readonly Shown[] | undefined
  /** Its lines that are no rows: the shop showed them, so they are not missing; that they are too many is told of the file. */
  rejected?: number
  /** How prices are written, where that is in a currency. */
  money?: WriteMoney
}>

/** A scrape that was believed, of the same store or of another one of the company. */
export type Reference = Readonly<{ store: string; date: string; figures: Figures }>

/** All that a scrape is compared with. */
export type References = Readonly<{
  /** The store's newest earlier scrape; where there is none, its first later one. */
  own?: Reference | undefined
  /** The rows of the store's last ten dates before this one. */
  usual: readonly number[]
  /** The store's newest date, or the company's where it has none. */
  newest?: string | undefined
  /** What the store's date shows already. */
  beside?: Figures | undefined
  /** How many listings the date will show, where that is known better than by the figures. */
  rows?: number | undefined
  /** The company's other stores, each with its scrape of the nearest date. */
  sisters: readonly Reference[]
}>

/** A scrape beside one that was believed. */
export type ComparedReference = Reference & Readonly<{ isSister: boolean; days: number; comparison: Comparison }>

/** What the rules look at. `now`: what the date will show. */
export type Case = Readonly<{
  scrape: Judged
  now: Figures
  references: References
  /** Its own reference, or, of a first scrape, those of some sisters. */
  beside: readonly ComparedReference[]
  /** The sisters' scrapes since the store's own reference: where most of them show the same change, it is the company's. */
  witnesses: () => readonly ComparedReference[]
  /** Where sisters agree with each other in nearly all prices, a store that does not is no store with prices of its own. */
  isUniform: () => boolean
  thresholds: Thresholds
}>

const SISTERS_MAX = 7
const WITNESS_DAYS_MAX = 10

/** Days from one date to another. */
export function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(to) - Date.parse(from)) / DAY_MS)
}

/** Puts a scrape beside its references. */
export function caseOf(scrape: Judged, now: Figures, references: References, thresholds: Thresholds): Case {
  const sample = sampleOf(now)
  const besides = (reference: Reference, isSister: boolean): ComparedReference => ({
    ...reference,
    isSister,
    days: Math.abs(daysBetween(reference.date, scrape.date)),
    comparison: compareSamples(sample, sampleOf(reference.figures)),
  })
  const { own } = references
  const sisters = once(() => references.sisters.slice(0, SISTERS_MAX).map((each) => besides(each, true)))
  // Where the store's own reference is later, they are those before it.
  const isBetween = (date: string) => own !== undefined && (own.date < scrape.date ? date > own.date : date < own.date)
  const isSince = ({ date, days }: ComparedReference) => days <= WITNESS_DAYS_MAX && isBetween(date)
  return {
    scrape,
    now,
    references,
    beside: own === undefined ? sisters() : [besides(own, false)],
    witnesses: once(() => sisters().filter(isSince)),
    isUniform: once(() => isUniform(sisters())),
    thresholds,
  }
}

/** An answer that is made when it is first asked for: most scrapes raise no question that others must answer. */
export function once<Answer>(make: () => Answer): () => Answer {
  let made: Readonly<{ answer: Answer }> | undefined
  return () => {
    made ??= { answer: make() }
    return made.answer
  }
}

function isUniform(sisters: readonly ComparedReference[]): boolean {
  const pairs = sisters.slice(1).map((each, place) => {
    const [one, other] = [each, sisters[place]!].map(({ figures }) => sampleOf(figures))
    const { of, same } = samePrices(one!, other!)
    return of < PAIRS_MIN ? undefined : same / of
  })
  const known = pairs.filter((pair) => pair !== undefined)
  return known.length > 0 && known.filter((pair) => pair >= 0.9).length * 2 > known.length
}

/** How many listings two scrapes must share for what is told of them to be compared. */
export const PAIRS_MIN = 8

/** The reference that a test is true of, where it is true of most of them. */
export function most({ beside }: Case, isTrue: (each: ComparedReference) => boolean): ComparedReference | undefined {
  const found = beside.filter(isTrue)
  return found.length * 2 > beside.length ? found[0] : undefined
}

/** Whether most of the company's other stores show the same change: at least two must. */
export function isWitnessed({ witnesses }: Case, isTrue: (each: ComparedReference) => boolean): boolean {
  const all = witnesses()
  const found = all.filter(isTrue)
  return found.length >= 2 && found.length * 2 > all.length
}

/** Whether a share is beyond what it may be, and by more than chance makes of so few. */
export function isMore(count: number, of: number, share: number): boolean {
  return of >= PAIRS_MIN && count - share * of > chance(of, share)
}

/** Whether a share is below what it should be, and by more than chance makes of so few. */
export function isFewer(count: number, of: number, share: number): boolean {
  return of >= PAIRS_MIN && share * of - count > chance(of, share)
}

function chance(of: number, share: number): number {
  return 1.3 * Math.sqrt(of * share * (1 - share))
}

/** The rows of a category among counted ones. */
export function rowsOf(counted: readonly Counted[], name: string): number {
  return counted.find(([each]) => each === name)?.[1] ?? 0
}

/** The sum of some numbers. */
export function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0)
}

/** The middle of some numbers; undefined of none. */
export function medianOf(numbers: readonly number[]): number | undefined {
  const sorted = numbers.toSorted((one, other) => one - other)
  const upper = sorted[sorted.length >> 1]
  if (upper === undefined || sorted.length % 2 === 1) return upper
  return (upper + sorted[(sorted.length >> 1) - 1]!) / 2
}
