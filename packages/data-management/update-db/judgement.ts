/** What is said of a file before a row of it is applied: by the rules of packages/shared/truth, and what the catalogue has to compare with. */
import { type FormatMoney, moneyFormatter } from '@splitcart/shared/money.ts'
import { type BeliefInForce, coveringBelief } from '@splitcart/shared/truth/beliefs.ts'
import { type AcceptedRepair, type Finding, makeFinding } from '@splitcart/shared/truth/finding.ts'
import {
  estimateRejectedLines,
  type FileCounts,
  judge,
  judgeChainedProducts,
  judgeFile,
  judgeRegrouping,
  type Regrouping,
} from '@splitcart/shared/truth/judge.ts'
import { repairSentence } from '@splitcart/shared/truth/repairs.ts'
import { type JudgedScrape, memoize, type References } from '@splitcart/shared/truth/rule-input.ts'
import type { Thresholds } from '@splitcart/shared/truth/thresholds.ts'
import type { Loading } from '../catalogue/catalogue.ts'
import type { StagedScrape } from '../catalogue/load/staged-scrape.ts'
import { NEVER_BELIEVED } from '../ledger/beliefs.ts'
import { decodeSampledRows } from './row-counter.ts'

/** How a file is judged. `currency`: in which prices are written; `isReleased`: a person wants it loaded all the same; `beliefs`: what people believe of companies by now. */
export type Hold = Readonly<{
  thresholds: Thresholds
  currency?: string | undefined
  isReleased: boolean
  beliefs?: readonly BeliefInForce[]
}>

// More than a person would read.
const VERDICTS_MAX = 100

/** The verdicts on the staged file. */
export async function verdictsOf(
  loading: Loading,
  counts: FileCounts,
  { hold, receivedAt }: Readonly<{ hold: Hold; receivedAt: number }>,
): Promise<Finding[]> {
  const receivedOn = new Date(receivedAt).toISOString().slice(0, 10)
  const verdicts = judgeFile(counts, hold.thresholds)
  const by = { thresholds: hold.thresholds, money: moneyFormatter(hold.currency), receivedOn, counts }
  for (const scrape of loading.staging.scrapes) {
    if (verdicts.length >= VERDICTS_MAX) break
    verdicts.push(...(await verdictsOfScrape(loading, scrape, by)))
  }
  return verdicts.slice(0, VERDICTS_MAX)
}

/** The verdicts that hold the file. */
export function holding(verdicts: readonly Finding[], { isReleased, beliefs = [] }: Hold): Finding[] {
  const isWaved = (verdict: Finding) => isReleased || coveringBelief(beliefs, verdict) !== undefined
  return verdicts.filter((verdict) => verdict.held && (NEVER_BELIEVED.has(verdict.rule) || !isWaved(verdict)))
}

/** The verdict that a file was repaired, with examples of the changed prices. */
export function verdictOfRepair({ repair, by }: AcceptedRepair, { staging }: Loading, hold: Hold): Finding {
  const money = moneyFormatter(hold.currency)
  const sampled = staging.scrapes.flatMap(({ sampled }) => decodeSampledRows(sampled))
  const touched = sampled.flatMap(({ code, label, price, was }) => {
    if (repair.field !== 'price_current') return []
    const before = repair.kind === 'factor' ? Math.round(price / repair.factor) : was
    return price < 0 || before < 0 ? [] : [`${code} ${label.name}: ${money(before)} → ${money(price)}`]
  })
  const rows = staging.scrapes.reduce((sum, { listings }) => sum + listings, 0)
  const sentence = `Repaired, as ${by} wants it: ${repairSentence(repair)}.`
  return makeFinding('repaired', false, { field: repair.field, sentence, rows, examples: touched, repair })
}

/** The most listings that may be linked to one product. */
export function listingsMax(hold: Hold | undefined): number {
  return hold?.thresholds.HOLD_PRODUCT_LISTINGS ?? Number.POSITIVE_INFINITY
}

/** The verdict that holds a file for how it would regroup existing products; undefined: none. */
export function verdictOfProducts(regrouped: Regrouping, hold: Hold | undefined): Finding | undefined {
  const chains = judgeChainedProducts(regrouped)
  return chains ?? (hold === undefined || hold.isReleased ? undefined : judgeRegrouping(regrouped, hold.thresholds))
}

type By = Readonly<{ thresholds: Thresholds; money: FormatMoney; receivedOn: string; counts: FileCounts }>

async function verdictsOfScrape(
  loading: Loading,
  scrape: StagedScrape,
  { thresholds, money, receivedOn, counts }: By,
): Promise<Finding[]> {
  const { figures, sampled, companyCode: company, storeName: store, storeCode: code, date } = scrape
  if (figures === null) return []
  const rejected = estimateRejectedLines(counts, figures)
  const shown = memoize(() => decodeSampledRows(sampled))
  const about = { company, store, code, date, receivedOn, figures, rejected, money }
  const judged = Object.defineProperty(about, 'sampled', { get: shown }) as JudgedScrape
  const said = (references: References) => judge(judged, references, thresholds)
  const references = await loading.references(scrape, receivedOn)
  const own = references.beside === undefined ? references : { ...references, rows: await loading.rowsShown(scrape) }
  // What other stores show is looked up where it can make a difference.
  const verdicts = own.own === undefined ? undefined : said(own)
  if (verdicts?.every(({ held }) => !held)) return verdicts
  return said({ ...own, sisters: await loading.sisters(scrape, receivedOn) })
}
