/** Counts rows of a scrape by traits: one increment per row; names are processed once for rows with equal traits. */
import { COUNTED_LABEL_FIELDS, TEXT_FAULTS, type Traits } from './label-fields.ts'

// Bounds of memory: distinct traits between two calls of `flush`, and names of each kind.
const TRAITS_MAX = 1_000
const CATEGORIES_MAX = 500
const BRANDS_MAX = 2_000

/** The rows of a brand; `foreign`: those whose names are in another script. */
export type BrandRows = { rows: number; foreign: number }

/** The counts of one scrape. The public counts are complete only after `flush`. */
export class TraitCounts {
  /** For each of `COUNTED_LABEL_FIELDS`, the rows that have it. */
  readonly presentFields = COUNTED_LABEL_FIELDS.map(() => 0)
  readonly textFaults = { mojibake: 0, html: 0, template: 0, foreignBrand: 0, urlTemplate: 0 }
  readonly tops = new Map<string, number>()
  readonly seconds = new Map<string, number>()
  readonly brands = new Map<string, BrandRows>()
  readonly #rows = new Map<Traits, { rows: number }>()

  /** Counts a row. */
  add(traits: Traits): void {
    const known = this.#rows.get(traits)
    if (known !== undefined) known.rows++
    else {
      if (this.#rows.size >= TRAITS_MAX) this.flush()
      this.#rows.set(traits, { rows: 1 })
    }
  }

  /** Adds the pending counts by traits to the counts by name. */
  flush(): void {
    for (const [{ brand, top, second, textFaults, presentFields }, { rows }] of this.#rows) {
      for (let place = 0; place < COUNTED_LABEL_FIELDS.length; place++)
        if ((presentFields & (1 << place)) !== 0) this.presentFields[place]! += rows
      if (textFaults !== 0)
        for (const name of TEXT_FAULT_NAMES) if ((textFaults & TEXT_FAULTS[name]) !== 0) this.textFaults[name] += rows
      addToCount(this.tops, top, rows)
      addToCount(this.seconds, second, rows)
      if (brand !== null) this.#countBrand(brand, rows, (textFaults & TEXT_FAULTS.foreignBrand) === 0 ? 0 : rows)
    }
    this.#rows.clear()
  }

  #countBrand(brand: string, rows: number, foreign: number): void {
    const known = this.brands.get(brand)
    if (known !== undefined) {
      known.rows += rows
      known.foreign += foreign
    } else if (this.brands.size < BRANDS_MAX) this.brands.set(brand, { rows, foreign })
  }
}

const TEXT_FAULT_NAMES = Object.keys(TEXT_FAULTS) as (keyof typeof TEXT_FAULTS)[]

/** Adds to the count of a name; ignores new names beyond `CATEGORIES_MAX`. */
export function addToCount(counts: Map<string, number>, name: string, more = 1): void {
  const known = counts.get(name)
  if (known !== undefined) counts.set(name, known + more)
  else if (counts.size < CATEGORIES_MAX) counts.set(name, more)
}
