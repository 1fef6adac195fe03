/** Finds the listing that each product takes its name from (model/naming-listing.ts). */

import type { IdentityKey } from '../model/identity.ts'
import { type ClaimsSince, keysSince, namingListingOf } from '../model/naming-listing.ts'
import { idRecords, type LoadDatabase, sql } from './statement.ts'

/** A listing of a product; `keys` are the keys that join it with others. */
export type ProductMember = Readonly<{ id: number; name: string; company: string; keys: readonly IdentityKey[] }>

/** For each of these products, the listing that it takes its name from. */
export async function namingListingsOf(
  database: LoadDatabase,
  products: readonly (readonly ProductMember[])[],
): Promise<ProductMember[]> {
  const severalCompanies = products.filter((group) => group.some(({ company }) => company !== group[0]!.company))
  const claims = await readClaims(
    database,
    severalCompanies.flatMap((group) => group.map(({ id }) => id)),
  )
  return products.map((group) =>
    namingListingOf(group.map((each) => ({ ...each, since: keysSince(each.company, claims.get(each.id) ?? []) }))),
  )
}

/** The keys and barcodes that files, including lists of barcodes, have given these listings, and since when. */
async function readClaims(database: LoadDatabase, ids: readonly number[]): Promise<Map<number, ClaimsSince[]>> {
  if (ids.length === 0) return new Map()
  const wanted = idRecords(ids)
  // Both planners keep the order of left joins, even while a table has few records.
  const found = await database.all<Pick<ClaimsSince, 'key' | 'barcode'> & { listing_id: number; since: number | null }>(
    sql`select label.listing_id, label.barcode, label.key, label.since
      from ${wanted} join label on label.listing_id = wanted.id where label.since is not null
      union all
      select listing.id, barcode_fact.barcode, '', load.ranked_at
      from ${wanted.as('named')} left join listing on listing.id = named.id and listing.by_name = 0
      left join barcode_fact on barcode_fact.company_id = listing.company_id and barcode_fact.sku = listing.code
      left join load on load.id = barcode_fact.load_id`,
  )
  const claims = found.flatMap(({ since, ...rest }) => (since === null ? [] : { ...rest, since }))
  return Map.groupBy(claims, ({ listing_id }) => listing_id)
}
