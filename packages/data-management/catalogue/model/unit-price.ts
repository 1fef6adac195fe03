/** Unit prices, by which packs of any size can be compared, and the unit prices in shops' own texts. Pure. */
import { type PackSize, packSizeOf, type Unit } from './pack-size.ts'

/** A price in cents for an amount in `unit`. */
export type UnitPrice = Readonly<{ cents: number; amount: number; unit: Unit }>

/** The amounts that unit prices are for. Australia and New Zealand: 100 g, 100 ml, a metre, a piece. */
export const UNIT_PRICE_AMOUNTS: Readonly<Record<Unit, number>> = { g: 100, ml: 100, m: 1, each: 1 }

/** The unit price of a pack: what the amount `base` costs, rounded half up to cents. */
export function unitPriceOf(priceCents: number, size: PackSize, base = UNIT_PRICE_AMOUNTS[size.unit]): UnitPrice {
  // Computed with whole numbers first, so that an exact half stays one.
  const cents = Math.floor((priceCents * base * 1000 * 2) / Math.round(size.amount * 1000) / 2 + 0.5)
  return { cents, amount: base, unit: size.unit }
}

/** Goods: price and name, and the shop's texts of their size and unit price. */
export type Goods = Readonly<{ priceCents: number; name: string; size: string | null; unitPriceText: string | null }>

/** A size of goods that are weighed when sold: their price is for a kilogram. */
export const SOLD_BY_WEIGHT = /approx.*\bper (?:package|piece|pack)\b|\d\s*k?g\s*eachunit/iu
const KILOGRAM: PackSize = { amount: 1000, unit: 'g', count: 1, isExact: true }

/** The size that a price is for; undefined if unknown. If size and name disagree, the shop's own unit price decides. */
export function pricedSizeOf(goods: Goods): PackSize | undefined {
  const { size, name } = goods
  if (size !== null && SOLD_BY_WEIGHT.test(size)) return KILOGRAM
  const told = goods.unitPriceText === null ? undefined : parseShopUnitPrice(goods.unitPriceText)
  const stated = [size, name].flatMap((text) => (text === null ? [] : (packSizeOf(text) ?? [])))
  const known = stated.filter(({ unit, amount }) => unit !== 'each' || amount > 1)
  const sizes = known.length > 0 ? [...known, ...stated] : stated
  if (told === undefined) return sizes[0]
  const agreeing = sizes.find((each) => agreesWith(goods.priceCents, each, told))
  return agreeing ?? sizeFromUnitPrice(goods.priceCents, told, sizes[0]) ?? sizes[0]
}

/** The unit price of goods of which the shop tells none itself; undefined without a price or a known size. */
export function unitPriceOfGoods({ priceCents, ...goods }: GoodsWithoutUnitPrice): UnitPrice | undefined {
  if (priceCents === null) return undefined
  const size = pricedSizeOf({ ...goods, priceCents, unitPriceText: null })
  return size === undefined ? undefined : unitPriceOf(priceCents, size)
}

type GoodsWithoutUnitPrice = Omit<Goods, 'priceCents' | 'unitPriceText'> & Readonly<{ priceCents: number | null }>

function agreesWith(priceCents: number, size: PackSize, told: UnitPrice): boolean {
  return size.unit === told.unit && unitPriceOf(priceCents, size, told.amount).cents === told.cents
}

/** The size that follows from the shop's unit price: for "each" of an unknown number of pieces, or without any size. */
function sizeFromUnitPrice(priceCents: number, told: UnitPrice, size: PackSize | undefined): PackSize | undefined {
  if (told.cents === 0 || (size !== undefined && (size.unit !== 'each' || size.amount !== 1))) return undefined
  const amount = (priceCents / told.cents) * told.amount
  const count = told.unit === 'each' ? Math.max(1, Math.round(amount)) : 1
  return { amount: told.unit === 'each' ? count : Math.round(amount), unit: told.unit, count, isExact: false }
}

const PER_AMOUNT = /^\s*\$?\s*(\d+(?:\.\d+)?)\s*(?:\/|per)\s*(.*)$/iu
const PER_PIECE = /^\s*\$?\s*(\d+(?:\.\d+)?)\s*(?:each|ea)\s*$/iu

/** Parses a shop's unit price: "$11.40 per 1 kg", "$0.45/100g", "$1.20 each". Undefined if it is none of these. */
export function parseShopUnitPrice(text: string): UnitPrice | undefined {
  const each = PER_PIECE.exec(text)
  if (each !== null) return { cents: centsOf(each[1]!), amount: 1, unit: 'each' }
  const told = PER_AMOUNT.exec(text)
  if (told === null) return undefined
  const size = packSizeOf(/^\s*\d/.test(told[2]!) ? told[2]! : `1 ${told[2]}`)
  return size === undefined ? undefined : { cents: centsOf(told[1]!), amount: size.amount, unit: size.unit }
}

function centsOf(text: string): number {
  return Math.round(Number(text) * 100)
}

/** What a unit price is for, as shown to people: "100 g", "each". */
export function unitPriceAmountText({ amount, unit }: UnitPrice): string {
  return unit === 'each' && amount === 1 ? 'each' : `${amount} ${unit}`
}

/** A unit price as fields of an answer. */
export function unitPriceView(price: UnitPrice | undefined) {
  if (price === undefined) return { unit_price_cents: null, unit_price_per: null }
  return { unit_price_cents: price.cents, unit_price_per: unitPriceAmountText(price) }
}
