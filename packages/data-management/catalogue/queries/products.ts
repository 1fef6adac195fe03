/** What is known of a product: its listings, and what it costs now. A product's number may change when products merge or part. */
import type { Sql } from '../../database/sql.ts'

/** What one company sells. `sku` is null where the company has none; `key` is the normalized name. */
export type ListingView = Readonly<{
  company: string
  sku: string | null
  key: string
  name: string
  url: string | null
}>

/** A product, called what its first listing (by company and SKU) is called. */
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

/** Over all stores whose latest scrape shows the product. Money is whole cents. */
export type PriceRange = Readonly<{ stores: number; lowest_cents: number | null; highest_cents: number | null }>

/** What one store asked for one listing when it was scraped last. */
export type PriceNow = Readonly<{
  company: string
  store_id: string
  store_name: string
  sku: string | null
  key: string
  date: string
  price_cents: number
  was_price_cents: number | null
  is_on_special: boolean | null
  is_available: boolean | null
}>

// One wrong barcode on many articles makes one product of them all: it must not make one endless answer.
const LISTINGS_MAX = 200
const STORES_MAX = 5_000

/** A product, or undefined when there is none of this number. */
export async function productOf(database: Sql, id: number): Promise<ProductView | undefined> {
  const listings = await database.all<ListingRecord>(
    `select company.code as company, listing.by_name, listing.code, listing.barcode, label.name, label.key, label.size, label.url,
        label.image_url, label.category_id, brand.name as brand
      from listing join company on company.id = listing.company_id join label on label.id = listing.label_id
      left join brand on brand.id = label.brand_id
      where listing.product_id = ? order by company.code, listing.by_name, listing.code limit ${LISTINGS_MAX}`,
    id,
  )
  const [first] = listings
  if (first === undefined) return undefined
  return {
    id,
    name: first.name,
    brand: first.brand,
    size: first.size,
    barcodes: [...new Set(listings.flatMap(({ barcode }) => barcode ?? []))].sort(),
    image_url: listings.find(({ image_url }) => image_url !== null)?.image_url ?? null,
    categories: first.category_id === null ? [] : await pathTo(database, first.category_id),
    listings: listings.map(({ company, by_name, code, key, name, url }) => ({
      company,
      sku: by_name === 1 ? null : code,
      key,
      name,
      url,
    })),
  }
}

type ListingRecord = {
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
  brand: string | null
}

async function pathTo(database: Sql, categoryId: number): Promise<string[]> {
  const steps = await database.all<{ name: string }>(
    `with recursive path (id, parent_id, name, depth) as (
        select id, parent_id, name, 0 from category where id = ?
        union all
        select category.id, category.parent_id, category.name, depth + 1 from path join category on category.id = path.parent_id)
      select name from path order by depth desc`,
    categoryId,
  )
  return steps.map(({ name }) => name)
}

// Runs lie store by store: of a listing each store of its company is looked at, a microsecond each.
const SHOWN_NOW = `listing join store as seller on seller.company_id = listing.company_id
  join price_run as run on run.store_id = seller.id and run.listing_id = listing.id and run.to_date is null`

const STORES_OF = `select count(distinct run.store_id) from ${SHOWN_NOW} where product_id = ?1`

const RANGE = {
  // No store is counted twice where the listings are each of another company.
  sqlite: `select min(price_cents) as lowest_cents, max(price_cents) as highest_cents,
      case when count(distinct company_id) = count(distinct id) then coalesce(sum(stores), 0) else (${STORES_OF}) end as stores
    from listing join price_now on listing_id = id where product_id = ?1`,
  // Loads side by side would wait for each other if they counted: the stores are looked at, some microseconds each.
  postgres: `select count(distinct run.store_id) as stores, min(run.price_cents) as lowest_cents, max(run.price_cents) as highest_cents
    from ${SHOWN_NOW} where listing.product_id = ?1`,
}

/** What a product costs now, from the cheapest store to the dearest. */
export async function priceRangeOf(database: Sql, productId: number): Promise<PriceRange> {
  return (await database.get<PriceRange>(RANGE[database.dialect], productId))!
}

/** What each store asks for a product now, the cheapest first. */
export async function pricesNow(database: Sql, productId: number): Promise<PriceNow[]> {
  const records = await database.all<StoredPrice>(
    `select company.code as company, store.code as store_id, store.name as store_name, listing.by_name, listing.code, label.key,
        (select max(date) from scrape where scrape.store_id = run.store_id) as date,
        run.price_cents, run.was_price_cents, run.is_on_special, run.is_available
      from ${SHOWN_NOW}
      join label on label.id = listing.label_id join store on store.id = run.store_id join company on company.id = store.company_id
      where listing.product_id = ? order by run.price_cents, company.code, store.code limit ${STORES_MAX}`,
    productId,
  )
  return records.map(({ by_name, code, is_on_special, is_available, ...record }) => ({
    ...record,
    sku: by_name === 1 ? null : code,
    is_on_special: flagOf(is_on_special),
    is_available: flagOf(is_available),
  }))
}

type StoredPrice = Omit<PriceNow, 'sku' | 'is_on_special' | 'is_available'> & {
  by_name: number
  code: string
  is_on_special: number | null
  is_available: number | null
}

/** A flag as it is stored: 0, 1 or null. */
export function flagOf(value: number | null): boolean | null {
  return value === null ? null : value === 1
}
