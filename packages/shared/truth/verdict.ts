/** What is said of a scrape: that it is held, or a finding that is told while it is loaded. */
import type { Case } from './case.ts'

/** A repair that can be made again whenever the bytes are read: nothing of them changes. */
export type Repair =
  | Readonly<{ kind: 'factor'; field: 'price_current'; factor: number }>
  | Readonly<{ kind: 'swap'; field: 'price_current' | 'name'; with: 'price_was' | 'brand' }>
  | Readonly<{ kind: 'date'; field: 'scraped_date'; date: string }>

/** A repair that a person has accepted. */
export type RepairedBy = Readonly<{ repair: Repair; by: string }>

/** Figures as a small picture. */
export type Picture =
  | Readonly<{ kind: 'ratios'; bars: readonly number[] }>
  | Readonly<{ kind: 'counts'; rows: readonly (readonly [name: string, then: number, now: number])[] }>

/** What a rule found. Shares are from 0 to 1. */
export type Found = Readonly<{
  field?: string
  sentence: string
  rows: number
  before?: number
  now?: number
  examples?: readonly string[]
  picture?: Picture
  repair?: Repair | undefined
}>

/** A rule: how it finds what it looks for in a case. `held`: a scrape that it finds is held. */
export type Rule = Readonly<{
  held: boolean
  /** What it looks for, in the words of docs/truth.md. */
  about: string
  settings: readonly string[]
  find: (judged: Case) => Found | readonly Found[] | undefined
}>

/** What is said of a scrape. */
export type Verdict = Readonly<{
  rule: string
  held: boolean
  field: string | null
  sentence: string
  rows: number
  before: number | null
  now: number | null
  examples: readonly string[]
  picture: Picture | null
  repair: Repair | null
}>

/** A verdict as it is recorded. */
export function verdictOf(rule: string, held: boolean, found: Found): Verdict {
  const {
    field = null,
    sentence,
    rows,
    before = null,
    now = null,
    examples = [],
    picture = null,
    repair = null,
  } = found
  return { rule, held, field, sentence, rows, before, now, examples: examples.slice(0, 5), picture, repair }
}

/** A share for people. */
export function percent(share: number): string {
  return `${Math.round(share * 1000) / 10} %`
}

/** Whole cents for people. */
export function money(cents: number): string {
  return (cents / 100).toFixed(2)
}
