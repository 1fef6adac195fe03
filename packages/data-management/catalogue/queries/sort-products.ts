/** Sorts products by price, and by price drop. */
import { LISTS } from '../../database/lists.ts'
import type { Sql } from '../../database/sql.ts'
import type { UnitPrice } from '../model/unit-price.ts'
import type { LiveStores } from './current.ts'
import { type ProductPrices, readProductPrices } from './price-range.ts'
import type { ProductMatch } from './word-index.ts'

/** Sorted products, and the prices that were read to sort them. */
export type SortedProducts = Readonly<{
  products: readonly ProductMatch[]
  prices?: ReadonlyMap<number, ProductPrices>
  unitPrices?: ReadonlyMap<number, UnitPrice>
}>

/** These products, the cheapest first; what cannot be bought now is last. */
export async function sortByPrice(
  database: Sql,
  found: readonly ProductMatch[],
  current: LiveStores,
): Promise<SortedProducts> {
  const prices = await readProductPrices(database, idsOf(found), current)
  const centsOf = ({ product_id }: ProductMatch) => prices.get(product_id)!.lowest_cents ?? Number.POSITIVE_INFINITY
  const products = found.toSorted(
    (one, other) => compareNumbers(centsOf(one), centsOf(other)) || one.listing_id - other.listing_id,
  )
  return { products, prices }
}

/** These products, the largest price drop (as a share) since a date first. A drop followed by a rise does not count. */
export async function sortByPriceDrop(
  database: Sql,
  found: readonly ProductMatch[],
  since: string,
): Promise<SortedProducts> {
  const { those, asValue } = LISTS[database.dialect]
  // Shares are stored as negative numbers: the larger the change, the lower the share.
  const share = "case kind when 'cheaper' then by_share else 0 end"
  const lastChanges = (of: string) => `from price_change
    where price_change.listing_id = ${of}.id and price_change.date = ${of}.date and kind in ('cheaper', 'dearer')`
  const dropped = await database.all<{ product_id: number; share: number }>(
    // `stores` is in no index: it is read only where the last date has several changes.
    `with dated as materialized (
        select listing.product_id, listing.id, (
            select max(date) from price_change
            where price_change.listing_id = listing.id and date >= ?2 and kind in ('cheaper', 'dearer')) as date
          from ${those('?1', 'integer')} as wanted join listing on listing.product_id = wanted.value
      ), counted as materialized (
        select dated.*, (select count(*) ${lastChanges('dated')}) as changes from dated where date is not null
      ) select product_id, min(case changes when 1 then (select ${share} ${lastChanges('counted')})
          else (select ${share} ${lastChanges('counted')} order by stores desc, kind, by_share desc limit 1) end) as share
        from counted group by product_id`,
    asValue(idsOf(found)),
    since,
  )
  const shares = new Map(dropped.map(({ product_id, share }) => [product_id, share]))
  const shareOf = ({ product_id }: ProductMatch) => shares.get(product_id) ?? 0
  return { products: found.toSorted((one, other) => shareOf(one) - shareOf(other)) }
}

function idsOf(found: readonly ProductMatch[]): number[] {
  return found.map(({ product_id }) => product_id)
}

function compareNumbers(one: number, other: number): number {
  return one === other ? 0 : one < other ? -1 : 1
}
