/** Sorts products by price, and by price drop. */
import { LISTS } from '../../database/lists.ts'
import type { Sql } from '../../database/sql.ts'
import type { Current } from './current.ts'
import { priceRangeOf } from './price-range.ts'
import type { Found } from './with-words.ts'

/** These products, the cheapest first; what cannot be bought now is last. */
export async function cheapest(database: Sql, found: readonly Found[], current: Current): Promise<Found[]> {
  const priced: { each: Found; cents: number }[] = []
  for (const each of found) {
    const { lowest_cents } = await priceRangeOf(database, each.product_id, current)
    priced.push({ each, cents: lowest_cents ?? Number.POSITIVE_INFINITY })
  }
  return priced
    .sort((one, other) => compared(one.cents, other.cents) || one.each.listing_id - other.each.listing_id)
    .map(({ each }) => each)
}

/** These products, the largest price drop (as a share) since a date first. A drop followed by a rise does not count. */
export async function biggestDrops(database: Sql, found: readonly Found[], since: string): Promise<Found[]> {
  const { those, asValue } = LISTS[database.dialect]
  const dropped = await database.all<{ product_id: number; share: number | null }>(
    // Shares are stored as negative numbers: the larger the change, the lower the share.
    `select listing.product_id, min(coalesce((
        select case kind when 'cheaper' then by_share else 0 end from price_change
        where price_change.listing_id = listing.id and date >= ?2 and kind in ('cheaper', 'dearer')
        order by date desc, stores desc, kind limit 1), 0)) as share
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
