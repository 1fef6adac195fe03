/** Products by what they cost by amount: the cheapest of their listings, of those that can be bought now. */
import type { Sql } from '../../database/sql.ts'
import type { Unit } from '../model/pack-size.ts'
import { BASES, baseText, pricedSizeOf, type UnitPrice, unitPriceOf } from '../model/unit-price.ts'
import type { Current } from './current.ts'
import { lowestPriceOf } from './price-range.ts'
import type { Found } from './with-words.ts'

/** What amounts are measured in. */
export const UNITS = Object.keys(BASES) as Unit[]

/** Only what is measured so, and costs no more than so many cents by 100 g, 100 ml, a metre or one. */
export type AmountFilter = Readonly<{ unit?: Unit | undefined; max?: number | undefined }>

/** A product that was found, and the least that it costs by amount; undefined where its size or price is not known. */
export type Measured = Found & Readonly<{ unitPrice: UnitPrice | undefined }>

const LISTINGS_MAX = 50

/** The least that a product costs by amount. Where its listings are measured in several ways, that of the first one counts. */
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
 * These products with the cheapest by amount first, and what is measured as the first of them is before the rest: milk is sold by volume, and
 * the chocolate that has it in its name by weight. Where nothing is known, last.
 * With a filter only those that pass it.
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

/** A price by amount as it is told. */
export function unitPriceTold(price: UnitPrice | undefined) {
  if (price === undefined) return { unit_price_cents: null, unit_price_per: null }
  return { unit_price_cents: price.cents, unit_price_per: baseText(price) }
}
