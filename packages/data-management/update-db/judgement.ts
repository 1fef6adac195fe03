/** Judges a staged file by the rules of packages/shared/truth, with earlier scrapes of the catalogue to compare with. */
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
import { NOT_BELIEVABLE } from '../ledger/beliefs.ts'
import { decodeSampledRows } from './row-counter.ts'

/**
 * How a file is judged. `currency`: in which prices are written; `isReleased`: a person wants it loaded all the same;
 * `beliefs`: findings that people accept.
 */
export type HoldPolicy = Readonly<{
  thresholds: Thresholds
  currency?: string | undefined
  isReleased: boolean
  beliefs?: readonly BeliefInForce[]
}>

// More than a person would read.
const FINDINGS_MAX = 100

/** The findings about the staged file. */
export async function findingsOfFile(
  loading: Loading,
  counts: FileCounts,
  { hold, receivedAt }: Readonly<{ hold: HoldPolicy; receivedAt: number }>,
): Promise<Finding[]> {
  const receivedOn = new Date(receivedAt).toISOString().slice(0, 10)
  const verdicts = judgeFile(counts, hold.thresholds)
  const by = { thresholds: hold.thresholds, money: moneyFormatter(hold.currency), receivedOn, counts }
  for (const scrape of loading.staging.scrapes) {
    if (verdicts.length >= FINDINGS_MAX) break
    verdicts.push(...(await findingsOfScrape(loading, scrape, by)))
  }
  return verdicts.slice(0, FINDINGS_MAX)
}

/** The findings that hold the file. */
export function holdingFindings(verdicts: readonly Finding[], { isReleased, beliefs = [] }: HoldPolicy): Finding[] {
  const isAccepted = (verdict: Finding) => isReleased || coveringBelief(beliefs, verdict) !== undefined
  return verdicts.filter((verdict) => verdict.held && (NOT_BELIEVABLE.has(verdict.rule) || !isAccepted(verdict)))
}

/** The finding that a file was repaired, with examples of the changed prices. */
export function repairFinding({ repair, by }: AcceptedRepair, { staging }: Loading, hold: HoldPolicy): Finding {
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
export function linkedListingsMax(hold: HoldPolicy | undefined): number {
  return hold?.thresholds.HOLD_PRODUCT_LISTINGS ?? Number.POSITIVE_INFINITY
}

/**
 * The finding that holds a file for how it would regroup existing products, undefined if none. Nothing releases a file
 * that would link too many listings.
 */
export function regroupingFinding(regrouped: Regrouping, hold: HoldPolicy | undefined): Finding | undefined {
  const chains = judgeChainedProducts(regrouped)
  return chains ?? (hold === undefined || hold.isReleased ? undefined : judgeRegrouping(regrouped, hold.thresholds))
}

type JudgeContext = Readonly<{ thresholds: Thresholds; money: FormatMoney; receivedOn: string; counts: FileCounts }>

async function findingsOfScrape(
  loading: Loading,
  scrape: StagedScrape,
  { thresholds, money, receivedOn, counts }: JudgeContext,
): Promise<Finding[]> {
  const { figures, sampled, companyCode: company, storeName: store, storeCode: code, date } = scrape
  if (figures === null) return []
  const rejected = estimateRejectedLines(counts, figures)
  const shown = memoize(() => decodeSampledRows(sampled))
  const about = { company, store, code, date, receivedOn, figures, rejected, money }
  const judged = Object.defineProperty(about, 'sampled', { get: shown }) as JudgedScrape
  const said = (references: References) => judge(judged, references, thresholds)
  const references = await loading.sameStoreReferences(scrape, receivedOn)
  const own =
    references.beside === undefined ? references : { ...references, rows: await loading.countShownListings(scrape) }
  // Other stores are looked up only if the store's own references are missing, or hold the file.
  const verdicts = own.own === undefined ? undefined : said(own)
  if (verdicts?.every(({ held }) => !held)) return verdicts
  return said({ ...own, sisters: await loading.otherStoreReferences(scrape, receivedOn) })
}
