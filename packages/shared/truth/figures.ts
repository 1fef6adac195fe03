/**
 * The figures of the columns of one scrape: made in one pass over its rows, in memory that does not grow with them, and kept with the
 * scrape. A later scrape is compared with them (comparison.ts) and judged (rules.ts); no row is read a second time.
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
  type Sampled,
  smallestOf,
} from './sample.ts'
import { count, TraitCounts } from './trait-counts.ts'
import { IS_UNIT_PRICE } from './unit-price.ts'

/** Values of a column in the sample: rows with one, distinct ones, the most frequent one and its count. */
export type Values = Readonly<{ of: number; distinct: number; top: string; topCount: number }>

/** The columns for which `Values` are computed. */
export const COLUMNS = ['name', 'price', 'brand', 'barcode', 'size', 'image_url'] as const

export type Column = (typeof COLUMNS)[number]

/** A brand of many rows, and in how many of which categories. */
export type Brand = Readonly<{ brand: string; rows: number; isForeign: boolean; categories: readonly Counted[] }>

export type Counted = readonly [name: string, rows: number]

/** The figures of a scrape, as JSON. Rows are listings: a row that shows one again counts only as `repeated`. */
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
    /** Rows by the power of two that their cents reach. */
    levels: readonly number[]
    unit: readonly number[]
    /** Figures made by an older version lack `urlTemplate`: it counts as `template` there. */
    odd: Readonly<Record<Exclude<keyof typeof TEXT_FAULTS, 'urlTemplate'>, number>> & Readonly<{ urlTemplate?: number }>
    tops: readonly Counted[]
    seconds: readonly Counted[]
    values: Readonly<Record<Column, Values>>
    brands: readonly Brand[]
  }>

/** What is counted of a row. Money is whole cents, -1 if absent; flags are 0, 1 and -1 (absent). */
export type CountedRow = Readonly<{
  hash: number
  /** 1: the code is a normalized name. */
  byName: 0 | 1
  traits: Traits
  price: number
  was: number
  special: number
  available: number
  /** What `unitOf` makes of the row. */
  unit: number
}>

/** What a row shows. `brand` and `textFaults` are those of its traits: rows are chosen by them. */
export type Shown = Readonly<{
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

/** A flag as a number; -1: not given. */
export function numberOfFlag(value: boolean | null): number {
  return value === null ? -1 : Number(value)
}

const KEPT_MAX = 60
const LEVELS = 28

/** Makes the figures of one scrape. */
export class FiguresMaker {
  #rows = 0
  #repeated = 0
  readonly #counts = { zero: 0, equalUnit: 0, wasBelow: 0, reduced: 0, available: 0, special: 0 }
  readonly #filled = { sku: 0, price_was: 0, is_on_special: 0, is_available: 0 }
  readonly #levels = new Uint32Array(LEVELS)
  readonly #unit = new Uint32Array(5)
  readonly #traits = new TraitCounts()
  #sample: Shown[] = []
  #reach = Number.POSITIVE_INFINITY

  /** Counts a row that shows a listing again. */
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
    if (unit >= IS_UNIT_PRICE) counts.equalUnit++
    if (price >= 0) this.#levels[31 - Math.clz32(price + 1)]!++
    this.#unit[unit & (IS_UNIT_PRICE - 1)]!++
    this.#traits.add(traits)
    return hash <= this.#reach
  }

  /** Shrinks the memory in use. More rows may be added afterwards. */
  flush(): void {
    this.#traits.flush()
    if (this.#sample.length > 1.25 * SAMPLE_MAX) this.#shrink()
  }

  /** The sample as it is now, with the texts of its rows. */
  get sampled(): readonly Shown[] {
    this.#sample = smallestOf(this.#sample)
    return this.#sample
  }

  /** The figures of all that was added. */
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
      tops: mostOf(traits.tops),
      seconds: this.#isOneTop() ? mostOf(traits.seconds) : [],
      values: valuesOf(sample),
      brands: this.#largeBrands(sample),
      ...encodeSample(sample.map(sampledOf)),
    }
  }

  /** Whether nearly all rows are in one top category, so that second-level ones are needed. */
  #isOneTop(): boolean {
    return Math.max(0, ...this.#traits.tops.values()) >= 0.95 * this.#rows
  }

  /** Takes a row into the sample. */
  take(shown: Shown): void {
    this.#sample.push(shown)
    if (this.#sample.length >= 2 * SAMPLE_MAX) this.#shrink()
  }

  #shrink(): void {
    this.#sample = smallestOf(this.#sample)
    this.#reach = largestCompleteHash(this.#sample)
  }

  #largeBrands(sample: readonly Shown[]): Brand[] {
    const large = [...this.#traits.brands].filter(
      ([, { rows, foreign }]) => rows * 2 > this.#rows || 2 * foreign > rows,
    )
    return large
      .toSorted(([, one], [, other]) => other.rows - one.rows)
      .slice(0, 5)
      .map(([brand, { rows, foreign }]) => {
        const categories = new Map<string, number>()
        for (const { label } of sample) if (label.traits.brand === brand) count(categories, label.traits.second)
        return { brand, rows, isForeign: 2 * foreign > rows, categories: mostOf(categories).slice(0, 8) }
      })
  }
}

/** A row as a sample keeps it. */
function sampledOf({ hash, price, available, special, label }: Shown): Sampled {
  return { hash, price, available, special, ...hashesOf(label) }
}

/** Counted names, the most frequent first. */
export function mostOf(counts: ReadonlyMap<string, number>): Counted[] {
  const sorted = [...counts].toSorted(([one, first], [other, second]) => second - first || (one < other ? -1 : 1))
  return sorted.filter(([name]) => name !== '').slice(0, KEPT_MAX)
}

const VALUE: Readonly<Record<Column, (shown: Shown) => string | null>> = {
  name: ({ label }) => label.name,
  price: ({ price }) => (price < 0 ? null : String(price)),
  brand: ({ label }) => label.traits.brand,
  barcode: ({ label }) => label.barcode,
  size: ({ label }) => label.size,
  image_url: ({ label }) => label.imageUrl,
}

function valuesOf(sample: readonly Shown[]): Record<Column, Values> {
  return Object.fromEntries(COLUMNS.map((column) => [column, valuesIn(sample, VALUE[column])])) as Record<
    Column,
    Values
  >
}

function valuesIn(sample: readonly Shown[], textOf: (shown: Shown) => string | null): Values {
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
