/** Rules on dates, numbers of rows, and categories. Pure. */
import { daysBetween } from '../date.ts'
import { formatNumber, percent } from '../number.ts'
import type { Figures, NamedCount } from './figures.ts'
import type { RuleResult } from './finding.ts'
import {
  type ComparedReference,
  isClearlyLess,
  isClearlyMore,
  isWitnessed,
  medianOf,
  type RuleInput,
  rowsOfCategory,
} from './rule-input.ts'
import { wordsHash } from './text-hash.ts'

// The standard deviation of a random count is about its square root; a smaller deficit may be chance.
const DEVIATIONS_MIN = 2.5

/** The number of rows below which they are too few: below `share` of the usual number, and beyond chance. */
function rowsTooFew(usual: number, share: number): number {
  return Math.min(share * usual, usual - DEVIATIONS_MIN * Math.sqrt(usual))
}

/** A scrape with fewer rows than its store usually has. */
export function rowsBelowUsual({ now, rows, scrape, references, thresholds }: RuleInput): RuleResult | undefined {
  const { usual } = references
  const median = medianOf(usual)
  if (median === undefined || median < thresholds.HOLD_ROWS_MIN) return undefined
  if (rows + (scrape.rejected ?? 0) >= rowsTooFew(median, thresholds.HOLD_ROWS_SHARE)) return undefined
  return {
    sentence: `The scrape of ${scrape.store} on ${scrape.date} has ${formatNumber(rows)} rows, ${percent(rows / median)} of the ${formatNumber(Math.round(median))} that are usual.`,
    rows,
    before: median,
    now: rows,
    picture: categoriesThenAndNow(references.own?.figures, now),
  }
}

// The least share of rows to expect, by the number of sisters (other stores of the company): 0, 1 or 2.
const FEW_SISTERS_SHARES = [0, 0.5, 0.7]

/** A store's first scrape with far fewer rows than the company's other stores. */
export function rowsBelowSisters({ now, rows, scrape, references, thresholds }: RuleInput): RuleResult | undefined {
  if (references.own !== undefined) return undefined
  const others = references.sisters.map(({ figures }) => figures.rows)
  const median = medianOf(others)
  if (median === undefined || median < thresholds.HOLD_ROWS_MIN) return undefined
  const spread = medianOf(others.map((each) => Math.abs(Math.log(each / median))))!
  // One or two stores are too few to estimate how much stores differ.
  const share =
    others.length < 3
      ? FEW_SISTERS_SHARES[others.length]!
      : Math.exp(Math.min(Math.log(thresholds.HOLD_SISTERS_ROWS_SHARE), -6 * spread))
  if (rows + (scrape.rejected ?? 0) >= rowsTooFew(median, share)) return undefined
  return {
    sentence: `The first scrape of ${scrape.store}, on ${scrape.date}, has ${formatNumber(rows)} rows; ${others.length === 1 ? 'another store' : `${formatNumber(others.length)} other stores`} of ${scrape.company} had ${formatNumber(Math.round(median))} about then.`,
    rows,
    before: median,
    now: rows,
    picture: categoriesThenAndNow(references.sisters[0]?.figures, now),
  }
}

/** A category with its number of rows then and now. */
type CategoryRows = readonly [name: string, then: number, now: number]

/** Top categories that lost most of their rows since the store's earlier scrape, without a move to other categories. */
export function categoriesLost(input: RuleInput): RuleResult | undefined {
  const lost = lostCategories(input).filter(([name]) => !isRenamed(input.compared[0]!, name))
  return lost.length === 0 ? undefined : categoryResult(input, lost, 'lost most of its rows')
}

/** Top categories whose listings are now in a category of another name. */
export function categoriesRenamed(input: RuleInput): RuleResult | undefined {
  const renamed = lostCategories(input).filter(([name]) => isRenamed(input.compared[0]!, name))
  return renamed.length === 0 ? undefined : categoryResult(input, renamed, 'is called otherwise now')
}

// If at least this many other stores all have a category, its absence is an error, not this store's assortment.
const SISTERS_FOR_ONE_CATEGORY_MIN = 10

/**
 * Top categories that nearly all other stores have and a first scrape lacks: several, or one that all of at least
 * `SISTERS_FOR_ONE_CATEGORY_MIN` stores have. Another single one may be what this store never sells.
 */
export function categoriesAbsentHeld(input: RuleInput): RuleResult | undefined {
  const missing = missingCategories(input)
  return areEnoughMissing(input, missing) ? categoryResult(input, missing, 'has hardly any rows') : undefined
}

function areEnoughMissing({ references, thresholds }: RuleInput, missing: readonly CategoryRows[]): boolean {
  const { sisters } = references
  const isEverywhere = ([name]: CategoryRows) =>
    sisters.every(({ figures }) => rowsInCategory(figures, name) >= thresholds.HOLD_CATEGORY_ROWS_MIN)
  return missing.length > 1 || (sisters.length >= SISTERS_FOR_ONE_CATEGORY_MIN && missing.some(isEverywhere))
}

/** A single top category missing from a first scrape. */
export function categoryAbsentTold(input: RuleInput): RuleResult | undefined {
  const missing = missingCategories(input)
  if (missing.length === 0 || areEnoughMissing(input, missing)) return undefined
  return categoryResult(input, missing, 'has hardly any rows')
}

function categoryResult({ scrape, now, compared }: RuleInput, lost: readonly CategoryRows[], what: string): RuleResult {
  const [[name, then, rows]] = lost as [CategoryRows]
  const others = lost.length === 1 ? '' : ` (and ${formatNumber(lost.length - 1)} more)`
  return {
    field: 'category_path',
    sentence: `In the scrape of ${scrape.store} on ${scrape.date} the category ${name} ${what}: ${formatNumber(rows)} of ${formatNumber(then)}${others}.`,
    rows: lost.reduce((sum, [, before, after]) => sum + before - after, 0),
    before: then,
    now: rows,
    examples: lost.map(([each, before, after]) => `${each}: ${formatNumber(before)} → ${formatNumber(after)}`),
    picture: categoriesThenAndNow(compared[0]?.figures, now),
  }
}

function lostCategories(input: RuleInput): CategoryRows[] {
  const { now, compared, thresholds, references, scrape } = input
  const [own] = compared
  if (own === undefined || references.own === undefined) return []
  return categoryRows(own.figures, now)
    .filter(([, then]) => then >= thresholds.HOLD_CATEGORY_ROWS_MIN)
    .filter(([, then, rows]) => isClearlyLess(rows + (scrape.rejected ?? 0), then, thresholds.HOLD_CATEGORY_SHARE))
    .filter(([name, then]) => !isWitnessed(input, ({ figures }) => rowsInCategory(figures, name) < then / 2))
}

function missingCategories({ now, compared, references, thresholds, scrape }: RuleInput): CategoryRows[] {
  if (references.own !== undefined || compared.length < 3) return []
  const names = new Set(compared.flatMap(({ figures }) => categoryRows(figures, now).map(([name]) => name)))
  return [...names].flatMap((name): CategoryRows[] => {
    const rows = references.sisters.map(({ figures }) => rowsInCategory(figures, name))
    const have = rows.filter((each) => each >= thresholds.HOLD_CATEGORY_ROWS_MIN)
    const then = medianOf(rows)!
    const here = rowsInCategory(now, name)
    if (have.length < 0.9 * rows.length) return []
    if (!isClearlyLess(here + (scrape.rejected ?? 0), then, thresholds.HOLD_CATEGORY_SHARE)) return []
    return hasAnotherName(compared, name) ? [] : [[name, then, here]]
  })
}

/** Whether a category of other stores has another name here: most of its listings are in this scrape. */
function hasAnotherName(references: readonly ComparedReference[], name: string): boolean {
  const having = references.filter(({ figures }) => rowsInCategory(figures, name) > 0)
  return having.filter((each) => isRenamed(each, name)).length * 2 > having.length
}

/** Whether most listings of a category are still in the scrape: then only the category's name has changed. */
function isRenamed({ comparison }: ComparedReference, name: string): boolean {
  const still = comparison.categoriesStillShown.get(wordsHash(name))
  return still !== undefined && still.of >= 2 && still.shown >= 0.6 * still.of
}

function categoryRows(then: Figures, now: Figures): CategoryRows[] {
  const list: readonly NamedCount[] = then.seconds.length > 0 ? then.seconds : then.tops
  return list.map(([name, rows]) => [name, rows, rowsInCategory(now, name)])
}

function rowsInCategory(figures: Figures, name: string): number {
  return Math.max(rowsOfCategory(figures.tops, name), rowsOfCategory(figures.seconds, name))
}

/** A chart of the largest categories, before and now. */
function categoriesThenAndNow(then: Figures | undefined, now: Figures) {
  if (then === undefined) return undefined
  return { kind: 'counts', rows: categoryRows(then, now).slice(0, 20) } as const
}

/** Too many rows that repeat others of the scrape, such as the first page of the shop again and again. */
export function rowsRepeated({ scrape, now, compared, thresholds }: RuleInput): RuleResult | undefined {
  const share = ({ repeated, rows }: Figures) => repeated / Math.max(1, repeated + rows)
  const all = now.repeated + now.rows
  const usual = compared.length === 0 ? 0 : share(compared[0]!.figures)
  if (!isClearlyMore(now.repeated, all, Math.max(thresholds.HOLD_REPEATED_SHARE, Math.min(0.95, 2 * usual))))
    return undefined
  return {
    sentence: `${formatNumber(now.repeated)} of ${formatNumber(all)} rows of ${scrape.store} on ${scrape.date} show a listing again that the scrape has shown already.`,
    rows: now.repeated,
    before: usual,
    now: share(now),
  }
}

/** A scrape dated after the day of its receipt. */
export function dateAhead({ scrape, thresholds }: RuleInput): RuleResult | undefined {
  const { store, date, receivedOn, figures } = scrape
  if (daysBetween(receivedOn, date) <= thresholds.HOLD_DAYS_AHEAD) return undefined
  return {
    field: 'scraped_date',
    sentence: `The scrape of ${store} is dated ${date}, and was received on ${receivedOn}.`,
    rows: figures.rows,
    examples: [date],
    repair: { kind: 'date', field: 'scraped_date', date: receivedOn },
  }
}

/** A scrape dated long before the store's newest one. */
export function dateLongBefore({ scrape, references, thresholds }: RuleInput): RuleResult | undefined {
  const { newest } = references
  const days = newest === undefined ? 0 : daysBetween(scrape.date, newest)
  if (days <= thresholds.HOLD_DAYS_BACK) return undefined
  return {
    field: 'scraped_date',
    sentence: `The scrape of ${scrape.store} is dated ${scrape.date}, ${formatNumber(days)} days before ${references.own === undefined ? "the company's" : "the store's"} newest one of ${newest}.`,
    rows: scrape.figures.rows,
    examples: [scrape.date],
  }
}
