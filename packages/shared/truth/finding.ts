/** Findings on a scrape: those with `held` hold its file, others are only reported. */
import type { RuleInput } from './rule-input.ts'

/** A repair, applied each time the file is read: the stored bytes do not change. */
export type Repair =
  | Readonly<{ kind: 'factor'; field: 'price_current'; factor: number }>
  | Readonly<{ kind: 'swap'; field: 'price_current' | 'name'; with: 'price_was' | 'brand' }>
  | Readonly<{ kind: 'date'; field: 'scraped_date'; date: string }>

/** A repair that a person has accepted. */
export type AcceptedRepair = Readonly<{ repair: Repair; by: string }>

/** Data of a finding's chart: a histogram of price ratios, or the rows of each category then and now. */
export type FindingChart =
  | Readonly<{ kind: 'ratios'; bars: readonly number[] }>
  | Readonly<{ kind: 'counts'; rows: readonly (readonly [name: string, then: number, now: number])[] }>

/** What a rule found. Shares are 0 to 1. `brief`: the same text for all scrapes of a chain; default: `Rule.about`. */
export type RuleResult = Readonly<{
  field?: string
  sentence: string
  brief?: string
  rows: number
  before?: number
  now?: number
  examples?: readonly string[]
  picture?: FindingChart
  repair?: Repair | undefined
}>

/** A rule. `held`: its findings hold the file; else they are only reported. */
export type Rule = Readonly<{
  held: boolean
  /** What it looks for, in the words of docs/truth.md. */
  about: string
  settings: readonly string[]
  find: (input: RuleInput) => RuleResult | readonly RuleResult[] | undefined
}>

/** A person's belief that covers a finding. */
export type CoveringBelief = Readonly<{ id: number; since: string }>

/** The company and store of a finding; null: it concerns the whole file. Codes as sent. */
export type FindingScope = Readonly<{ company: string | null; store: string | null }>

/** A finding on a scrape. Records of older versions lack `company`, `store` and `brief`. */
export type Finding = Partial<FindingScope> &
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
    picture: FindingChart | null
    repair: Repair | null
    believed?: CoveringBelief
  }>

/** Whether a finding holds its file: not if a person's belief covers it. */
export function isHolding({ held, believed }: Finding): boolean {
  return held && believed === undefined
}

/** Makes a finding, as it is recorded. */
export function makeFinding(rule: string, held: boolean, found: RuleResult, whose: FindingScope = WHOLE_FILE): Finding {
  const { field = null, sentence, rows, before = null, now = null, examples = [] } = found
  const { brief = sentence, picture = null, repair = null } = found
  const { company, store } = whose
  const figures = { rows, before, now, examples: examples.slice(0, EXAMPLES_MAX), picture, repair }
  return { rule, held, company, store, field, brief, sentence, ...figures }
}

const WHOLE_FILE: FindingScope = { company: null, store: null }
/** The maximum number of examples of a finding. */
export const EXAMPLES_MAX = 5
