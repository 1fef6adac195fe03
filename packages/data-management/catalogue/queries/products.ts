/** A product: its listings and current prices. Its number may change by merges or splits; old numbers still work. */
import type { Details } from '@splitcart/shared/row-details.ts'
import { LISTS } from '../../database/lists.ts'
import type { Sql } from '../../database/sql.ts'
import { type CategoryPath, categoryPathsOf, NO_CATEGORY_PATH } from '../category-paths.ts'
import { BARCODE_OF_LISTING } from '../listing-barcode.ts'
import { unitPriceOfGoods, unitPriceView } from '../model/unit-price.ts'
import type { LiveStores } from './current.ts'
import { EVIDENCE_COLUMNS, type Evidence, type EvidenceRecord, evidenceOf, gtinOfListing } from './evidence.ts'
import { CURRENT_RUNS, isBuyable } from './price-range.ts'

/** What one company sells. `sku` is null where the company has none; `key` is the normalized name. */
export type ListingView = Readonly<{
  company: string
  sku: string | null
  key: string
  name: string
  size: string | null
  /** Its barcode in 14 digits, where that is a GTIN. */
  gtin: string | null
  /** The evidence that joins it with the others; null if it is the only one. */
  evidence: Evidence | null
  url: string | null
  /** Further details from the shop, by the names of the row's fields; null if there are none. */
  details: Details | null
}>

/** A product, named after its first listing (model/naming-listing.ts); the others are in the order of company and SKU. */
export type ProductView = Readonly<{
  id: number
  name: string
  brand: string | null
  size: string | null
  barcodes: string[]
  image_url: string | null
  /** The path of its first listing, from the top. */
  categories: string[]
  listings: ListingView[]
}>

/** What one store asked for one listing when it was scraped last. */
export type PriceNow = Readonly<{
  company: string
  store_id: string
  store_name: string
  sku: string | null
  key: string
  date: string
  /** Null: it is shown, not available and without a price. */
  price_cents: number | null
  /** The unit price (per 100 g, each …); null if the size is not known. */
  unit_price_cents: number | null
  unit_price_per: string | null
  was_price_cents: number | null
  is_on_special: boolean | null
  /** Null if unknown, and if all current rows of the company say the same. */
  is_available: boolean | null
  /** The last scrape of the store is so long ago that the price may have changed by now. */
  is_silent: boolean
}>

// Limits of an answer: one wrong barcode on many articles makes one huge product of them all.
const LISTINGS_MAX = 200
const STORES_MAX = 5_000
// Sorts after every price.
const PRICE_LAST = 2_147_483_647
const NUMBER_MAX = 2 ** 31 - 1

/** The current number of a product, which changes when it merges or splits; 0 if unknown. It is the id of a listing. */
export async function currentProductId(database: Sql, number: number): Promise<number> {
  if (number > NUMBER_MAX) return 0
  const listing = await database.get<{ product_id: number }>('select product_id from listing where id = ?', number)
  return listing?.product_id ?? 0
}

/** A product, or undefined if there is none of this number. */
export async function findProduct(database: Sql, id: number): Promise<ProductView | undefined> {
  return (await findProductsByIds(database, [id])).get(id)
}

/** The products with these ids. Columns are computed only for listings that are shown. */
export async function findProductsByIds(database: Sql, ids: readonly number[]): Promise<Map<number, ProductView>> {
  const { those, asValue } = LISTS[database.dialect]
  const records = await database.all<ListingRecord>(
    `select listing.product_id, company.shown as company, listing.by_name, listing.code, ${BARCODE_OF_LISTING} as barcode, label.name,
        label.key, label.size, label.url, label.image_url, label.category_id, label.details, brand.name as brand, ${EVIDENCE_COLUMNS}
      from (
        select listing.id, row_number() over (partition by listing.product_id order by
          case when listing.id = coalesce(named.head_id, named.id) then 0 else 1 end, company.code, listing.by_name, listing.code) as place
        from ${those('?1', 'integer')} as wanted join listing as named on named.id = wanted.value
        join listing on listing.product_id = named.id join company on company.id = listing.company_id
      ) as shown join listing on listing.id = shown.id
      join company on company.id = listing.company_id join label on label.id = listing.label_id
      left join brand on brand.id = label.brand_id
      where place <= ${LISTINGS_MAX} order by place`,
    asValue(ids),
  )
  const products = [...Map.groupBy(records, (each) => each.product_id)]
  const paths = await categoryPathsOf(
    database,
    products.map(([, [first]]) => first!.category_id),
  )
  return new Map(products.map(([id, listings]) => [id, productView(id, listings, paths)]))
}

function productView(
  id: number,
  listings: readonly ListingRecord[],
  paths: ReadonlyMap<number, CategoryPath>,
): ProductView {
  const first = listings[0]!
  const evidence = evidenceOf(listings)
  return {
    id,
    name: first.name,
    brand: first.brand,
    size: first.size,
    barcodes: [...new Set(listings.flatMap(({ barcode }) => barcode ?? []))].sort(),
    image_url: listings.find(({ image_url }) => image_url !== null)?.image_url ?? null,
    categories: [...(paths.get(first.category_id ?? 0) ?? NO_CATEGORY_PATH).categories],
    listings: listings.map(({ company, by_name, code, key, name, size, url, barcode, details }, index) => ({
      company,
      sku: by_name === 1 ? null : code,
      key,
      name,
      size,
      gtin: gtinOfListing({ barcode }),
      evidence: evidence[index]!,
      url,
      details: parseDetails(details),
    })),
  }
}

type ListingRecord = EvidenceRecord & {
  product_id: number
  company: string
  by_name: number
  code: string
  barcode: string | null
  name: string
  key: string
  size: string | null
  url: string | null
  image_url: string | null
  category_id: number | null
  details: string | null
  brand: string | null
}

/** Parses stored details. */
export function parseDetails(json: string | null): Details | null {
  return json === null ? null : (JSON.parse(json) as Details)
}

/**
 * What each store asks for a product now: first what can be paid, cheapest first; then what is sold out or without a
 * price; then what silent stores asked in their last scrape, the latest first.
 */
export async function pricesNow(database: Sql, productId: number, current: LiveStores): Promise<PriceNow[]> {
  const records = await database.all<StoredPrice>(
    `select asked.store_id as "storeId", listing.company_id, company.shown as company, store.shown as store_id, store.name as store_name,
        listing.by_name, listing.code, label.key, label.name, label.size, source.last_date as date,
        asked.price_cents, asked.was_price_cents, asked.is_on_special, asked.is_available
      from (
        select listing.id, run.store_id, run.price_cents, run.was_price_cents, run.is_on_special, run.is_available
        from ${CURRENT_RUNS} join company on company.id = seller.company_id where listing.product_id = ?
        order by coalesce(run.price_cents, ${PRICE_LAST}), company.code, seller.code limit ${STORES_MAX}
      ) as asked join listing on listing.id = asked.id join source on source.store_id = asked.store_id
      join label on label.id = listing.label_id join store on store.id = asked.store_id join company on company.id = store.company_id
      order by coalesce(asked.price_cents, ${PRICE_LAST}), company.code, store.code`,
    productId,
  )
  const isInformative = await current.informativeAvailability(records.map(({ company_id }) => company_id))
  const ranks: readonly PriceNow[][] = [[], [], []]
  for (const { storeId, company_id, by_name, code, is_on_special, is_available, name, size, ...record } of records) {
    const is_silent = current.isSilent(storeId)
    const asked = { ...record, is_silent, availability: is_available ?? -1 }
    ranks[is_silent ? 2 : isBuyable(asked, isInformative(company_id)) ? 0 : 1]!.push({
      ...record,
      ...unitPriceView(unitPriceOfGoods({ name, size, priceCents: record.price_cents })),
      sku: by_name === 1 ? null : code,
      is_on_special: parseFlag(is_on_special),
      is_available: isInformative(company_id) ? parseFlag(is_available) : null,
      is_silent,
    })
  }
  ranks[2]!.sort((one, other) => (one.date === other.date ? 0 : one.date < other.date ? 1 : -1))
  return ranks.flat()
}

type StoredPrice = Omit<
  PriceNow,
  'sku' | 'unit_price_cents' | 'unit_price_per' | 'is_on_special' | 'is_available' | 'is_silent'
> & {
  storeId: number
  name: string
  size: string | null
  company_id: number
  by_name: number
  code: string
  is_on_special: number | null
  is_available: number | null
}

/** A flag as it is stored: 0, 1 or null. */
export function parseFlag(value: number | null): boolean | null {
  return value === null ? null : value === 1
}
