/**
 * The whole catalogue as canonical text: no ids, no load times, everything by natural keys and in a fixed order.
 * Catalogues with the same content have the same digest, whatever the order of loading and whatever the database.
 * A brand or category counts only in the labels that have it.
 */
import { createHash } from 'node:crypto'
import type { Sql } from '../database/sql.ts'

// A listing's natural key: company, whether it has no SKU, code.
const LISTING_COLUMNS = `company.code as company, listing.by_name, listing.code`
const LISTING_NAME = `company.code || ' ' || listing.by_name || ' ' || listing.code`
const FROM_LISTING = 'listing join company on company.id = listing.company_id'

/** The query of each part of the catalogue, with its sort order. A product is identified by its first listing. */
const PART_QUERIES: Readonly<Record<string, string>> = {
  company: 'select code, shown, name from company order by code',
  store:
    'select company.code as company, store.code, store.shown, store.name, store.state from store join company on company.id = company_id order by 1, 2',
  store_told: `select company.code as company, store.code, told_name, told_state, address, suburb, postcode, latitude_e7, longitude_e7,
      phone, is_open, described_on
    from store join company on company.id = company_id where described_on is not null order by 1, 2`,
  store_fact: `select company.code as company, store.code, store_fact.date, sha256, store_fact.name, store_fact.state, store_fact.address,
      store_fact.suburb, store_fact.postcode, store_fact.latitude_e7, store_fact.longitude_e7, store_fact.phone, store_fact.is_open
    from store_fact join store on store.id = store_id join company on company.id = company_id join load on load.id = load_id
    order by 1, 2, 3, 4`,
  barcode_fact: `select company.code as company, sku, date, sha256, barcode
    from barcode_fact join company on company.id = company_id join load on load.id = load_id order by 1, 2, 3, 4`,
  fed_barcode:
    'select company.code as company, sku, barcode from fed_barcode join company on company.id = company_id order by 1, 2',
  scrape: `select company.code as company, store.code, date, sha256, listings, scrape.store_name, scrape.state, company_name,
      company_code, store_code, merged_from
    from scrape join store on store.id = store_id join company on company.id = company_id join load on load.id = load_id
    order by 1, 2, 3, 4, merged_from`,
  listing: `select ${LISTING_COLUMNS}, listing.barcode, label.name, label.key, brand.name as brand, label.size, label.url, label.image_url
    from ${FROM_LISTING} left join label on label.id = listing.label_id left join brand on brand.id = label.brand_id
    order by 1, 2, 3`,
  listing_category: `select ${LISTING_COLUMNS}, category.name from listing_category join listing on listing.id = listing_category.listing_id
    join company on company.id = listing.company_id join category on category.id = category_id order by 1, 2, 3, 4`,
  product: `select ${LISTING_COLUMNS}, min(${LISTING_NAME}) over (partition by listing.product_id) as product from ${FROM_LISTING} order by 1, 2, 3`,
  listing_key: `select kind, value, silent, ${LISTING_COLUMNS} from listing_key join listing on listing.id = listing_key.listing_id
    join company on company.id = listing.company_id order by 1, 2, 3, 4, 5, 6`,
  label: `with recursive path (id, names) as (
      select id, name from category where parent_id is null
      union all select category.id, names || ' / ' || category.name from category join path on path.id = parent_id)
    select ${LISTING_COLUMNS}, label.hash, label.name, label.key, brand.name as brand, label.barcode, label.size, label.url, label.image_url,
      path.names as path, label.details
    from label join listing on listing.id = label.listing_id join company on company.id = listing.company_id
    left join brand on brand.id = label.brand_id left join path on path.id = label.category_id
    order by 1, 2, 3, 4, label.name, label.key, coalesce(brand.name, ''), coalesce(label.barcode, ''), coalesce(label.size, ''),
      coalesce(label.url, ''), coalesce(label.image_url, ''), coalesce(path.names, ''),
      coalesce(label.details, '')`,
  price_run: `select store.code as store, ${LISTING_COLUMNS}, from_date, to_date, price_cents, was_price_cents, is_on_special, is_available
    from price_run join store on store.id = store_id join listing on listing.id = listing_id
    join company on company.id = listing.company_id order by 2, 1, 3, 4, 5`,
  label_run: `select store.code as store, ${LISTING_COLUMNS}, from_date, to_date, label.hash
    from label_run join store on store.id = store_id join label on label.id = label_run.label_id
    join listing on listing.id = label_run.listing_id
    join company on company.id = listing.company_id order by 2, 1, 3, 4, 5`,
  contested: `select store.code as store, date, sha256, ${LISTING_COLUMNS}, label.hash,
      price_cents, was_price_cents, is_on_special, is_available
    from contested join scrape on scrape.id = scrape_id join store on store.id = scrape.store_id join load on load.id = load_id
    join label on label.id = contested.label_id join listing on listing.id = contested.listing_id
    join company on company.id = listing.company_id order by 4, 1, 2, 3, 5, 6, merged_from`,
}

/** The canonical text line by line, to find where two catalogues differ. */
export async function* catalogueLines(database: Sql): AsyncGenerator<string> {
  for (const [part, sql] of Object.entries(PART_QUERIES))
    for await (const record of database.each(sql)) yield JSON.stringify([part, ...Object.values(record)])
}

/** The SHA-256 of the whole catalogue. */
export async function catalogueDigest(database: Sql): Promise<string> {
  const hash = createHash('sha256')
  for await (const line of catalogueLines(database)) hash.update(line).update('\n')
  return hash.digest('hex')
}
