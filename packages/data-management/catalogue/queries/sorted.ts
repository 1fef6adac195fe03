/** Sorts products by price, and by price drop. */
import { LISTS } from '../../database/lists.ts'
import type { Sql } from '../../database/sql.ts'
import type { Current } from './current.ts'
import { pricesOf } from './price-range.ts'
import type { Found } from './with-words.ts'

/** These products, the cheapest first; what cannot be bought now is last. */
export async function cheapest(database: Sql, found: readonly Found[], current: Current): Promise<Found[]> {
  const prices = await pricesOf(
    database,
    found.map(({ product_id }) => product_id),
    current,
  )
  const centsOf = ({ product_id }: Found) => prices.get(product_id)!.range.lowest_cents ?? Number.POSITIVE_INFINITY
  return found.toSorted((one, other) => compared(centsOf(one), centsOf(other)) || one.listing_id - other.listing_id)
}

/** These products, the largest price drop (as a share) since a date first. A drop followed by a rise does not count. */
export async function biggestDrops(database: Sql, found: readonly Found[], since: string): Promise<Found[]> {
  const { those, asValue } = LISTS[database.dialect]
  const dropped = await database.all<{ product_id: number; share: number | null }>(
    // Shares are stored as negative numbers: the larger the change, the lower the share. How many stores changed a price
    // stands in no index: it is read of the last date only.
    `select listing.product_id, min(coalesce((
        select case kind when 'cheaper' then by_share else 0 end from price_change
        where price_change.listing_id = listing.id and kind in ('cheaper', 'dearer') and date = (
          select max(date) from price_change as last
          where last.listing_id = listing.id and last.date >= ?2 and last.kind in ('cheaper', 'dearer'))
        order by stores desc, kind, by_share desc limit 1), 0)) as share
      from ${those('?1', 'integer')} as wanted join listing on listing.product_id = wanted.value group by listing.product_id`,
    asValue(found.map(({ product_id }) => product_id)),
    since,
  )
  const shares = new Map(dropped.map(({ product_id, share }) => [product_id, share ?? 0]))
  const shareOf = ({ product_id }: Found) => shares.get(product_id) ?? 0
  return found.toSorted((one, other) => shareOf(one) - shareOf(other))
}

function compared(one: number, other: number): number {
  return one === other ? 0 : one < other ? -1 : 1
}
