/**
 * Figures: statistics of one scrape, computed in one pass over its rows in constant memory, and stored with the scrape.
 * Later scrapes are compared with them (comparison.ts) and judged (rules.ts), so that no row is read a second time.
 */
import {
  COUNTED_LABEL_FIELDS,
  FIELDS,
  type Field,
  hashesOf,
  type LabelFields,
  type TEXT_FAULTS,
  type Traits,
} from './label-fields.ts'
import {
  type EncodedSample,
  encodeSample,
  largestCompleteHash,
  SAMPLE_MAX,
  type SampledListing,
  smallestHashes,
} from './sample.ts'
import { addToCount, TraitCounts } from './trait-counts.ts'
import { PRICE_IS_UNIT_PRICE } from './unit-price.ts'

/** Statistics of a column in the sample: rows with a value, distinct values, the most frequent one and its count. */
export type ColumnStats = Readonly<{ of: number; distinct: number; top: string; topCount: number }>

/** The columns for which `ColumnStats` are computed. */
export const COLUMNS = ['name', 'price', 'brand', 'barcode', 'size', 'image_url'] as const

export type Column = (typeof COLUMNS)[number]

/** A brand with many rows, or of another script than names (`isForeign`), and its rows by category. */
export type Brand = Readonly<{ brand: string; rows: number; isForeign: boolean; categories: readonly NamedCount[] }>

export type NamedCount = readonly [name: string, rows: number]

/** The figures of a scrape, as JSON. Each listing counts once; further rows of it count only as `repeated`. */
export type Figures = EncodedSample &
  Readonly<{
    v: 1
    rows: number
    repeated: number
    filled: Readonly<Record<Field, number>>
    zero: number
    equalUnit: number
    wasBelow: number
    /** Rows whose former price is above the price; figures made by an older version lack it. */
    reduced?: number | undefined
    available: number
    special: number
    /** Rows by price: the number of rows per power of two of the cents. */
    levels: readonly number[]
    unit: readonly number[]
    /** Figures made by an older version lack `urlTemplate`: it counts as `template` there. */
    odd: Readonly<Record<Exclude<keyof typeof TEXT_FAULTS, 'urlTemplate'>, number>> & Readonly<{ urlTemplate?: number }>
    tops: readonly NamedCount[]
    seconds: readonly NamedCount[]
    values: Readonly<Record<Column, ColumnStats>>
    brands: readonly Brand[]
  }>

/** The values of a row that are counted. Money is whole cents, -1 if absent; flags are 0, 1 and -1 (absent). */
export type CountedRow = Readonly<{
  hash: number
  /** 1: the listing has no SKU, its code is a normalized name. */
  byName: 0 | 1
  traits: Traits
  price: number
  was: number
  special: number
  available: number
  /** The result of `checkUnitPrice`. */
  unit: number
}>

/** A row of the sample, with its texts for examples. `brand` and `textFaults` are those of its traits. */
export type SampledRow = Readonly<{
  hash: number
  code: string
  label: LabelFields
  brand: string | null
  textFaults: number
  price: number
  was: number
  available: number
  special: number
  unit: number
}>

/** A flag as a number; -1: absent. */
export function numberOfFlag(value: boolean | null): number {
  return value === null ? -1 : Number(value)
}

const COUNTS_MAX = 60
const LEVEL_COUNT = 28

/** Makes the figures of one scrape. */
export class FiguresBuilder {
  #rows = 0
  #repeated = 0
  readonly #counts = { zero: 0, equalUnit: 0, wasBelow: 0, reduced: 0, available: 0, special: 0 }
  readonly #filled = { sku: 0, price_was: 0, is_on_special: 0, is_available: 0 }
  readonly #levels = new Uint32Array(LEVEL_COUNT)
  readonly #unit = new Uint32Array(5)
  readonly #traits = new TraitCounts()
  #sample: SampledRow[] = []
  #reach = Number.POSITIVE_INFINITY

  /** Counts a further row of a listing. */
  repeat(): void {
    this.#repeated++
  }

  /** Counts the first row of a listing. True if it may belong to the sample: then pass it to `take`. */
  add({ hash, byName, traits, price, was, special, available, unit }: CountedRow): boolean {
    this.#rows++
    const counts = this.#counts
    const filled = this.#filled
    if (byName === 0) filled.sku++
    if (was >= 0) filled.price_was++
    if (special >= 0) filled.is_on_special++
    if (available >= 0) filled.is_available++
    if (price === 0) counts.zero++
    if (was >= 0 && was < price) counts.wasBelow++
    if (price >= 0 && was > price) counts.reduced++
    if (available === 1) counts.available++
    if (special === 1) counts.special++
    if (unit >= PRICE_IS_UNIT_PRICE) counts.equalUnit++
    if (price >= 0) this.#levels[31 - Math.clz32(price + 1)]!++
    this.#unit[unit & (PRICE_IS_UNIT_PRICE - 1)]!++
    this.#traits.add(traits)
    return hash <= this.#reach
  }

  /** Shrinks the memory in use. More rows may be added afterwards. */
  flush(): void {
    this.#traits.flush()
    if (this.#sample.length > 1.25 * SAMPLE_MAX) this.#shrink()
  }

  /** The current sample, with the texts of its rows. */
  get sampled(): readonly SampledRow[] {
    this.#sample = smallestHashes(this.#sample)
    return this.#sample
  }

  /** The figures of all added rows. */
  figures(): Figures {
    const sample = this.sampled
    const traits = this.#traits
    traits.flush()
    const present = Object.fromEntries(
      COUNTED_LABEL_FIELDS.map((field, place) => [field, traits.presentFields[place]!]),
    )
    const filled = { ...present, ...this.#filled } as Record<Field, number>
    return {
      v: 1,
      rows: this.#rows,
      repeated: this.#repeated,
      filled: Object.fromEntries(FIELDS.map((field) => [field, filled[field]])) as Record<Field, number>,
      ...this.#counts,
      levels: [...this.#levels],
      unit: [...this.#unit],
      odd: { ...traits.textFaults },
      tops: mostFrequent(traits.tops),
      seconds: this.#isOneTop() ? mostFrequent(traits.seconds) : [],
      values: statsByColumn(sample),
      brands: this.#largeBrands(sample),
      ...encodeSample(sample.map(sampledListingOf)),
    }
  }

  /** Whether nearly all rows are in one top category, so that second-level ones are needed. */
  #isOneTop(): boolean {
    return Math.max(0, ...this.#traits.tops.values()) >= 0.95 * this.#rows
  }

  /** Takes a row into the sample. */
  take(shown: SampledRow): void {
    this.#sample.push(shown)
    if (this.#sample.length >= 2 * SAMPLE_MAX) this.#shrink()
  }

  #shrink(): void {
    this.#sample = smallestHashes(this.#sample)
    this.#reach = largestCompleteHash(this.#sample)
  }

  #largeBrands(sample: readonly SampledRow[]): Brand[] {
    const large = [...this.#traits.brands].filter(
      ([, { rows, foreign }]) => rows * 2 > this.#rows || 2 * foreign > rows,
    )
    return large
      .toSorted(([, one], [, other]) => other.rows - one.rows)
      .slice(0, 5)
      .map(([brand, { rows, foreign }]) => {
        const categories = new Map<string, number>()
        for (const { label } of sample) if (label.traits.brand === brand) addToCount(categories, label.traits.second)
        return { brand, rows, isForeign: 2 * foreign > rows, categories: mostFrequent(categories).slice(0, 8) }
      })
  }
}

/** A row in the form in which samples are stored. */
function sampledListingOf({ hash, price, available, special, label }: SampledRow): SampledListing {
  return { hash, price, available, special, ...hashesOf(label) }
}

/** The counts by name, the most frequent first; at most `COUNTS_MAX`. */
export function mostFrequent(counts: ReadonlyMap<string, number>): NamedCount[] {
  const sorted = [...counts].toSorted(([one, first], [other, second]) => second - first || (one < other ? -1 : 1))
  return sorted.filter(([name]) => name !== '').slice(0, COUNTS_MAX)
}

const COLUMN_VALUES: Readonly<Record<Column, (shown: SampledRow) => string | null>> = {
  name: ({ label }) => label.name,
  price: ({ price }) => (price < 0 ? null : String(price)),
  brand: ({ label }) => label.traits.brand,
  barcode: ({ label }) => label.barcode,
  size: ({ label }) => label.size,
  image_url: ({ label }) => label.imageUrl,
}

function statsByColumn(sample: readonly SampledRow[]): Record<Column, ColumnStats> {
  return Object.fromEntries(COLUMNS.map((column) => [column, columnStats(sample, COLUMN_VALUES[column])])) as Record<
    Column,
    ColumnStats
  >
}

function columnStats(sample: readonly SampledRow[], textOf: (shown: SampledRow) => string | null): ColumnStats {
  const counts = new Map<string, number>()
  let of = 0
  for (const shown of sample) {
    const value = textOf(shown)
    if (value === null) continue
    of++
    counts.set(value, (counts.get(value) ?? 0) + 1)
  }
  let [top, topCount] = ['', 0]
  for (const [value, count] of counts) if (count > topCount) [top, topCount] = [value, count]
  return { of, distinct: counts.size, top, topCount }
}
