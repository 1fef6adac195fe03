/**
 * The expected catalogue, computed from all files at once with plain maps. Each rule is written out directly, not
 * in increments as in the loader, which is checked with it; so it is slow. Gives the same lines as `catalogueLines`.
 */
import { createHash } from 'node:crypto'
import type { Row } from '@splitcart/shared/row.ts'
import { DAY_MS } from '@splitcart/shared/time.ts'
import type { StoreAlias } from '../catalogue/catalogue.ts'
import type { ListingVerdict } from '../catalogue/model/partition.ts'
import { type HistoryFile, nameOf, rowsOf, type WrittenRow } from './naive-rows.ts'
import { type NaiveListing, naiveKeys, naiveProducts } from './partition-case.ts'

/** What a file says about one store on one date. `shown` goes by the name of the listing. */
export type Scrape = Readonly<{
  company: string
  store: string
  date: string
  sha256: string
  rankedAt: number
  storeName: string
  state: string | null
  companyName: string | null
  companyWritten: string
  storeWritten: string
  /** The code that the file names, where the store is known under another one. */
  mergedFrom: string
  shown: ReadonlyMap<string, Row>
}>

type Cell = string | number | null

/** The catalogue of these files, line by line, in no particular order. */
export function naiveCatalogue(
  files: readonly HistoryFile[],
  verdicts: readonly ListingVerdict[] = [],
  aliases: readonly StoreAlias[] = [],
): string[] {
  const scrapes = files.flatMap(scrapesOf).map((scrape) => inStore(scrape, aliases))
  const records = [
    ...companies(scrapes),
    ...stores(scrapes),
    ...scrapes.map(scrapeRecord),
    ...listings(scrapes),
    ...labels(scrapes),
    ...products(scrapes, verdicts),
    ...runs(scrapes),
    ...contested(scrapes),
  ]
  return records.map((record) => JSON.stringify(record))
}

/** What each store showed of each listing on each of its dates, in no particular order. */
export function naiveObservations(files: readonly HistoryFile[], aliases: readonly StoreAlias[] = []): string[] {
  const scrapes = files.flatMap(scrapesOf).map((scrape) => inStore(scrape, aliases))
  const shown = new Map([...companies(scrapes), ...stores(scrapes)].map(shownOf))
  return showings(scrapes).map(({ store, date, row }) =>
    JSON.stringify([
      shown.get(row.company),
      shown.get(`${row.company}/${store}`),
      row.sku,
      row.sku === null ? row.key : null,
      date,
      ...termsOf(row),
    ]),
  )
}

/** How a company or a store is written, by its code. */
function shownOf(record: readonly Cell[]): [string, Cell] {
  return record[0] === 'company' ? [String(record[1]), record[2]!] : [`${record[1]}/${record[2]}`, record[3]!]
}

/** What a file says, store by store and date by date. */
export function scrapesOf(file: HistoryFile): Scrape[] {
  const rows = rowsOf(file)
  const byStore = Map.groupBy(rows, (row) => JSON.stringify([row.company, row.storeCode]))
  return [...byStore.values()].flatMap((ofStore) => {
    const byDate = Map.groupBy(ofStore, (row) => row.date)
    const dates = [...byDate.keys()].sort()
    if (isPastMidnight(dates, byDate)) {
      const [earlier = [], later = []] = dates.map((date) => byDate.get(date) ?? [])
      return [scrapeOf(file, [...earlier, ...later])]
    }
    return [...byDate.values()].map((ofDate) => scrapeOf(file, ofDate))
  })
}

function isPastMidnight(dates: readonly string[], byDate: ReadonlyMap<string, readonly Row[]>): boolean {
  const [earlier = '', later = ''] = dates
  if (dates.length !== 2 || Date.parse(later) - Date.parse(earlier) !== DAY_MS) return false
  const names = new Set(byDate.get(earlier)?.map(nameOf))
  return !byDate.get(later)?.some((row) => names.has(nameOf(row)))
}

/** The scrape with the store that its code leads to. */
export function inStore(scrape: Scrape, aliases: readonly StoreAlias[]): Scrape {
  const alias = aliases.find(({ company, code }) => company === scrape.company && code === scrape.store)
  return alias === undefined ? scrape : { ...scrape, store: alias.into, mergedFrom: scrape.store }
}

/** What comes last of two scrapes of one file, store and date: that of the store's own code. */
function ownLast({ mergedFrom }: Scrape): (string | number)[] {
  return [mergedFrom === '' ? 1 : 0, mergedFrom]
}

/** The scrape of these rows; it is what its first row says it is. */
function scrapeOf(file: HistoryFile, rows: readonly WrittenRow[]): Scrape {
  const { company, storeCode: store, date, storeName, state, companyName, companyWritten, storeWritten } = rows[0]!
  const written = { companyWritten, storeWritten, mergedFrom: '' }
  const shown = new Map<string, Row>()
  for (const row of rows) if (!shown.has(nameOf(row))) shown.set(nameOf(row), row)
  const times = rows.flatMap((row) => row.scrapedAt ?? [])
  const rankedAt = Math.min(file.receivedAt, ...(times.length > 0 ? [Math.max(...times)] : []))
  return { company, store, date, sha256: file.sha256, rankedAt, storeName, state, companyName, ...written, shown }
}

function cellsOf(row: Pick<Row, 'company' | 'sku' | 'key'>): Cell[] {
  return row.sku === null ? [row.company, 1, row.key] : [row.company, 0, row.sku]
}

function hashOf({ name, key, brand, barcode, size, url, pictureUrl, categoryPath, details }: Row): number {
  const text = JSON.stringify([
    name,
    key,
    brand,
    barcode,
    size,
    url,
    pictureUrl,
    ...categoryPath,
    ...(details ? [details] : []),
  ])
  return Number.parseInt(createHash('sha1').update(text).digest('hex').slice(0, 12), 16)
}

/** What a shop asks for a listing, by this row. */
export function termsOf(row: Row): Cell[] {
  const flag = (value: boolean | null) => (value === null ? null : Number(value))
  return [row.priceCents, row.wasPriceCents, flag(row.isOnSpecial), flag(row.isAvailable)]
}

/** Numbers by size, texts by their bytes, as databases do; one after the other. */
export function compare(one: readonly (string | number)[], other: readonly (string | number)[]): number {
  for (const [index, a] of one.entries()) {
    const b = other[index]!
    const order = typeof a === 'number' ? a - Number(b) : Buffer.compare(Buffer.from(a), Buffer.from(String(b)))
    if (order !== 0) return order
  }
  return 0
}

/** The element that comes last by its rank. */
function last<T>(elements: readonly T[], rank: (element: T) => (string | number)[]): T | undefined {
  return elements.toSorted((one, other) => compare(rank(one), rank(other))).at(-1)
}

function companies(scrapes: readonly Scrape[]): Cell[][] {
  return [...Map.groupBy(scrapes, ({ company }) => company)].map(([company, group]) => {
    const named = group.filter(({ companyName }) => companyName !== null)
    const newest = last(named, (scrape) => [scrape.date, scrape.store, ...rankOf(scrape)])
    const written = last(group, (scrape) => [scrape.date, scrape.store, ...rankOf(scrape)])!.companyWritten
    return ['company', company, written, newest?.companyName ?? null]
  })
}

function stores(scrapes: readonly Scrape[]): Cell[][] {
  return groupsByStore(scrapes).map((group) => {
    const newestOf = (scrapes: readonly Scrape[]) => last(scrapes, (scrape) => [scrape.date, ...rankOf(scrape)])
    const { company, store, storeName, state } = newestOf(group)!
    const written = newestOf(group.filter(({ mergedFrom }) => mergedFrom === ''))?.storeWritten ?? store
    return ['store', company, store, written, storeName, state]
  })
}

function groupsByStore(scrapes: readonly Scrape[]): Scrape[][] {
  return [...Map.groupBy(scrapes, ({ company, store }) => JSON.stringify([company, store])).values()]
}

function scrapeRecord(scrape: Scrape): Cell[] {
  const { company, store, date, sha256, shown, storeName, state, companyName, companyWritten, storeWritten } = scrape
  const written = [companyWritten, storeWritten, scrape.mergedFrom]
  return ['scrape', company, store, date, sha256, shown.size, storeName, state, companyName, ...written]
}

type Showing = Readonly<{ store: string; date: string; row: Row }>

/** What each store showed on each of its dates: of each listing, the row of the scrape that ranks highest. */
function showings(scrapes: readonly Scrape[]): Showing[] {
  const byStoreAndDate = Map.groupBy(scrapes, ({ company, store, date }) => JSON.stringify([company, store, date]))
  return [...byStoreAndDate.values()].flatMap((group) => {
    const shown = new Map<string, Showing>()
    for (const scrape of group.toSorted((one, other) => compare(rankOf(one), rankOf(other))))
      for (const [name, row] of scrape.shown) shown.set(name, { store: scrape.store, date: scrape.date, row })
    return [...shown.values()]
  })
}

/** Of two scrapes of one store and date the one that ranks higher counts. */
export function rankOf(scrape: Scrape): (string | number)[] {
  return [scrape.rankedAt, scrape.sha256, ...ownLast(scrape)]
}

function listings(scrapes: readonly Scrape[]): Cell[][] {
  return [...Map.groupBy(showings(scrapes), ({ row }) => nameOf(row)).values()].flatMap((group) => {
    const newest = last(group, ({ date, store }) => [date, store])!.row
    const withBarcode = group.filter(({ row }) => row.barcode !== null)
    const barcode = last(withBarcode, ({ date, store }) => [date, store])?.row.barcode ?? null
    const { name, key, brand, size, url, pictureUrl } = newest
    const own = cellsOf(newest)
    return [
      ['listing', ...own, barcode, name, key, brand, size, url, pictureUrl],
      ...newest.categoryPath.map((category) => ['listing_category', ...own, category]),
    ]
  })
}

/** All that scrapes say about listings, also those that lost against another of the same date; each thing once. */
function labels(scrapes: readonly Scrape[]): Cell[][] {
  const found = new Map<string, Cell[]>()
  for (const { shown } of scrapes)
    for (const row of shown.values()) {
      const { name, key, brand, barcode, size, url, pictureUrl, categoryPath, details } = row
      const path = categoryPath.length === 0 ? null : categoryPath.join(' / ')
      const cells = [name, key, brand, barcode, size, url, pictureUrl, path, details && JSON.stringify(details)]
      found.set(`${nameOf(row)} ${hashOf(row)}`, ['label', ...cellsOf(row), hashOf(row), ...cells])
    }
  return [...found.values()]
}

/** What each listing says now, with its own name in cells. */
export function saidNow(scrapes: readonly Scrape[]): Map<string, NaiveListing & { own: Cell[] }> {
  const said = new Map<string, NaiveListing & { own: Cell[] }>()
  for (const [name, group] of Map.groupBy(showings(scrapes), ({ row }) => nameOf(row))) {
    const { company, sku, ...newest } = last(group, ({ date, store }) => [date, store])!.row
    const withBarcode = group.filter(({ row }) => row.barcode !== null)
    const barcode = last(withBarcode, ({ date, store }) => [date, store])?.row.barcode ?? null
    const id = sku === null ? `${company}\u00001${newest.key}` : `${company}\u00000${sku}`
    said.set(name, { ...newest, company, barcode, id, own: cellsOf({ ...newest, company, sku }) })
  }
  return said
}

/** A product is named by its first listing. */
function products(scrapes: readonly Scrape[], verdicts: readonly ListingVerdict[]): Cell[][] {
  const said = saidNow(scrapes)
  const names = new Map([...said].map(([name, { id }]) => [id, name]))
  const ofProduct = naiveProducts([...said.values()], verdicts).flatMap((ids) => {
    const group = ids.map((id) => names.get(id)!).toSorted((one, other) => compare([one], [other]))
    return group.map((name): Cell[] => ['product', ...said.get(name)!.own, group[0]!])
  })
  return [
    ...ofProduct,
    ...naiveKeys([...said.values()]).map(([id, ...key]) => ['listing_key', ...key, ...said.get(names.get(id)!)!.own]),
  ]
}

function runs(scrapes: readonly Scrape[]): Cell[][] {
  return groupsByStore(scrapes).flatMap((ofStore) => {
    const store = ofStore[0]!.store
    const dates = [...new Set(ofStore.map(({ date }) => date))].sort()
    const byListing = Map.groupBy(showings(ofStore), ({ row }) => nameOf(row))
    return [...byListing.values()].flatMap((group) => {
      const rowOn = new Map(group.map(({ date, row }) => [date, row]))
      const own = cellsOf(group[0]!.row)
      const say = (what: (row: Row) => Cell[]) => dates.map((date) => rowOn.has(date) && what(rowOn.get(date)!))
      return [
        ...stretches(dates, say(termsOf)).map((run) => ['price_run', store, ...own, ...run]),
        ...stretches(
          dates,
          say((row) => [hashOf(row)]),
        ).map((run) => ['label_run', store, ...own, ...run]),
      ]
    })
  })
}

/** The stretches of neighbouring dates with equal values: from, to (null when the last date is in it), the value. */
function stretches(dates: readonly string[], values: readonly (Cell[] | false)[]): Cell[][] {
  const found: Cell[][] = []
  for (const [index, value] of values.entries()) {
    if (value === false) continue
    const isSame = (other: Cell[] | false | undefined) => JSON.stringify(other) === JSON.stringify(value)
    if (isSame(values[index - 1])) continue
    let end = index
    while (end + 1 < values.length && isSame(values[end + 1])) end++
    found.push([dates[index]!, end === dates.length - 1 ? null : dates[end]!, ...value])
  }
  return found
}

function contested(scrapes: readonly Scrape[]): Cell[][] {
  const byStoreAndDate = Map.groupBy(scrapes, ({ company, store, date }) => JSON.stringify([company, store, date]))
  const several = [...byStoreAndDate.values()].filter((group) => group.length > 1).flat()
  return several.flatMap(({ store, date, sha256, shown }) =>
    [...shown.values()].map((row) => ['contested', store, date, sha256, ...cellsOf(row), hashOf(row), ...termsOf(row)]),
  )
}
