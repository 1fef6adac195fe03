/** The figures of a file that is at hand row by row, before it is sent: for each store and date those of its scrape. */
import type { Row } from '../row.ts'
import { type CountedRow, FiguresMaker, type Shown } from './figures.ts'
import { KnownTraits, type LabelFields } from './label-fields.ts'
import { hash32 } from './text-hash.ts'

/** A scrape of the file. */
export type FileScrape = Readonly<{
  company: string
  store: string
  storeName: string
  date: string
  maker: FiguresMaker
}>

type Known = FileScrape & Readonly<{ seen: Map<string, string> }>

/** Makes them. */
export class FileFigures {
  readonly #scrapes = new Map<string, Known>()
  readonly #traits = new KnownTraits()
  #differing = 0

  /** Adds a row. */
  add(row: Row): void {
    const { maker, seen } = this.#scrapeOf(row)
    const code = `${row.sku === null ? 1 : 0}${row.sku ?? row.key}`
    const told = JSON.stringify([row.name, row.size, row.priceCents, row.wasPriceCents, row.isOnSpecial])
    const before = seen.get(code)
    if (before === undefined) {
      seen.set(code, told)
      const shown = shownOf(row, this.#traits.labelFieldsOf(row))
      if (maker.add(shown)) maker.take(shown)
    } else if (before === told) maker.repeat()
    else this.#differing++
  }

  /** How many rows show a listing again, but otherwise. */
  get differing(): number {
    return this.#differing
  }

  /** The scrapes, in the order in which they began. */
  get scrapes(): readonly FileScrape[] {
    return [...this.#scrapes.values()]
  }

  #scrapeOf({ company, storeCode, storeName, date }: Row): Known {
    const key = JSON.stringify([company, storeCode, date])
    const known = this.#scrapes.get(key)
    if (known !== undefined) return known
    const scrape = {
      company,
      store: storeCode,
      storeName,
      date,
      maker: new FiguresMaker(),
      seen: new Map<string, string>(),
    }
    this.#scrapes.set(key, scrape)
    return scrape
  }
}

function shownOf(row: Row, said: LabelFields): Shown & CountedRow {
  const code = row.sku ?? row.key
  return {
    hash: hash32(code),
    code,
    byName: row.sku === null ? 1 : 0,
    said,
    brand: said.traits.brand,
    odd: said.traits.odd,
    traits: said.traits,
    price: row.priceCents ?? -1,
    was: row.wasPriceCents ?? -1,
    special: flag(row.isOnSpecial),
    available: flag(row.isAvailable),
    unit: row.unit,
  }
}

function flag(value: boolean | null): number {
  return value === null ? -1 : Number(value)
}
