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

/** What a rule found. Shares are from 0 to 1. `brief`: the same words for every scrape of a chain; where not given, what the rule is about. */
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

/** A rule: how it finds what it looks for in a case. `held`: a scrape that it finds is held. */
export type Rule = Readonly<{
  held: boolean
  /** What it looks for, in the words of docs/truth.md. */
  about: string
  settings: readonly string[]
  find: (judged: Case) => Found | readonly Found[] | undefined
}>

/** Since when a person believes something. */
export type Believed = Readonly<{ id: number; since: string }>

/** Whose scrape something is said of; null: of the whole file. Codes as they are written. */
export type Whose = Readonly<{ company: string | null; store: string | null }>

/** What is said of a scrape. What was recorded by older versions has neither `company`, `store` nor `brief`. */
export type Verdict = Partial<Whose> &
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

/** Whether something said holds a file: what is believed does not. */
export function isHolding({ held, believed }: Verdict): boolean {
  return held && believed === undefined
}

/** A verdict as it is recorded. */
export function verdictOf(rule: string, held: boolean, found: Found, whose: Whose = OF_THE_FILE): Verdict {
  const { field = null, sentence, rows, before = null, now = null, examples = [] } = found
  const { brief = sentence, picture = null, repair = null } = found
  const { company, store } = whose
  const figures = { rows, before, now, examples: examples.slice(0, EXAMPLES_MAX), picture, repair }
  return { rule, held, company, store, field, brief, sentence, ...figures }
}

const OF_THE_FILE: Whose = { company: null, store: null }
const EXAMPLES_MAX = 5
