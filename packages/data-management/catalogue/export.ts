/** Streams the catalogue record by record, for programs and spreadsheets, in constant memory. */
import type { Sql } from '../database/sql.ts'
import { BARCODE_OF_LISTING } from './listing-barcode.ts'
import { EVIDENCE_COLUMNS, type EvidenceRecord, evidenceOf, gtinOfListing } from './queries/evidence.ts'
import { type ListingView, parseDetails, parseFlag } from './queries/products.ts'

/**
 * What one store showed for one listing on one date. `key` is set only if there is no SKU. Money is whole cents; the
 * price of what is not available may be null.
 */
export type Observation = Readonly<{
  company: string
  store_id: string
  sku: string | null
  key?: string
  scraped_date: string
  price_cents: number | null
  was_price_cents: number | null
  is_on_special: boolean | null
  is_available: boolean | null
}>

/** An observation with the name, brand and size of its listing. */
export type ExportedPrice = Observation & Readonly<{ name: string; brand: string | null; size: string | null }>

/** A listing of a product, with the evidence that joins it with the others. */
export type ExportedListing = Omit<ListingView, 'url'>

/** A product and the listings it consists of. */
export type ExportedProduct = Readonly<{
  name: string
  brand: string | null
  size: string | null
  barcodes: readonly string[]
  listings: readonly ExportedListing[]
}>

const TERMS_COLUMNS = 'run.price_cents, run.was_price_cents, run.is_on_special, run.is_available'

/** Every observation ever loaded, rebuilt from the runs without loss. */
export async function* exportObservations(database: Sql): AsyncGenerator<Observation> {
  const records = database.each<ObservationRow>(`
    select company.shown as company, store.shown as store_id, listing.by_name, listing.code, dated.date, ${TERMS_COLUMNS}
    from (select distinct store_id, date from scrape) as dated
    join store on store.id = dated.store_id
    join company on company.id = store.company_id
    join price_run as run on run.store_id = dated.store_id
      and run.from_date <= dated.date and (run.to_date is null or run.to_date >= dated.date)
    join listing on listing.id = run.listing_id
    ${orderBy(database, 'dated.store_id, dated.date, run.listing_id')}`)
  for await (const record of records) yield observationOf(record)
}

/** The rows of each store's latest scrape up to the date `on` (undefined: its latest of all). */
export async function* exportPrices(database: Sql, on: string | undefined): AsyncGenerator<ExportedPrice> {
  const records = database.each<ObservationRow & { name: string; brand: string | null; size: string | null }>(
    `select company.shown as company, store.shown as store_id, listing.by_name, listing.code, dated.date, ${TERMS_COLUMNS},
      label.name, brand.name as brand, label.size
    from (select store_id, max(date) as date from scrape where date <= ? group by store_id) as dated
    join store on store.id = dated.store_id
    join company on company.id = store.company_id
    join price_run as run on run.store_id = dated.store_id
      and run.from_date <= dated.date and (run.to_date is null or run.to_date >= dated.date)
    join listing on listing.id = run.listing_id
    join label on label.id = listing.label_id
    left join brand on brand.id = label.brand_id
    ${orderBy(database, 'dated.store_id, run.listing_id')}`,
    on ?? '9999-12-31',
  )
  for await (const { name, brand, size, ...record } of records) yield { ...observationOf(record), name, brand, size }
}

/** Every product, with its listings. */
export async function* exportProducts(database: Sql): AsyncGenerator<ExportedProduct> {
  const records = database.each<ListingRow>(`
    select listing.product_id, company.shown as company, listing.by_name, listing.code, ${BARCODE_OF_LISTING} as barcode,
      label.name, label.key, label.size, label.details, brand.name as brand, ${EVIDENCE_COLUMNS}
    from listing join company on company.id = listing.company_id
    join label on label.id = listing.label_id
    left join brand on brand.id = label.brand_id
    join listing as numbered on numbered.id = listing.product_id
    order by listing.product_id, case when listing.id = coalesce(numbered.head_id, numbered.id) then 0 else 1 end,
      company.code, listing.by_name, listing.code`)
  for await (const group of groupByProduct(records)) yield exportedProductOf(group)
}

/** The consecutive records of each product, in their order. */
export async function* groupByProduct<T extends Readonly<{ product_id: number }>>(
  records: AsyncIterable<T> | Iterable<T>,
): AsyncGenerator<readonly T[]> {
  let group: T[] = []
  for await (const record of records) {
    if (group.length > 0 && group[0]!.product_id !== record.product_id) {
      yield group
      group = []
    }
    group.push(record)
  }
  if (group.length > 0) yield group
}

// SQLite reads in this order anyway, by index; with an `order by` it would sort everything before the first record.
function orderBy({ dialect }: Sql, columns: string): string {
  return dialect === 'sqlite' ? '' : `order by ${columns}`
}

type ObservationRow = {
  company: string
  store_id: string
  by_name: number
  code: string
  date: string
  price_cents: number | null
  was_price_cents: number | null
  is_on_special: number | null
  is_available: number | null
}

type ListingRow = EvidenceRecord & {
  product_id: number
  company: string
  by_name: number
  code: string
  barcode: string | null
  name: string
  key: string
  size: string | null
  details: string | null
  brand: string | null
}

function observationOf(record: ObservationRow): Observation {
  return {
    company: record.company,
    store_id: record.store_id,
    ...(record.by_name === 1 ? { sku: null, key: record.code } : { sku: record.code }),
    scraped_date: record.date,
    price_cents: record.price_cents,
    was_price_cents: record.was_price_cents,
    is_on_special: parseFlag(record.is_on_special),
    is_available: parseFlag(record.is_available),
  }
}

/** A product takes name, brand and size from its first listing. */
function exportedProductOf(group: readonly ListingRow[]): ExportedProduct {
  const { name, brand, size } = group[0]!
  const barcodes = [...new Set(group.flatMap(({ barcode }) => barcode ?? []))].sort()
  const evidence = evidenceOf(group)
  const listings = group.map(({ company, by_name, code, key, ...rest }, index) => ({
    company,
    sku: by_name === 1 ? null : code,
    key,
    name: rest.name,
    size: rest.size,
    gtin: gtinOfListing(rest),
    evidence: evidence[index]!,
    details: parseDetails(rest.details),
  }))
  return { name, brand, size, barcodes, listings }
}
