/** What a product has cost, store by store: the runs that touch a span of dates. */
import { foldedCode } from '@splitcart/shared/codes.ts'
import type { Sql, Value } from '../../database/sql.ts'
import type { LiveStores } from './current.ts'
import { type DateSpan, gapsBetween } from './gaps.ts'
import { parseFlag } from './products.ts'
import type { StoreCodes } from './stores.ts'

/** The product, the stores (undefined: all, page by page) and the dates. */
export type PricesQuery = Readonly<{
  productId: number
  /** Company and store id with a slash between them. */
  stores: readonly string[] | undefined
  from: string
  to: string
  after: StoreCodes | undefined
  limit: number
}>

/**
 * Every scrape from one date to the other showed the listing with these terms. `is_current`: up to the store's latest scrape.
 * `is_available` is null also where all current rows of the company say the same.
 */
export type PriceRunView = {
  from: string
  to: string
  is_current: boolean
  sku: string | null
  key: string
  /** Null: it was shown, not available and without a price. */
  price_cents: number | null
  was_price_cents: number | null
  is_on_special: boolean | null
  is_available: boolean | null
}

/** The prices of one store, in the order of their dates. */
export type StorePrices = Readonly<{
  company: string
  store_id: string
  store_name: string
  /** Its latest scrape is so long ago that what is current there may have ended. */
  is_silent: boolean
  /** Of the scrapes within the dates that were asked for. */
  first_date: string | null
  last_date: string | null
  runs: PriceRunView[]
  /** Scrapes that did not show the product. */
  gaps: DateSpan[]
}>

/** The prices of a page of stores, and the store that the next page begins after. */
export async function storePrices(
  database: Sql,
  query: PricesQuery,
  current: LiveStores,
): Promise<{ stores: StorePrices[]; next: StoreCodes | null }> {
  const stores = await storesShowing(database, query)
  const page = stores.slice(0, query.limit)
  const prices: StorePrices[] = []
  for (const store of page) prices.push(await pricesOfStore(database, store, { ...query, current }))
  const last = page.at(-1)
  return {
    stores: prices,
    next: stores.length > query.limit && last !== undefined ? [last.company, last.store_id] : null,
  }
}

type StoreRecord = { id: number; companyId: number; company: string; store_id: string; store_name: string }

/** The stores that ever showed the product, one more than a page has. Cross-joined, so SQLite begins with listings. */
async function storesShowing(database: Sql, { productId, stores, after, limit }: PricesQuery): Promise<StoreRecord[]> {
  const [company, store] = after ?? ['', '']
  const values: Value[] = [productId, company, store, limit + 1]
  const named = stores?.map((each) => `?${values.push(foldedCode(each))}`)
  return await database.all<StoreRecord>(
    `select store.id, company.id as "companyId", company.shown as company, store.shown as store_id, store.name as store_name
      from store join company on company.id = store.company_id
      where (company.shown, store.shown) > (?2, ?3) and exists (
          select 1 from listing cross join price_run as run
          where listing.product_id = ?1 and listing.company_id = store.company_id
            and run.store_id = store.id and run.listing_id = listing.id)
        ${named === undefined ? '' : `and company.code || '/' || store.code in (${named.join(', ')})`}
      order by company.shown, store.shown limit ?4`,
    ...values,
  )
}

async function pricesOfStore(
  database: Sql,
  { id, companyId, ...store }: StoreRecord,
  { productId, from, to, current }: PricesQuery & { current: LiveStores },
): Promise<StorePrices> {
  const sql = 'select distinct date from scrape where store_id = ? and date between ? and ? order by date'
  const dates = (await database.all<{ date: string }>(sql, id, from, to)).map(({ date }) => date)
  const runs = await readRuns(database, { productId, storeId: id, from, to })
  const isInformative = await current.informativeAvailability([companyId])
  if (!isInformative(companyId)) for (const run of runs) run.is_available = null
  return {
    ...store,
    is_silent: current.isSilent(id),
    first_date: dates[0] ?? null,
    last_date: dates.at(-1) ?? null,
    runs,
    gaps: gapsBetween(dates, runs),
  }
}

type RunRecord = {
  from_date: string
  to_date: string | null
  latest: string
  by_name: number
  code: string
  key: string
  price_cents: number | null
  was_price_cents: number | null
  is_on_special: number | null
  is_available: number | null
}

async function readRuns(
  database: Sql,
  span: { productId: number; storeId: number; from: string; to: string },
): Promise<PriceRunView[]> {
  const records = await database.all<RunRecord>(
    `select from_date, to_date, (select max(date) from scrape where store_id = ?2) as latest, listing.by_name, listing.code, label.key,
        price_cents, was_price_cents, is_on_special, is_available
      from listing join label on label.id = listing.label_id
      cross join price_run as run
      where run.store_id = ?2 and run.listing_id = listing.id and listing.product_id = ?1 and from_date <= ?4 and (to_date is null or to_date >= ?3)
      order by from_date, listing.by_name, listing.code`,
    span.productId,
    span.storeId,
    span.from,
    span.to,
  )
  return records.map(({ from_date, to_date, latest, by_name, code, is_on_special, is_available, ...terms }) => ({
    ...terms,
    from: from_date,
    to: to_date ?? latest,
    is_current: to_date === null,
    sku: by_name === 1 ? null : code,
    is_on_special: parseFlag(is_on_special),
    is_available: parseFlag(is_available),
  }))
}
