/** Products and keys that may be wrong, for a person to check. */
import type { Sql } from '../../database/sql.ts'

const SUSPECTS_MAX = 50
const LISTINGS_MIN = 5
const PRICE_FACTOR = 5

/** A product of many listings, or whose prices are far apart. Money is whole cents. */
export type SuspectProduct = Readonly<{
  product: number
  listings: number
  lowest_cents: number | null
  highest_cents: number | null
}>

/** A key that joins none of a company's listings, and why. */
export type SilentKey = Readonly<{
  company: string
  kind: 'barcode' | 'name'
  value: string
  listings: number
  reason: string
}>

const REASONS: Readonly<Record<number, string>> = {
  1: 'since their names differ',
  2: 'since their sizes differ',
  3: 'since they are too many',
}

/** The largest products and those whose prices differ more than five times, and the keys that join nothing. */
export async function findSuspects(database: Sql): Promise<{ products: SuspectProduct[]; silent: SilentKey[] }> {
  const products = await database.all<SuspectProduct>(
    `select listing.product_id as product, count(distinct listing.id) as listings,
        min(run.price_cents) as lowest_cents, max(run.price_cents) as highest_cents
      from (select product_id from listing group by product_id having count(*) > 1) as joined
      join listing on listing.product_id = joined.product_id
      join store on store.company_id = listing.company_id
      left join price_run as run
        on run.store_id = store.id and run.listing_id = listing.id and run.to_date is null and run.price_cents > 0
      group by listing.product_id
      having count(distinct listing.id) >= ${LISTINGS_MIN} or max(run.price_cents) > ${PRICE_FACTOR} * min(run.price_cents)
      order by listings desc, product limit ${SUSPECTS_MAX}`,
  )
  const silent = await database.all<Omit<SilentKey, 'kind' | 'reason'> & { kind: number; silent: number }>(
    `select company.code as company, kind, value, silent, count(*) as listings
      from listing_key join company on company.id = listing_key.company_id
      where silent in (1, 2, 3) group by company.code, kind, value, silent
      order by listings desc, company.code, value limit ${SUSPECTS_MAX}`,
  )
  return {
    products,
    silent: silent.map(({ kind, silent: why, ...key }) => ({
      ...key,
      kind: kind === 1 ? 'barcode' : 'name',
      reason: REASONS[why]!,
    })),
  }
}
