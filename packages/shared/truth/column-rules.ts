/** Rules on names, SKUs and other columns except prices. Pure. */
import { formatNumber, percent } from '../number.ts'
import {
  type Case,
  type ComparedReference,
  firstIfMost,
  isClearlyLess,
  isClearlyMore,
  isWitnessed,
  PAIRS_MIN,
  sumOf,
} from './case.ts'
import type { Agreement } from './comparison.ts'
import { COLUMNS, type Column, type Figures, type Values } from './figures.ts'
import { FIELDS, type Field } from './label-fields.ts'
import { namesOf, rowsOfShare, titleOf, titleOfReference } from './price-rules.ts'
import { repairOfNames } from './repairs.ts'
import { SAMPLE_MAX, sampleOf } from './sample.ts'
import { wordsHash } from './text-hash.ts'
import type { Found } from './verdict.ts'

/** Most listings have other names than before: names or SKUs have moved to other rows. */
export function namesChanged(judged: Case): Found | undefined {
  const isOther = ({ comparison: { name } }: ComparedReference) =>
    isClearlyLess(name.same, name.of, judged.thresholds.HOLD_NAMES_SHARE)
  const found = firstIfMost(judged, isOther)
  if (found === undefined || isWitnessed(judged, ({ comparison: { name } }) => name.same >= 0.8 * name.of)) return
  const { name } = found.comparison
  const then = new Map(sampleOf(found.figures).map((each) => [each.hash, each.name]))
  return {
    field: 'name',
    sentence: `${percent(1 - name.same / name.of)} of the listings of ${titleOf(judged)} have other names than in ${titleOfReference(found)}.`,
    rows: rowsOfShare(judged, 1 - name.same / name.of),
    before: 1,
    now: name.same / name.of,
    examples: namesOf(judged, ({ hash, label }) => then.has(hash) && then.get(hash) !== wordsHash(label.name)),
    repair: repairOfNames(judged, found),
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
export function newIdentity(judged: Case): Found | undefined {
  const { thresholds } = judged
  const found = firstIfMost(judged, ({ comparison: { both, onlyNow, onlyThen }, days, isSister }) => {
    const share = newShareMax(days, thresholds.HOLD_NEW_SHARE)
    const limit = isSister ? Math.max(NEW_SHARE_OF_SISTERS, share) : share
    return isClearlyMore(onlyNow, both + onlyNow, limit) && isClearlyMore(onlyThen, both + onlyThen, limit)
  })
  if (found === undefined || isWitnessed(judged, hasSameListings)) return undefined
  const { both, onlyNow, onlyThen } = found.comparison
  const share = onlyNow / (both + onlyNow)
  const before = new Set(sampleOf(found.figures).map(({ hash }) => hash))
  return {
    field: 'sku',
    sentence: `${percent(share)} of the listings of ${titleOf(judged)} are not in ${titleOfReference(found)}, and ${percent(onlyThen / (both + onlyThen))} of those are gone.`,
    rows: rowsOfShare(judged, share),
    before: onlyThen / (both + onlyThen),
    now: share,
    examples: namesOf(judged, ({ hash }) => !before.has(hash)),
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
  return both >= PAIRS_MIN && onlyNow < 0.2 * both
}

const WRITTEN = ['brand', 'size', 'barcode', 'category'] as const
const ADDRESSES = ['url', 'image_url'] as const

function isAddress(field: string): boolean {
  return ADDRESSES.some((each) => each === field)
}

type Moving = (typeof WRITTEN | typeof ADDRESSES)[number]

/** Whether the values of a field that differ are those of other rows. */
function areMoved(field: Moving, { same, of, moved }: Agreement, { rows }: Figures): boolean {
  if (field === 'barcode') return true
  if (!isAddress(field)) return 2 * moved > of - same
  // Each row has its own address, so of those of other rows a sample holds but its share. Others may have the same hash by chance.
  const expected = (of - same) * Math.min(1, SAMPLE_MAX / Math.max(1, rows))
  return moved >= MOVED_MIN && 2 * moved > expected
}

const MOVED_MIN = 6

/** Most values of a field differ, and they are those of other rows. Addresses that are written anew are no fault. */
export function valuesMoved(judged: Case): Found[] {
  return [...WRITTEN, ...ADDRESSES].flatMap((field) => otherValues(judged, field, true))
}

/** Most values of a field differ, and most new ones were in no row: the field is written differently. No barcodes. */
export function valuesRewritten(judged: Case): Found[] {
  return WRITTEN.flatMap((field) => otherValues(judged, field, false))
}

function otherValues(judged: Case, field: Moving, isOfMoved: boolean): Found[] {
  const isOther = ({ comparison, figures }: ComparedReference) => {
    const each = comparison[field]
    const isChanged = isClearlyLess(each.same, each.of, judged.thresholds.HOLD_FIELD_SHARE)
    return isChanged && areMoved(field, each, figures) === isOfMoved
  }
  const found = firstIfMost(judged, isOther)
  const isAlike = ({ comparison }: ComparedReference) => comparison[field].same >= 0.8 * comparison[field].of
  if (found === undefined || isWitnessed(judged, isAlike)) return []
  const { same, of } = found.comparison[field]
  const what = isOfMoved && field !== 'barcode' ? 'stands in other rows' : 'is another'
  const sentence = `The ${field} of ${percent(1 - same / of)} of the listings of ${titleOf(judged)} ${what} than in ${titleOfReference(found)}.`
  const name = field === 'category' ? 'category_path' : field
  return [{ field: name, sentence, rows: rowsOfShare(judged, 1 - same / of), before: 1, now: same / of }]
}

// Fields that a correct scrape may lack entirely, as in a week without specials.
const MAY_BE_EMPTY: readonly Field[] = ['price_was', 'is_on_special']

const MUST_STAY = [...FIELDS.filter((field) => !MAY_BE_EMPTY.includes(field)), 'unit_price'] as const

/** In how many rows a field has a value, of how many. A unit price can be checked only beside a price. */
function filledOf({ filled, unit, levels, rows }: Figures, field: Field | 'unit_price') {
  const isOfPrices = field === 'unit_price'
  const count = isOfPrices ? sumOf(unit.slice(1)) : filled[field]
  const of = isOfPrices ? sumOf(levels) : rows
  return { count, of, share: count / Math.max(1, of) }
}

const SISTERS_MIN = 3

/**
 * Whether the store's own scrape shows something, or those of at least three other stores and of all of them: versions
 * of a scraper differ in whether they tell addresses.
 */
function isCommon({ compared }: Case, isShown: (each: ComparedReference) => boolean): boolean {
  return compared.every(isShown) && (compared.length >= SISTERS_MIN || compared.some(({ isSister }) => !isSister))
}

/** Fields that a much smaller share of the rows has than before. */
export function fieldsEmptied(judged: Case): Found[] {
  const { now, thresholds } = judged
  return MUST_STAY.flatMap((field) => {
    const { count, of, share } = filledOf(now, field)
    const shareOf = (figures: Figures) => filledOf(figures, field).share
    const isEmptied = ({ figures }: ComparedReference) => {
      const then = filledOf(figures, field)
      return (
        isClearlyMore(then.count, then.of, 0.1) && isClearlyLess(count, of, thresholds.HOLD_FIELD_SHARE * then.share)
      )
    }
    const found = firstIfMost(judged, isEmptied)
    if (found === undefined || (isAddress(field) && !isCommon(judged, isEmptied))) return []
    if (isWitnessed(judged, ({ figures }) => shareOf(figures) < shareOf(found.figures) / 2)) return []
    const then = shareOf(found.figures)
    const sentence = `${field} is told in ${percent(share)} of the rows of ${titleOf(judged)}; in ${titleOfReference(found)} it was in ${percent(then)}.`
    return [{ field, sentence, rows: of - count, before: then, now: share }]
  })
}

/** Columns that have become the same in nearly all rows. */
export function fieldsConstant(judged: Case): Found[] {
  const { now, thresholds } = judged
  return [...COLUMNS, 'url' as const, 'category_path' as const].flatMap((column) => {
    const { of, topCount, top } = valuesIn(now, column)
    if (!isClearlyMore(topCount, of, thresholds.HOLD_CONSTANT_SHARE)) return []
    const shareOf = (figures: Figures) => valuesIn(figures, column).topCount / valuesIn(figures, column).of
    const found = firstIfMost(judged, ({ figures }) => shareOf(figures) < 0.5)
    // Without anything to compare with: that all goods have one name is not believable, one brand or price is.
    if (found === undefined && !(column === 'name' && judged.compared.length === 0)) return []
    const value = top === '' ? 'the same' : JSON.stringify(top)
    const sentence = `${fieldOfColumn(column)} is ${value} in ${percent(topCount / of)} of the rows of ${titleOf(judged)} that tell it.`
    return [
      {
        field: fieldOfColumn(column),
        sentence,
        rows: Math.round((topCount / of) * rowsTelling(now, column)),
        before: found === undefined ? 0 : shareOf(found.figures),
        now: topCount / of,
      },
    ]
  })
}

/** Columns of which a sample keeps only hashes: by these their values are counted. */
const HASHED = { url: 'url', category_path: 'second' } as const

type CountedColumn = Column | keyof typeof HASHED

/** The most frequent value of a column; empty if only its hash is known. */
function valuesIn(figures: Figures, column: CountedColumn): Pick<Values, 'of' | 'top' | 'topCount'> {
  if (column !== 'url' && column !== 'category_path') return figures.values[column]
  const counts = new Map<number, number>()
  for (const { [HASHED[column]]: hash } of sampleOf(figures))
    if (hash !== 0) counts.set(hash, (counts.get(hash) ?? 0) + 1)
  const all = [...counts.values()]
  return { of: sumOf(all), top: '', topCount: Math.max(0, ...all) }
}

/** How many rows have a value of a column. */
function rowsTelling({ rows, levels, filled }: Figures, column: CountedColumn): number {
  if (column === 'name') return rows
  return column === 'price' ? sumOf(levels) : filled[column]
}

const REPEATING = [
  ['brand', 'name'],
  ['size', 'name'],
  ['barcode', 'name'],
  ['size', 'brand'],
  ['barcode', 'brand'],
  ['barcode', 'size'],
] as const

/** A field that repeats another one, and did not before. */
export function fieldsRepeated(judged: Case): Found[] {
  const { now, thresholds } = judged
  return REPEATING.flatMap(([field, other]) => {
    const [same, of] = repeatsIn(now, field, other)
    if (!isClearlyMore(same, of, thresholds.HOLD_CONSTANT_SHARE)) return []
    const shareOf = (figures: Figures) => {
      const [repeats, both] = repeatsIn(figures, field, other)
      return repeats / Math.max(1, both)
    }
    const found = firstIfMost(judged, ({ figures }) => shareOf(figures) < 0.5)
    if (found === undefined || isWitnessed(judged, ({ figures }) => shareOf(figures) >= 0.5)) return []
    const sentence = `${field} is the same as ${other} in ${percent(same / of)} of the rows of ${titleOf(judged)} that tell it.`
    const rows = Math.round((same / of) * rowsTelling(now, field))
    return [{ field, sentence, rows, before: shareOf(found.figures), now: same / of }]
  })
}

type Repeating = (typeof REPEATING)[number][number]

/** In how many listings of a sample two fields are the same, and in how many both are told. */
function repeatsIn(figures: Figures, field: Repeating, other: Repeating): readonly [same: number, of: number] {
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
export function flagsTurned(judged: Case): Found[] {
  const { now, thresholds } = judged
  const flags = [
    { field: 'is_available', agreement: 'available', count: now.available },
    { field: 'is_on_special', agreement: 'special', count: now.special },
  ] as const
  return flags.flatMap(({ field, agreement, count }) => {
    const isTurned = ({ comparison }: ComparedReference) =>
      isClearlyLess(comparison[agreement].same, comparison[agreement].of, 1 - thresholds.HOLD_FIELD_SHARE)
    const found = firstIfMost(judged, isTurned)
    const isAlike = ({ comparison }: ComparedReference) => comparison[agreement].same >= 0.8 * comparison[agreement].of
    if (found === undefined || isWitnessed(judged, isAlike)) return []
    const { same, of } = found.comparison[agreement]
    const sentence = `${field} of ${percent(1 - same / of)} of the listings of ${titleOf(judged)} is the opposite of what ${titleOfReference(found)} shows; ${formatNumber(count)} of ${formatNumber(now.rows)} are true.`
    return [{ field, sentence, rows: rowsOfShare(judged, 1 - same / of), before: 1, now: same / of }]
  })
}
