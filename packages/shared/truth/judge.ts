/** Judges a file: each of its scrapes by `RULES`, and the whole file by `FILE_RULES`. Pure. */
import { formatNumber, percent } from '../number.ts'
import type { Figures } from './figures.ts'
import { type Finding, makeFinding } from './finding.ts'
import { mergeFigures } from './merge-figures.ts'
import { isClearlyMore, type JudgedScrape, makeRuleInput, type References } from './rule-input.ts'
import { RULES } from './rules.ts'
import type { Thresholds } from './thresholds.ts'

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

/** The findings on one scrape. */
export function judge(scrape: JudgedScrape, references: References, thresholds: Thresholds): Finding[] {
  const { beside } = references
  const now = beside === undefined ? scrape.figures : mergeFigures([beside, scrape.figures])
  const input = makeRuleInput(scrape, now, references, thresholds)
  return Object.entries(RULES).flatMap(([name, rule]) => {
    const found = rule.find(input)
    const all = found === undefined ? [] : 'sentence' in found ? [found] : found
    const whose = { company: scrape.company, store: scrape.code ?? scrape.store }
    return all.map((each) => makeFinding(name, rule.held, { brief: rule.about, ...each }, whose))
  })
}

/** The findings on a file as a whole. */
export function judgeFile({ rows, rejected, differing }: FileCounts, thresholds: Thresholds): Finding[] {
  const findings: Finding[] = []
  const { HOLD_REJECTS_SHARE: rejects, HOLD_DUPLICATES_SHARE: duplicates } = thresholds
  const add = (rule: keyof typeof FILE_RULES, sentence: string, count: number) =>
    findings.push(makeFinding(rule, true, { brief: FILE_RULES[rule].about, sentence, rows: count }))
  if (rows === 0) add('no_row', 'The file has no row.', 0)
  // Divided, not multiplied: 7 / 100 is the number written 0.07, while 100 * 0.07 is more than 7.
  // A single rejected line never holds a file, however short.
  if (rejected - differing > 1 && (rejected - differing) / rows > rejects)
    add(
      'rejects',
      `${formatNumber(rejected - differing)} of ${formatNumber(rows)} rows are rejected, more than ${percent(rejects)}.`,
      rejected,
    )
  if (isClearlyMore(differing, rows, duplicates))
    add(
      'differing_duplicates',
      `${formatNumber(differing)} of ${formatNumber(rows)} rows show a listing again, but otherwise.`,
      differing,
    )
  return findings
}

/** An estimate of how many rejected lines of a file belong to one of its scrapes: in proportion to its rows. */
export function estimateRejectedLines({ rows, rejected, differing }: FileCounts, figures: Figures): number {
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

/** The finding on a product of too many linked listings, which holds the file even if a person releases it. */
export function judgeChainedProducts({ chained, by }: Regrouping): Finding | undefined {
  if (chained === 0) return undefined
  const sentence =
    `Its barcodes and names would make one product of more than ${formatNumber(chained)} listings; nothing of it was loaded.` +
    `${joinedBy(by)} Correct them and send it again.`
  return makeFinding('chained_products', true, { field: 'barcode', sentence, rows: chained })
}

/** The finding on a regrouping: on foreign products, else on merged ones. */
export function judgeRegrouping(regrouping: Regrouping, thresholds: Thresholds): Finding | undefined {
  const { merged, foreign, example, by } = regrouping
  const findingOf = (rule: keyof typeof FILE_RULES, sentence: string, rows: number) =>
    makeFinding(rule, true, {
      field: 'barcode',
      brief: FILE_RULES[rule].about,
      sentence,
      rows,
      examples: example === null ? [] : [example],
    })
  if (foreign > 0)
    return findingOf(
      'foreign_products',
      `It would merge, part or rename ${formatNumber(foreign)} products of companies that its sender may not write for; nothing of it was loaded.`,
      foreign,
    )
  const { HOLD_MERGED_PRODUCTS: most } = thresholds
  if (merged <= most) return undefined
  return findingOf(
    'merged_products',
    `It would merge ${formatNumber(merged)} products with others of the same company, more than ${formatNumber(most)}: "${example}" for one.${joinedBy(by)}`,
    merged,
  )
}

function joinedBy(companies: string | null): string {
  return companies === null ? '' : ` Listings of ${companies} join them.`
}

/** Why a file is held, as one sentence; undefined if no finding holds it. */
export function holdReason(findings: readonly Finding[]): string | undefined {
  const holding = findings.filter(({ held }) => held)
  const [first, ...others] = holding
  if (first === undefined) return undefined
  const more =
    others.length === 0
      ? ''
      : ` And ${formatNumber(others.length)} more: ${[...new Set(others.map(({ rule }) => rule))].join(', ')}.`
  return `${first.sentence}${more}`
}
