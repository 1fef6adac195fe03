/** Rules on names, SKUs and other columns except prices. Pure. */
import { percent, whole } from '../number.ts'
import { type Case, type ComparedReference, isFewer, isMore, isWitnessed, most, PAIRS_MIN } from './case.ts'
import type { Agreement } from './comparison.ts'
import { COLUMNS, type Column, type Figures } from './figures.ts'
import { FIELDS, type Field } from './label-fields.ts'
import { namesOf, rowsOfShare, titleOf, titleOfBeside } from './price-rules.ts'
import { repairOfNames } from './repairs.ts'
import { sampleOf } from './sample.ts'
import { wordsHash } from './text-hash.ts'
import type { Found } from './verdict.ts'

/** Most listings have other names than before: names or SKUs have moved to other rows. */
export function namesChanged(judged: Case): Found | undefined {
  const { thresholds, scrape } = judged
  const isOther = ({ comparison: { name } }: ComparedReference) =>
    isFewer(name.same, name.of, thresholds.HOLD_NAMES_SHARE)
  const found = most(judged, isOther)
  if (found === undefined || isWitnessed(judged, ({ comparison: { name } }) => name.same >= 0.8 * name.of)) return
  const { name } = found.comparison
  const then = new Map(sampleOf(found.figures).map((each) => [each.hash, each.name]))
  const others = new Set(
    (scrape.sampled ?? []).filter(({ hash, said }) => then.has(hash) && then.get(hash) !== wordsHash(said.name)),
  )
  return {
    field: 'name',
    sentence: `${percent(1 - name.same / name.of)} of the listings of ${titleOf(judged)} have other names than in ${titleOfBeside(found)}.`,
    rows: rowsOfShare(judged, 1 - name.same / name.of),
    before: 1,
    now: name.same / name.of,
    examples: namesOf(judged, (shown) => others.has(shown)),
    repair: repairOfNames(judged, found),
  }
}

// The share of listings that may be new without an error after so many days: assortments change, and so do the SKUs and
// names of a new scraper version.
const NEW_BY_DAYS = [
  [15, 0.85],
  [45, 0.95],
] as const
// Stores of a company have many listings in common, but not all: compared with a sister, more may be new.
const NEW_SHARE_OF_SISTERS = 0.9

/** Too many listings are new, and as many old ones are gone. */
export function newIdentity(judged: Case): Found | undefined {
  const { thresholds } = judged
  const found = most(judged, ({ comparison: { both, onlyNow, onlyThen }, days, isSister }) => {
    const share = newShare(days, thresholds.HOLD_NEW_SHARE)
    const least = isSister ? Math.max(NEW_SHARE_OF_SISTERS, share) : share
    return isMore(onlyNow, both + onlyNow, least) && isMore(onlyThen, both + onlyThen, least)
  })
  if (found === undefined || isWitnessed(judged, isTheSame)) return undefined
  const { both, onlyNow, onlyThen } = found.comparison
  const share = onlyNow / (both + onlyNow)
  const before = new Set(sampleOf(found.figures).map(({ hash }) => hash))
  return {
    field: 'sku',
    sentence: `${percent(share)} of the listings of ${titleOf(judged)} are not in ${titleOfBeside(found)}, and ${percent(onlyThen / (both + onlyThen))} of those are gone.`,
    rows: rowsOfShare(judged, share),
    before: onlyThen / (both + onlyThen),
    now: share,
    examples: namesOf(judged, ({ hash }) => !before.has(hash)),
  }
}

/** The share of listings that may be new after so many days: `share` after one, then interpolated in `NEW_BY_DAYS`. */
function newShare(days: number, share: number): number {
  let [from, least] = [1, share]
  for (const [to, next] of NEW_BY_DAYS) {
    const later = Math.max(least, next)
    if (days < to) return least + ((later - least) * Math.max(0, days - from)) / (to - from)
    from = to
    least = later
  }
  return least
}

/** Whether a reference shows mostly the same listings. */
function isTheSame({ comparison: { both, onlyNow } }: ComparedReference): boolean {
  return both >= PAIRS_MIN && onlyNow < 0.2 * both
}

const MOVING = ['brand', 'size', 'barcode', 'category'] as const

/** Most values of a field differ, and most new ones stood in other rows. A barcode may be any other value. */
export function valuesMoved(judged: Case): Found[] {
  return agreeing(
    judged,
    (field, { same, of, moved }) => field === 'barcode' || 2 * moved > of - same,
    'stands in other rows',
  )
}

/** Most values of a field differ, and most new ones were in no row: the field is written differently. No barcodes. */
export function valuesRewritten(judged: Case): Found[] {
  return agreeing(judged, (field, { same, of, moved }) => field !== 'barcode' && 2 * moved <= of - same, 'is another')
}

/** One result per field of which most values differ and `isMeant` holds. `what`: the verb of the sentence. */
function agreeing(judged: Case, isMeant: (field: string, each: Agreement) => boolean, what: string): Found[] {
  return MOVING.flatMap((field) => {
    const isOther = ({ comparison }: ComparedReference) => {
      const each = comparison[field]
      return isFewer(each.same, each.of, judged.thresholds.HOLD_FIELD_SHARE) && isMeant(field, each)
    }
    const found = most(judged, isOther)
    const isAlike = ({ comparison }: ComparedReference) => comparison[field].same >= 0.8 * comparison[field].of
    if (found === undefined || isWitnessed(judged, isAlike)) return []
    const { same, of } = found.comparison[field]
    const sentence = `The ${field} of ${percent(1 - same / of)} of the listings of ${titleOf(judged)} ${field === 'barcode' ? 'is another' : what} than in ${titleOfBeside(found)}.`
    const name = field === 'category' ? 'category_path' : field
    return [{ field: name, sentence, rows: rowsOfShare(judged, 1 - same / of), before: 1, now: same / of }]
  })
}

// Fields that a correct scrape may lack entirely, as in a week without specials.
const MAY_BE_EMPTY: readonly Field[] = ['price_was', 'is_on_special']

/** Fields that a much smaller share of the rows has than before. */
export function fieldsEmptied(judged: Case): Found[] {
  const { now, thresholds } = judged
  return FIELDS.filter((field) => !MAY_BE_EMPTY.includes(field)).flatMap((field) => {
    const shareOf = ({ filled, rows }: Figures) => filled[field] / Math.max(1, rows)
    const isEmptied = ({ figures }: ComparedReference) =>
      isMore(figures.filled[field], figures.rows, 0.1) &&
      isFewer(now.filled[field], now.rows, thresholds.HOLD_FIELD_SHARE * shareOf(figures))
    const found = most(judged, isEmptied)
    if (found === undefined) return []
    if (isWitnessed(judged, ({ figures }) => shareOf(figures) < shareOf(found.figures) / 2)) return []
    const [then, share] = [shareOf(found.figures), shareOf(now)]
    const sentence = `${field} is told in ${percent(share)} of the rows of ${titleOf(judged)}; in ${titleOfBeside(found)} it was in ${percent(then)}.`
    return [{ field, sentence, rows: now.rows - now.filled[field], before: then, now: share }]
  })
}

/** Columns that have become the same in nearly all rows. */
export function fieldsConstant(judged: Case): Found[] {
  const { now, thresholds } = judged
  return COLUMNS.flatMap((column) => {
    const { of, topCount, top } = now.values[column]
    if (!isMore(topCount, of, thresholds.HOLD_CONSTANT_SHARE)) return []
    const found = most(judged, ({ figures: { values } }) => values[column].topCount < 0.5 * values[column].of)
    // Without a reference, only one name for all articles is an error; one brand or one price may be real.
    if (found === undefined && !(column === 'name' && judged.beside.length === 0)) return []
    const sentence = `${nameOf(column)} is ${JSON.stringify(top)} in ${percent(topCount / of)} of the rows of ${titleOf(judged)}.`
    const then = found && found.figures.values[column].topCount / Math.max(1, found.figures.values[column].of)
    return [
      {
        field: nameOf(column),
        sentence,
        rows: rowsOfShare(judged, topCount / of),
        before: then ?? 0,
        now: topCount / of,
      },
    ]
  })
}

/** The name of a column's field. */
function nameOf(column: Column): string {
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
      isFewer(comparison[agreement].same, comparison[agreement].of, 1 - thresholds.HOLD_FIELD_SHARE)
    const found = most(judged, isTurned)
    const isAlike = ({ comparison }: ComparedReference) => comparison[agreement].same >= 0.8 * comparison[agreement].of
    if (found === undefined || isWitnessed(judged, isAlike)) return []
    const { same, of } = found.comparison[agreement]
    const sentence = `${field} of ${percent(1 - same / of)} of the listings of ${titleOf(judged)} is the opposite of what ${titleOfBeside(found)} shows; ${whole(count)} of ${whole(now.rows)} are true.`
    return [{ field, sentence, rows: rowsOfShare(judged, 1 - same / of), before: 1, now: same / of }]
  })
}
