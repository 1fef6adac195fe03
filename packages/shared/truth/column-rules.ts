/** Rules on names, SKUs and other columns except prices. Pure. */
import { formatNumber, percent } from '../number.ts'
import type { Agreement } from './comparison.ts'
import { COLUMNS, type Column, type ColumnStats, type Figures } from './figures.ts'
import type { RuleResult } from './finding.ts'
import { FIELDS, type Field } from './label-fields.ts'
import { exampleNames, referenceTitle, rowsOfShare, scrapeTitle } from './price-rules.ts'
import { detectNameBrandSwap } from './repairs.ts'
import {
  type ComparedReference,
  firstIfMost,
  isClearlyLess,
  isClearlyMore,
  isWitnessed,
  type RuleInput,
  SHARE_BASIS_MIN,
  sumOf,
} from './rule-input.ts'
import { SAMPLE_MAX, sampleOf } from './sample.ts'
import { wordsHash } from './text-hash.ts'

/** Most listings have other names than before: names or SKUs have moved to other rows. */
export function namesChanged(input: RuleInput): RuleResult | undefined {
  const isOther = ({ comparison: { name } }: ComparedReference) =>
    isClearlyLess(name.same, name.of, input.thresholds.HOLD_NAMES_SHARE)
  const found = firstIfMost(input, isOther)
  if (found === undefined || isWitnessed(input, ({ comparison: { name } }) => name.same >= 0.8 * name.of)) return
  const { name } = found.comparison
  const then = new Map(sampleOf(found.figures).map((each) => [each.hash, each.name]))
  return {
    field: 'name',
    sentence: `${percent(1 - name.same / name.of)} of the listings of ${scrapeTitle(input)} have other names than in ${referenceTitle(found)}.`,
    rows: rowsOfShare(input, 1 - name.same / name.of),
    before: 1,
    now: name.same / name.of,
    examples: exampleNames(input, ({ hash, label }) => then.has(hash) && then.get(hash) !== wordsHash(label.name)),
    repair: detectNameBrandSwap(input, found),
  }
}

// The share of listings that may be new without an error after so many days: assortments change, and so do the SKUs and
// names of a new scraper version.
const NEW_SHARES_BY_DAYS = [
  [15, 0.85],
  [45, 0.95],
] as const
// Stores of a company have many listings in common, but not all: compared with a sister, more may be new.
const NEW_SHARE_OF_SISTERS = 0.9

/** Too many listings are new, and as many old ones are gone. */
export function newIdentity(input: RuleInput): RuleResult | undefined {
  const { thresholds } = input
  const found = firstIfMost(input, ({ comparison: { both, onlyNow, onlyThen }, days, isSister }) => {
    const share = newShareMax(days, thresholds.HOLD_NEW_SHARE)
    const limit = isSister ? Math.max(NEW_SHARE_OF_SISTERS, share) : share
    return isClearlyMore(onlyNow, both + onlyNow, limit) && isClearlyMore(onlyThen, both + onlyThen, limit)
  })
  if (found === undefined || isWitnessed(input, hasSameListings)) return undefined
  const { both, onlyNow, onlyThen } = found.comparison
  const share = onlyNow / (both + onlyNow)
  const before = new Set(sampleOf(found.figures).map(({ hash }) => hash))
  return {
    field: 'sku',
    sentence: `${percent(share)} of the listings of ${scrapeTitle(input)} are not in ${referenceTitle(found)}, and ${percent(onlyThen / (both + onlyThen))} of those are gone.`,
    rows: rowsOfShare(input, share),
    before: onlyThen / (both + onlyThen),
    now: share,
    examples: exampleNames(input, ({ hash }) => !before.has(hash)),
  }
}

/** The share of listings that may be new after so many days: `share` after one, then by `NEW_SHARES_BY_DAYS`. */
function newShareMax(days: number, share: number): number {
  let [from, limit] = [1, share]
  for (const [to, next] of NEW_SHARES_BY_DAYS) {
    const later = Math.max(limit, next)
    if (days < to) return limit + ((later - limit) * Math.max(0, days - from)) / (to - from)
    from = to
    limit = later
  }
  return limit
}

/** Whether a reference shows mostly the same listings. */
function hasSameListings({ comparison: { both, onlyNow } }: ComparedReference): boolean {
  return both >= SHARE_BASIS_MIN && onlyNow < 0.2 * both
}

const TEXT_FIELDS = ['brand', 'size', 'barcode', 'category'] as const
const ADDRESS_FIELDS = ['url', 'image_url'] as const

function isAddress(field: string): boolean {
  return ADDRESS_FIELDS.some((each) => each === field)
}

type ComparedField = (typeof TEXT_FIELDS | typeof ADDRESS_FIELDS)[number]

/** Whether the values that differ have moved: they are values of other rows before. */
function areValuesMoved(field: ComparedField, { same, of, moved }: Agreement, { rows }: Figures): boolean {
  if (field === 'barcode') return true
  if (!isAddress(field)) return 2 * moved > of - same
  // Each row has its own address, so the sample has only a share of the other rows' addresses; hashes may also collide.
  const expected = (of - same) * Math.min(1, SAMPLE_MAX / Math.max(1, rows))
  return moved >= MOVED_MIN && 2 * moved > expected
}

const MOVED_MIN = 6

/** Most values of a field differ and belong to other rows. New addresses that belonged to no row are no error. */
export function valuesMoved(input: RuleInput): RuleResult[] {
  return [...TEXT_FIELDS, ...ADDRESS_FIELDS].flatMap((field) => changedValues(input, field, true))
}

/** Most values of a field differ and were in no row before: the field is written differently. Not for barcodes. */
export function valuesRewritten(input: RuleInput): RuleResult[] {
  return TEXT_FIELDS.flatMap((field) => changedValues(input, field, false))
}

function changedValues(input: RuleInput, field: ComparedField, isOfMoved: boolean): RuleResult[] {
  const isOther = ({ comparison, figures }: ComparedReference) => {
    const each = comparison[field]
    const isChanged = isClearlyLess(each.same, each.of, input.thresholds.HOLD_FIELD_SHARE)
    return isChanged && areValuesMoved(field, each, figures) === isOfMoved
  }
  const found = firstIfMost(input, isOther)
  const isAlike = ({ comparison }: ComparedReference) => comparison[field].same >= 0.8 * comparison[field].of
  if (found === undefined || isWitnessed(input, isAlike)) return []
  const { same, of } = found.comparison[field]
  const what = isOfMoved && field !== 'barcode' ? 'stands in other rows' : 'is another'
  const sentence = `The ${field} of ${percent(1 - same / of)} of the listings of ${scrapeTitle(input)} ${what} than in ${referenceTitle(found)}.`
  const name = field === 'category' ? 'category_path' : field
  return [{ field: name, sentence, rows: rowsOfShare(input, 1 - same / of), before: 1, now: same / of }]
}

// Fields that a correct scrape may lack entirely, as in a week without specials.
const MAY_BE_EMPTY: readonly Field[] = ['price_was', 'is_on_special']

const FIELDS_EXPECTED_FILLED = [...FIELDS.filter((field) => !MAY_BE_EMPTY.includes(field)), 'unit_price'] as const

/** In how many rows a field has a value, and of how many. A unit price is expected only in rows with a price. */
function filledShare({ filled, unit, levels, rows }: Figures, field: Field | 'unit_price') {
  const isOfPrices = field === 'unit_price'
  const count = isOfPrices ? sumOf(unit.slice(1)) : filled[field]
  const of = isOfPrices ? sumOf(levels) : rows
  return { count, of, share: count / Math.max(1, of) }
}

const SISTERS_MIN = 3

/**
 * Whether the store's own reference has a property, or all of at least three sisters do: some scraper versions have no
 * addresses, so fewer sisters prove nothing.
 */
function isCommonToReferences({ compared }: RuleInput, isShown: (each: ComparedReference) => boolean): boolean {
  return compared.every(isShown) && (compared.length >= SISTERS_MIN || compared.some(({ isSister }) => !isSister))
}

/** Fields that a much smaller share of the rows has than before. */
export function fieldsEmptied(input: RuleInput): RuleResult[] {
  const { now, thresholds } = input
  return FIELDS_EXPECTED_FILLED.flatMap((field) => {
    const { count, of, share } = filledShare(now, field)
    const shareOf = (figures: Figures) => filledShare(figures, field).share
    const isEmptied = ({ figures }: ComparedReference) => {
      const then = filledShare(figures, field)
      return (
        isClearlyMore(then.count, then.of, 0.1) && isClearlyLess(count, of, thresholds.HOLD_FIELD_SHARE * then.share)
      )
    }
    const found = firstIfMost(input, isEmptied)
    if (found === undefined || (isAddress(field) && !isCommonToReferences(input, isEmptied))) return []
    if (isWitnessed(input, ({ figures }) => shareOf(figures) < shareOf(found.figures) / 2)) return []
    const then = shareOf(found.figures)
    const sentence = `${field} is told in ${percent(share)} of the rows of ${scrapeTitle(input)}; in ${referenceTitle(found)} it was in ${percent(then)}.`
    return [{ field, sentence, rows: of - count, before: then, now: share }]
  })
}

/** Columns that have become the same in nearly all rows. */
export function fieldsConstant(input: RuleInput): RuleResult[] {
  const { now, thresholds } = input
  return [...COLUMNS, 'url' as const, 'category_path' as const].flatMap((column) => {
    const { of, topCount, top } = mostFrequentValue(now, column)
    if (!isClearlyMore(topCount, of, thresholds.HOLD_CONSTANT_SHARE)) return []
    const shareOf = (figures: Figures) =>
      mostFrequentValue(figures, column).topCount / mostFrequentValue(figures, column).of
    const found = firstIfMost(input, ({ figures }) => shareOf(figures) < 0.5)
    // Without references, one name for all rows is an error; one brand or one price may be right.
    if (found === undefined && !(column === 'name' && input.compared.length === 0)) return []
    const value = top === '' ? 'the same' : JSON.stringify(top)
    const sentence = `${fieldOfColumn(column)} is ${value} in ${percent(topCount / of)} of the rows of ${scrapeTitle(input)} that tell it.`
    return [
      {
        field: fieldOfColumn(column),
        sentence,
        rows: Math.round((topCount / of) * rowsWithValue(now, column)),
        before: found === undefined ? 0 : shareOf(found.figures),
        now: topCount / of,
      },
    ]
  })
}

/** Columns without `ColumnStats`: their values are counted by these hash fields of the sample. */
const HASHED_FIELDS = { url: 'url', category_path: 'second' } as const

type CountedColumn = Column | keyof typeof HASHED_FIELDS

/** The most frequent value of a column; empty if only its hash is known. */
function mostFrequentValue(figures: Figures, column: CountedColumn): Pick<ColumnStats, 'of' | 'top' | 'topCount'> {
  if (column !== 'url' && column !== 'category_path') return figures.values[column]
  const counts = new Map<number, number>()
  for (const { [HASHED_FIELDS[column]]: hash } of sampleOf(figures))
    if (hash !== 0) counts.set(hash, (counts.get(hash) ?? 0) + 1)
  const all = [...counts.values()]
  return { of: sumOf(all), top: '', topCount: Math.max(0, ...all) }
}

/** How many rows have a value of a column. */
function rowsWithValue({ rows, levels, filled }: Figures, column: CountedColumn): number {
  if (column === 'name') return rows
  return column === 'price' ? sumOf(levels) : filled[column]
}

const COMPARED_PAIRS = [
  ['brand', 'name'],
  ['size', 'name'],
  ['barcode', 'name'],
  ['size', 'brand'],
  ['barcode', 'brand'],
  ['barcode', 'size'],
] as const

/** A field that repeats another one, and did not before. */
export function fieldsRepeated(input: RuleInput): RuleResult[] {
  const { now, thresholds } = input
  return COMPARED_PAIRS.flatMap(([field, other]) => {
    const [same, of] = countRepeats(now, field, other)
    if (!isClearlyMore(same, of, thresholds.HOLD_CONSTANT_SHARE)) return []
    const shareOf = (figures: Figures) => {
      const [repeats, both] = countRepeats(figures, field, other)
      return repeats / Math.max(1, both)
    }
    const found = firstIfMost(input, ({ figures }) => shareOf(figures) < 0.5)
    if (found === undefined || isWitnessed(input, ({ figures }) => shareOf(figures) >= 0.5)) return []
    const sentence = `${field} is the same as ${other} in ${percent(same / of)} of the rows of ${scrapeTitle(input)} that tell it.`
    const rows = Math.round((same / of) * rowsWithValue(now, field))
    return [{ field, sentence, rows, before: shareOf(found.figures), now: same / of }]
  })
}

type Repeatable = (typeof COMPARED_PAIRS)[number][number]

/** In how many listings of a sample two fields are the same, and how many have both. */
function countRepeats(figures: Figures, field: Repeatable, other: Repeatable): readonly [same: number, of: number] {
  let [same, of] = [0, 0]
  for (const each of sampleOf(figures)) {
    if (each[field] === 0 || each[other] === 0) continue
    of++
    if (each[field] === each[other]) same++
  }
  return [same, of]
}

function fieldOfColumn(column: CountedColumn): string {
  return column === 'price' ? 'price_current' : column
}

/** Flags that are the opposite of before in most rows. */
export function flagsTurned(input: RuleInput): RuleResult[] {
  const { now, thresholds } = input
  const flags = [
    { field: 'is_available', agreement: 'available', count: now.available },
    { field: 'is_on_special', agreement: 'special', count: now.special },
  ] as const
  return flags.flatMap(({ field, agreement, count }) => {
    const isTurned = ({ comparison }: ComparedReference) =>
      isClearlyLess(comparison[agreement].same, comparison[agreement].of, 1 - thresholds.HOLD_FIELD_SHARE)
    const found = firstIfMost(input, isTurned)
    const isAlike = ({ comparison }: ComparedReference) => comparison[agreement].same >= 0.8 * comparison[agreement].of
    if (found === undefined || isWitnessed(input, isAlike)) return []
    const { same, of } = found.comparison[agreement]
    const sentence = `${field} of ${percent(1 - same / of)} of the listings of ${scrapeTitle(input)} is the opposite of what ${referenceTitle(found)} shows; ${formatNumber(count)} of ${formatNumber(now.rows)} are true.`
    return [{ field, sentence, rows: rowsOfShare(input, 1 - same / of), before: 1, now: same / of }]
  })
}
