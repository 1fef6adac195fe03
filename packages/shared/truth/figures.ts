/**
 * The figures of the columns of one scrape: made in one pass over its rows, in memory that does not grow with them, and kept with the
 * scrape. A later scrape is compared with them (comparison.ts) and judged (rules.ts); no row is read a second time.
 */
import { FIELDS, type Field, hashesOf, ODD, type Said } from './said.ts'
import { encodeSample, reachOf, SAMPLE_MAX, type Sampled, smallestOf } from './sample.ts'
import { IS_UNIT_PRICE } from './unit-price.ts'

/** How often a value stands in the sample: the most frequent one, and how many there are. */
export type Values = Readonly<{ of: number; distinct: number; top: string; topCount: number }>

/** The columns whose values are looked at. */
export const COLUMNS = ['name', 'price', 'brand', 'barcode', 'size', 'image_url'] as const

export type Column = (typeof COLUMNS)[number]

/** A brand of many rows, and in how many of which categories. */
export type Brand = Readonly<{ brand: string; rows: number; isForeign: boolean; categories: readonly Counted[] }>

export type Counted = readonly [name: string, rows: number]

/** The figures of a scrape, as JSON. Rows are listings: a row that shows one again counts only as `repeated`. */
export type Figures = Readonly<{
  v: 1
  rows: number
  repeated: number
  filled: Readonly<Record<Field, number>>
  zero: number
  equalUnit: number
  wasBelow: number
  available: number
  special: number
  /** Rows by the power of two that their cents reach. */
  levels: readonly number[]
  unit: readonly number[]
  odd: Readonly<Record<keyof typeof ODD, number>>
  tops: readonly Counted[]
  seconds: readonly Counted[]
  values: Readonly<Record<Column, Values>>
  brands: readonly Brand[]
  sample: string
}>

/** What a row shows. Money is whole cents, -1 where it is not told; flags are 0, 1 and -1. */
export type Shown = Readonly<{
  hash: number
  code: string
  /** 1: the code is a normalized name. */
  byName: 0 | 1
  said: Said
  price: number
  was: number
  special: number
  available: number
  /** What `unitOf` makes of the row. */
  unit: number
}>

const CATEGORIES_MAX = 500
const BRANDS_MAX = 2_000
const KEPT_MAX = 60
const LEVELS = 28

/** Makes the figures of one scrape. */
export class FiguresMaker {
  #rows = 0
  #repeated = 0
  readonly #filled = new Uint32Array(FIELDS.length)
  readonly #counts = { zero: 0, equalUnit: 0, wasBelow: 0, available: 0, special: 0 }
  readonly #levels = new Uint32Array(LEVELS)
  readonly #unit = new Uint32Array(5)
  readonly #odd = { mojibake: 0, html: 0, template: 0, foreignBrand: 0 }
  readonly #tops = new Map<string, number>()
  readonly #seconds = new Map<string, number>()
  readonly #brands = new Map<string, { rows: number; foreign: number }>()
  #sample: Shown[] = []
  #reach = Number.POSITIVE_INFINITY

  /** Counts a row that shows a listing again. */
  repeat(): void {
    this.#repeated++
  }

  /** Adds a row that shows a listing for the first time. What it is given may be changed afterwards. */
  add(shown: Shown): void {
    const { said, price, was, special, available, unit } = shown
    this.#rows++
    this.#countFilled(shown)
    const counts = this.#counts
    if (price === 0) counts.zero++
    if (was >= 0 && was < price) counts.wasBelow++
    if (available === 1) counts.available++
    if (special === 1) counts.special++
    if (unit >= IS_UNIT_PRICE) counts.equalUnit++
    if (price >= 0) this.#levels[31 - Math.clz32(price + 1)]!++
    this.#unit[unit & (IS_UNIT_PRICE - 1)]!++
    if (said.odd !== 0) this.#countOdd(said.odd)
    count(this.#tops, said.top)
    count(this.#seconds, said.second)
    if (said.brand !== null) this.#countBrand(said.brand, said.odd & ODD.foreignBrand)
    if (shown.hash <= this.#reach) this.#take(shown)
  }

  /** The sample as it is now, with the texts of its rows. */
  get sampled(): readonly Shown[] {
    this.#sample = smallestOf(this.#sample)
    return this.#sample
  }

  /** The figures of all that was added. */
  figures(): Figures {
    const sample = this.sampled
    return {
      v: 1,
      rows: this.#rows,
      repeated: this.#repeated,
      filled: Object.fromEntries(FIELDS.map((field, index) => [field, this.#filled[index]!])) as Record<Field, number>,
      ...this.#counts,
      levels: [...this.#levels],
      unit: [...this.#unit],
      odd: { ...this.#odd },
      tops: mostOf(this.#tops),
      seconds: this.#isOneTop() ? mostOf(this.#seconds) : [],
      values: valuesOf(sample),
      brands: this.#largeBrands(sample),
      sample: encodeSample(sample.map(sampledOf)),
    }
  }

  /** Whether the categories at the top tell nothing, because nearly all rows are in one. */
  #isOneTop(): boolean {
    return Math.max(0, ...this.#tops.values()) >= 0.95 * this.#rows
  }

  #countFilled({ said, was, special, available, byName }: Shown): void {
    const filled = this.#filled
    if (byName === 0) filled[0]!++
    if (said.brand !== null) filled[1]!++
    if (said.barcode !== null) filled[2]!++
    if (said.size !== null) filled[3]!++
    if (said.hasUrl) filled[4]!++
    if (said.imageUrl !== null) filled[5]!++
    if (said.top !== '') filled[6]!++
    if (was >= 0) filled[7]!++
    if (special >= 0) filled[8]!++
    if (available >= 0) filled[9]!++
  }

  #countOdd(odd: number): void {
    for (const name of ODD_NAMES) if ((odd & ODD[name]) !== 0) this.#odd[name]++
  }

  #countBrand(brand: string, foreign: number): void {
    const known = this.#brands.get(brand)
    if (known !== undefined) {
      known.rows++
      if (foreign !== 0) known.foreign++
    } else if (this.#brands.size < BRANDS_MAX) this.#brands.set(brand, { rows: 1, foreign: foreign === 0 ? 0 : 1 })
  }

  #take(shown: Shown): void {
    this.#sample.push({ ...shown })
    if (this.#sample.length < 2 * SAMPLE_MAX) return
    this.#sample = smallestOf(this.#sample)
    this.#reach = reachOf(this.#sample)
  }

  #largeBrands(sample: readonly Shown[]): Brand[] {
    const large = [...this.#brands].filter(([, { rows, foreign }]) => rows * 2 > this.#rows || 2 * foreign > rows)
    return large
      .toSorted(([, one], [, other]) => other.rows - one.rows)
      .slice(0, 5)
      .map(([brand, { rows, foreign }]) => {
        const categories = new Map<string, number>()
        for (const { said } of sample) if (said.brand === brand) count(categories, said.second)
        return { brand, rows, isForeign: 2 * foreign > rows, categories: mostOf(categories).slice(0, 8) }
      })
  }
}

const ODD_NAMES = Object.keys(ODD) as (keyof typeof ODD)[]

/** A row as a sample keeps it. */
export function sampledOf({ hash, price, available, special, said }: Shown): Sampled {
  return { hash, price, available, special, ...hashesOf(said) }
}

function count(counts: Map<string, number>, name: string): void {
  const known = counts.get(name)
  if (known !== undefined) counts.set(name, known + 1)
  else if (counts.size < CATEGORIES_MAX) counts.set(name, 1)
}

/** Counted names, the most frequent first. */
export function mostOf(counts: ReadonlyMap<string, number>): Counted[] {
  const sorted = [...counts].toSorted(([one, first], [other, second]) => second - first || (one < other ? -1 : 1))
  return sorted.filter(([name]) => name !== '').slice(0, KEPT_MAX)
}

function valuesOf(sample: readonly Shown[]): Record<Column, Values> {
  const of: Record<Column, (shown: Shown) => string | null> = {
    name: ({ said }) => said.name,
    price: ({ price }) => (price < 0 ? null : String(price)),
    brand: ({ said }) => said.brand,
    barcode: ({ said }) => said.barcode,
    size: ({ said }) => said.size,
    image_url: ({ said }) => said.imageUrl,
  }
  const values = COLUMNS.map((column) => {
    const counts = new Map<string, number>()
    for (const shown of sample) {
      const value = of[column](shown)
      if (value !== null) counts.set(value, (counts.get(value) ?? 0) + 1)
    }
    const [top = '', topCount = 0] = [...counts].reduce<readonly [string?, number?]>(
      (most, each) => (each[1] > (most[1] ?? 0) ? each : most),
      [],
    )
    const total = [...counts.values()].reduce((sum, each) => sum + each, 0)
    return [column, { of: total, distinct: counts.size, top, topCount }] as const
  })
  return Object.fromEntries(values) as Record<Column, Values>
}
