/** Products by unit price: that of the cheapest of their listings that can be bought now. */
import { LISTS } from '../../database/lists.ts'
import type { Sql } from '../../database/sql.ts'
import type { Unit } from '../model/pack-size.ts'
import { UNIT_PRICE_AMOUNTS, type UnitPrice, unitPriceOfGoods } from '../model/unit-price.ts'
import type { LiveStores } from './current.ts'
import { type ProductPrices, readProductPrices } from './price-range.ts'
import type { SortedProducts } from './sort-products.ts'
import type { ProductMatch } from './word-index.ts'

/** The units of amounts. */
export const UNITS = Object.keys(UNIT_PRICE_AMOUNTS) as Unit[]

/** Only products measured in `unit` that cost at most `max` cents per 100 g, 100 ml, metre or piece. */
export type UnitPriceFilter = Readonly<{ unit?: Unit | undefined; max?: number | undefined }>

/** A found product and its lowest unit price; undefined if its size or price is not known. */
type UnitPricedProduct = ProductMatch & Readonly<{ unitPrice: UnitPrice | undefined }>

const LISTINGS_MAX = 50

/**
 * The lowest unit prices of products with these prices. If the listings of a product have different units, that of the
 * first one counts. A product without one is left out.
 */
export async function lowestUnitPrices(
  database: Sql,
  prices: ReadonlyMap<number, Pick<ProductPrices, 'lowestOf'>>,
): Promise<Map<number, UnitPrice>> {
  const { those, asValue } = LISTS[database.dialect]
  const listings = await database.all<{ id: number; product_id: number; name: string; size: string | null }>(
    `select known.id, product_id, label.name, label.size
      from (
        select listing.id, product_id, label_id, row_number() over (partition by product_id order by listing.id) as place
        from ${those('?', 'integer')} as wanted join listing on listing.product_id = wanted.value
      ) as known join label on label.id = known.label_id where place <= ${LISTINGS_MAX} order by place`,
    asValue([...prices.keys()]),
  )
  const lowest = new Map<number, UnitPrice>()
  for (const { id, product_id: productId, ...goods } of listings) {
    const price = unitPriceOfGoods({ ...goods, priceCents: prices.get(productId)!.lowestOf.get(id) ?? null })
    if (price === undefined) continue
    const before = lowest.get(productId)
    if (before === undefined || (price.unit === before.unit && price.cents < before.cents)) lowest.set(productId, price)
  }
  return lowest
}

/**
 * Sorts products by unit price, cheapest first, but the units in the order in which they are found: a search for milk
 * finds milk, sold by volume, before milk chocolate, sold by weight. Products without a unit price come last.
 * With a filter, returns only those that pass it.
 */
export async function sortByUnitPrice(
  database: Sql,
  found: readonly ProductMatch[],
  { unit, max }: UnitPriceFilter,
  current: LiveStores,
): Promise<SortedProducts> {
  const prices = await readProductPrices(
    database,
    found.map(({ product_id }) => product_id),
    current,
  )
  const unitPrices = await lowestUnitPrices(database, prices)
  const measured: UnitPricedProduct[] = []
  for (const each of found) {
    const unitPrice = unitPrices.get(each.product_id)
    const isWanted = (unit === undefined && max === undefined) || unitPrice !== undefined
    if (!isWanted || (unit !== undefined && unitPrice?.unit !== unit)) continue
    if (max !== undefined && unitPrice!.cents > max) continue
    measured.push({ ...each, unitPrice })
  }
  const units = [...new Set(measured.flatMap(({ unitPrice }) => unitPrice?.unit ?? []))]
  const rankOf = ({ unitPrice }: UnitPricedProduct) =>
    unitPrice === undefined ? units.length : units.indexOf(unitPrice.unit)
  const products = measured.sort(
    (one, other) =>
      rankOf(one) - rankOf(other) ||
      (one.unitPrice?.cents ?? 0) - (other.unitPrice?.cents ?? 0) ||
      one.listing_id - other.listing_id,
  )
  return { products, prices, unitPrices }
}
