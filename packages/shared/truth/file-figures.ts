/** Makes the figures of each scrape (store and date) of a file from its parsed rows, before the file is sent. */
import { type ComparedFields, differingField, type Row } from '../row.ts'
import { type CountedRow, FiguresBuilder, numberOfFlag, type SampledRow } from './figures.ts'
import { type LabelFields, TraitsCache } from './label-fields.ts'
import { hash32 } from './text-hash.ts'

/** A scrape of the file. `maker`: computes its figures. */
export type FileScrape = Readonly<{
  company: string
  store: string
  storeName: string
  date: string
  maker: FiguresBuilder
}>

/** A scrape, and the compared fields of the first row of each listing. */
type ScrapeInProgress = FileScrape & Readonly<{ seen: Map<string, ComparedFields> }>

/** The figures of one file. Memory grows with its listings. */
export class FileFigures {
  readonly #scrapes = new Map<string, ScrapeInProgress>()
  readonly #traits = new TraitsCache()
  #differing = 0

  /** Counts a row. */
  add(row: Row): void {
    const { maker, seen } = this.#scrapeOf(row)
    const code = `${row.sku === null ? 1 : 0}${row.sku ?? row.key}`
    const before = seen.get(code)
    if (before === undefined) {
      const { name, size, priceCents, wasPriceCents, isOnSpecial } = row
      seen.set(code, { name, size, priceCents, wasPriceCents, isOnSpecial })
      const shown = sampledRowOf(row, this.#traits.labelFieldsOf(row))
      if (maker.add(shown)) maker.take(shown)
    } else if (differingField(before, row) === undefined) maker.repeat()
    else this.#differing++
  }

  /** How many rows repeat a listing of their scrape with different values. */
  get differing(): number {
    return this.#differing
  }

  /** The scrapes, in the order of their first rows. */
  get scrapes(): readonly FileScrape[] {
    return [...this.#scrapes.values()]
  }

  #scrapeOf({ company, companyKey, storeCode, storeKey, storeName, date }: Row): ScrapeInProgress {
    const key = JSON.stringify([companyKey, storeKey, date])
    const known = this.#scrapes.get(key)
    if (known !== undefined) return known
    const scrape = {
      company,
      store: storeCode,
      storeName,
      date,
      maker: new FiguresBuilder(),
      seen: new Map<string, ComparedFields>(),
    }
    this.#scrapes.set(key, scrape)
    return scrape
  }
}

function sampledRowOf(row: Row, label: LabelFields): SampledRow & CountedRow {
  const code = row.sku ?? row.key
  return {
    hash: hash32(code),
    code,
    byName: row.sku === null ? 1 : 0,
    label,
    brand: label.traits.brand,
    textFaults: label.traits.textFaults,
    traits: label.traits,
    price: row.priceCents ?? -1,
    was: row.wasPriceCents ?? -1,
    special: numberOfFlag(row.isOnSpecial),
    available: numberOfFlag(row.isAvailable),
    unit: row.unit,
  }
}
