/** Products by unit price: that of the cheapest of their listings that can be bought now. */
import type { Sql } from '../../database/sql.ts'
import type { Unit } from '../model/pack-size.ts'
import { BASES, baseText, pricedSizeOf, type UnitPrice, unitPriceOf } from '../model/unit-price.ts'
import type { Current } from './current.ts'
import { lowestPriceOf } from './price-range.ts'
import type { Found } from './with-words.ts'

/** The units of amounts. */
export const UNITS = Object.keys(BASES) as Unit[]

/** Only products measured in `unit` that cost at most `max` cents per 100 g, 100 ml, metre or piece. */
export type AmountFilter = Readonly<{ unit?: Unit | undefined; max?: number | undefined }>

/** A found product and its lowest unit price; undefined if its size or price is not known. */
export type Measured = Found & Readonly<{ unitPrice: UnitPrice | undefined }>

const LISTINGS_MAX = 50

/** The lowest unit price of a product. If its listings have different units, that of the first one counts. */
export async function lowestUnitPriceOf(
  database: Sql,
  productId: number,
  current: Current,
): Promise<UnitPrice | undefined> {
  const listings = await database.all<{ id: number; name: string; size: string | null }>(
    `select listing.id, label.name, label.size from listing join label on label.id = listing.label_id
      where product_id = ? order by listing.id limit ${LISTINGS_MAX}`,
    productId,
  )
  let lowest: UnitPrice | undefined
  for (const { id, ...goods } of listings) {
    const priceCents = await lowestPriceOf(database, id, current)
    const size = priceCents === null ? undefined : pricedSizeOf({ ...goods, priceCents, told: null })
    if (priceCents === null || size === undefined) continue
    const price = unitPriceOf(priceCents, size)
    if (lowest === undefined || (price.unit === lowest.unit && price.cents < lowest.cents)) lowest = price
  }
  return lowest
}

/**
 * Sorts products by unit price, cheapest first, but the units in the order in which they are found: a search for milk
 * finds milk, sold by volume, before milk chocolate, sold by weight. Products without a unit price come last.
 * With a filter, returns only those that pass it.
 */
export async function cheapestByAmount(
  database: Sql,
  found: readonly Found[],
  { unit, max }: AmountFilter,
  current: Current,
): Promise<Measured[]> {
  const measured: Measured[] = []
  for (const each of found) {
    const unitPrice = await lowestUnitPriceOf(database, each.product_id, current)
    const isWanted = (unit === undefined && max === undefined) || unitPrice !== undefined
    if (!isWanted || (unit !== undefined && unitPrice?.unit !== unit)) continue
    if (max !== undefined && unitPrice!.cents > max) continue
    measured.push({ ...each, unitPrice })
  }
  const units = [...new Set(measured.flatMap(({ unitPrice }) => unitPrice?.unit ?? []))]
  const rankOf = ({ unitPrice }: Measured) => (unitPrice === undefined ? units.length : units.indexOf(unitPrice.unit))
  return measured.sort(
    (one, other) =>
      rankOf(one) - rankOf(other) ||
      (one.unitPrice?.cents ?? 0) - (other.unitPrice?.cents ?? 0) ||
      one.listing_id - other.listing_id,
  )
}

/** A unit price as fields of an answer. */
export function unitPriceTold(price: UnitPrice | undefined) {
  if (price === undefined) return { unit_price_cents: null, unit_price_per: null }
  return { unit_price_cents: price.cents, unit_price_per: baseText(price) }
}
