/** Judges a file: each of its scrapes by `RULES`, and the whole file by `FILE_RULES`. Pure. */
import { formatNumber, percent } from '../number.ts'
import { caseOf, isClearlyMore, type JudgedScrape, type References } from './case.ts'
import type { Figures } from './figures.ts'
import { RULES } from './rules.ts'
import type { Thresholds } from './thresholds.ts'
import { mergeFigures } from './together.ts'
import { type Verdict, verdictOf } from './verdict.ts'

/** Line counts of a file. `differing`: rows that repeat a listing with other values; part of `rejected`. */
export type FileCounts = Readonly<{ rows: number; rejected: number; differing: number }>

/** The rules of a whole file, with their settings. */
export const FILE_RULES = {
  no_row: { about: 'a file without a row', settings: [] },
  rejects: { about: 'too many rejected rows', settings: ['HOLD_REJECTS_SHARE'] },
  chained_products: {
    about: 'too many listings would hang together as one product; never released',
    settings: ['HOLD_PRODUCT_LISTINGS'],
  },
  foreign_products: { about: 'products of companies that the sender may not write for would change', settings: [] },
  merged_products: { about: 'too many products of one company would become one', settings: ['HOLD_MERGED_PRODUCTS'] },
  differing_duplicates: { about: 'rows that show a listing again, but otherwise', settings: ['HOLD_DUPLICATES_SHARE'] },
} as const

/** The verdicts on one scrape. */
export function judge(scrape: JudgedScrape, references: References, thresholds: Thresholds): Verdict[] {
  const { beside } = references
  const now = beside === undefined ? scrape.figures : mergeFigures([beside, scrape.figures])
  const judged = caseOf(scrape, now, references, thresholds)
  return Object.entries(RULES).flatMap(([name, rule]) => {
    const found = rule.find(judged)
    const all = found === undefined ? [] : 'sentence' in found ? [found] : found
    const whose = { company: scrape.company, store: scrape.code ?? scrape.store }
    return all.map((each) => verdictOf(name, rule.held, { brief: rule.about, ...each }, whose))
  })
}

/** The verdicts on a file as a whole. */
export function judgeFile({ rows, rejected, differing }: FileCounts, thresholds: Thresholds): Verdict[] {
  const verdicts: Verdict[] = []
  const { HOLD_REJECTS_SHARE: rejects, HOLD_DUPLICATES_SHARE: duplicates } = thresholds
  const say = (rule: keyof typeof FILE_RULES, sentence: string, count: number) =>
    verdicts.push(verdictOf(rule, true, { brief: FILE_RULES[rule].about, sentence, rows: count }))
  if (rows === 0) say('no_row', 'The file has no row.', 0)
  // Divided, not multiplied: 7 / 100 is the number written 0.07, while 100 * 0.07 is more than 7.
  // One line is no pattern, however short the file.
  if (rejected - differing > 1 && (rejected - differing) / rows > rejects)
    say(
      'rejects',
      `${formatNumber(rejected - differing)} of ${formatNumber(rows)} rows are rejected, more than ${percent(rejects)}.`,
      rejected,
    )
  if (isClearlyMore(differing, rows, duplicates))
    say(
      'differing_duplicates',
      `${formatNumber(differing)} of ${formatNumber(rows)} rows show a listing again, but otherwise.`,
      differing,
    )
  return verdicts
}

/** An estimate of how many rejected lines of a file belong to one of its scrapes: in proportion to its rows. */
export function rejectedShare({ rows, rejected, differing }: FileCounts, figures: Figures): number {
  return Math.ceil(((rejected - differing) * figures.rows) / Math.max(1, rows - rejected))
}

/** How a file would regroup existing products; known once it has been applied. */
export type Regrouping = Readonly<{
  merged: number
  foreign: number
  chained: number
  example: string | null
  by: string | null
}>

/** The verdict on a product of too many linked listings, which holds the file even if a person releases it. */
export function judgeChains({ chained, by }: Regrouping): Verdict | undefined {
  if (chained === 0) return undefined
  const sentence =
    `Its barcodes and names would make one product of more than ${formatNumber(chained)} listings; nothing of it was loaded.` +
    `${joinedBy(by)} Correct them and send it again.`
  return verdictOf('chained_products', true, { field: 'barcode', sentence, rows: chained })
}

/** The verdict on a regrouping: on foreign products, else on merged ones. */
export function judgeProducts(regrouping: Regrouping, thresholds: Thresholds): Verdict | undefined {
  const { merged, foreign, example, by } = regrouping
  const say = (rule: keyof typeof FILE_RULES, sentence: string, rows: number) =>
    verdictOf(rule, true, {
      field: 'barcode',
      brief: FILE_RULES[rule].about,
      sentence,
      rows,
      examples: example === null ? [] : [example],
    })
  if (foreign > 0)
    return say(
      'foreign_products',
      `It would merge, part or rename ${formatNumber(foreign)} products of companies that its sender may not write for; nothing of it was loaded.`,
      foreign,
    )
  const { HOLD_MERGED_PRODUCTS: most } = thresholds
  if (merged <= most) return undefined
  return say(
    'merged_products',
    `It would merge ${formatNumber(merged)} products with others of the same company, more than ${formatNumber(most)}: "${example}" for one.${joinedBy(by)}`,
    merged,
  )
}

function joinedBy(companies: string | null): string {
  return companies === null ? '' : ` Listings of ${companies} join them.`
}

/** Why a file is held, as one sentence; undefined if no verdict holds it. */
export function reasonOf(verdicts: readonly Verdict[]): string | undefined {
  const holding = verdicts.filter(({ held }) => held)
  const [first, ...others] = holding
  if (first === undefined) return undefined
  const more =
    others.length === 0
      ? ''
      : ` And ${formatNumber(others.length)} more: ${[...new Set(others.map(({ rule }) => rule))].join(', ')}.`
  return `${first.sentence}${more}`
}
