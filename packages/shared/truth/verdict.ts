/** Verdicts on a scrape: a hold, or a finding, which is reported while the scrape is loaded. */
import type { Case } from './case.ts'

/** A repair, applied each time the file is read: the stored bytes do not change. */
export type Repair =
  | Readonly<{ kind: 'factor'; field: 'price_current'; factor: number }>
  | Readonly<{ kind: 'swap'; field: 'price_current' | 'name'; with: 'price_was' | 'brand' }>
  | Readonly<{ kind: 'date'; field: 'scraped_date'; date: string }>

/** A repair that a person has accepted. */
export type RepairedBy = Readonly<{ repair: Repair; by: string }>

/** Data of a small chart. */
export type Picture =
  | Readonly<{ kind: 'ratios'; bars: readonly number[] }>
  | Readonly<{ kind: 'counts'; rows: readonly (readonly [name: string, then: number, now: number])[] }>

/** What a rule found. Shares are 0 to 1. `brief`: the same text for all scrapes of a chain; default: `Rule.about`. */
export type Found = Readonly<{
  field?: string
  sentence: string
  brief?: string
  rows: number
  before?: number
  now?: number
  examples?: readonly string[]
  picture?: Picture
  repair?: Repair | undefined
}>

/** A rule. `held`: it holds the scrape; else it only reports a finding. */
export type Rule = Readonly<{
  held: boolean
  /** What it looks for, in the words of docs/truth.md. */
  about: string
  settings: readonly string[]
  find: (judged: Case) => Found | readonly Found[] | undefined
}>

/** A person's belief that covers a verdict. */
export type Believed = Readonly<{ id: number; since: string }>

/** The company and store of a verdict; null: it concerns the whole file. Codes as sent. */
export type VerdictScope = Readonly<{ company: string | null; store: string | null }>

/** A verdict on a scrape. Records of older versions lack `company`, `store` and `brief`. */
export type Verdict = Partial<VerdictScope> &
  Readonly<{
    rule: string
    held: boolean
    brief?: string
    field: string | null
    sentence: string
    rows: number
    before: number | null
    now: number | null
    examples: readonly string[]
    picture: Picture | null
    repair: Repair | null
    believed?: Believed
  }>

/** Whether a verdict holds its file: not if a person's belief covers it. */
export function isHolding({ held, believed }: Verdict): boolean {
  return held && believed === undefined
}

/** Makes a verdict, as it is recorded. */
export function verdictOf(rule: string, held: boolean, found: Found, whose: VerdictScope = OF_THE_FILE): Verdict {
  const { field = null, sentence, rows, before = null, now = null, examples = [] } = found
  const { brief = sentence, picture = null, repair = null } = found
  const { company, store } = whose
  const figures = { rows, before, now, examples: examples.slice(0, EXAMPLES_MAX), picture, repair }
  return { rule, held, company, store, field, brief, sentence, ...figures }
}

const OF_THE_FILE: VerdictScope = { company: null, store: null }
/** So many examples are kept with a verdict. */
export const EXAMPLES_MAX = 5
