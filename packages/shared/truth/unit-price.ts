/** Checks the unit price of a row against its text ("$11.40 per 1 kg"), or against price and size. */

/** The result of the check: `none` if it was not possible, `agrees`, or how the unit price differs. */
export const UNIT_PRICE_CHECK = { none: 0, agrees: 1, hundredth: 2, hundredfold: 3, differs: 4 } as const

/** A flag, combined with a value of `UNIT_PRICE_CHECK`: the price equals the unit price. */
export const PRICE_IS_UNIT_PRICE = 8

type ProductFields = Readonly<Record<string, unknown>>

/** Checks a product as sent: a value of `UNIT_PRICE_CHECK`, plus `PRICE_IS_UNIT_PRICE` if that is the price. */
export function checkUnitPrice(product: ProductFields, priceCents: number): number {
  const { unit_price: unitPrice } = product
  if (unitPrice === undefined || unitPrice === null) return UNIT_PRICE_CHECK.none
  const unit = Number(unitPrice)
  if (!(unit >= 0)) return UNIT_PRICE_CHECK.none
  const equal = unit > 0 && Math.round(unit * 100) === priceCents ? PRICE_IS_UNIT_PRICE : 0
  const expected = expectedUnitPrice(product, priceCents)
  if (expected === undefined) return equal | UNIT_PRICE_CHECK.none
  return equal | compareUnitPrice(unit, expected)
}

/** A price for an amount of kilograms, litres, metres or pieces. */
type Rate = Readonly<{ price: number; amount: number; measure: string }>

/** The expected unit price, by the text or by price and size, for the amount in `unit_of_measure`. */
function expectedUnitPrice(product: ProductFields, priceCents: number): number | undefined {
  const { per_unit_price_string: text, unit_of_measure: measure, size } = product
  const rate = rateOf(text) ?? rateOfSize(size, priceCents)
  if (rate === undefined) return undefined
  const unit = typeof measure === 'string' && measure.length <= 40 ? amountOf(measure) : undefined
  if (unit === undefined) return rate.price
  return unit.measure === rate.measure && rate.amount > 0 ? (rate.price / rate.amount) * unit.amount : undefined
}

function compareUnitPrice(unit: number, expected: number): number {
  if (isNear(unit, expected)) return UNIT_PRICE_CHECK.agrees
  if (isNear(unit, expected / 100)) return UNIT_PRICE_CHECK.hundredth
  if (isNear(unit, expected * 100)) return UNIT_PRICE_CHECK.hundredfold
  return UNIT_PRICE_CHECK.differs
}

/** Whether two prices are equal except for rounding to cents. */
function isNear(one: number, other: number): boolean {
  return Math.abs(one - other) <= 0.0051 + 0.02 * other
}

const RATE = /^\s*\D{0,3}(\d+(?:\.\d+)?)\s*(?:per|\/|each|ea)?\s*(.*)$/i

type Amount = Readonly<{ amount: number; measure: string }> | undefined

// A shop uses few distinct texts, each in many rows.
const CACHED_MAX = 5_000

/** Caches the results of `read`; the cache is cleared at `CACHED_MAX` entries. */
function cached<Answer>(read: (text: string) => Answer): (text: string) => Answer {
  const known = new Map<string, Readonly<{ answer: Answer }>>()
  return (text) => {
    const before = known.get(text)
    if (before !== undefined) return before.answer
    if (known.size >= CACHED_MAX) known.clear()
    const answer = read(text)
    known.set(text, { answer })
    return answer
  }
}

const amountOf = cached(readAmount)
const rateIn = cached(readRate)

function rateOf(text: unknown): Rate | undefined {
  return typeof text === 'string' && text.length <= 60 ? rateIn(text) : undefined
}

function readRate(text: string): Rate | undefined {
  const [, price, per = ''] = RATE.exec(text) ?? []
  if (price === undefined) return undefined
  const amount = amountOf(per === '' ? 'each' : per)
  return amount === undefined ? undefined : { price: Number(price), ...amount }
}

function rateOfSize(size: unknown, priceCents: number): Rate | undefined {
  const amount = typeof size === 'string' && size.length <= 40 ? amountOf(size) : undefined
  return amount === undefined || priceCents < 0 ? undefined : { price: priceCents / 100, ...amount }
}

const AMOUNT = /^\s*(\d[\d,]*(?:\.\d+)?)?\s*(kg|g|ml|cl|l|m|each|ea)\s*$/i
const MEASURES: Readonly<Record<string, readonly [string, number]>> = {
  kg: ['kg', 1],
  g: ['kg', 0.001],
  l: ['l', 1],
  ml: ['l', 0.001],
  cl: ['l', 0.01],
  m: ['m', 1],
  each: ['each', 1],
  ea: ['each', 1],
}

function readAmount(text: string): Amount {
  const [, number = '1', unit = ''] = AMOUNT.exec(text) ?? []
  const measure = MEASURES[unit.toLowerCase()]
  return measure && { amount: Number(number.replaceAll(',', '')) * measure[1], measure: measure[0] }
}
