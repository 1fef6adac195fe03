/** Converts prices (numbers or numeric texts) to whole cents, rounded half up on the decimal text, not in floats. */

const CENTS_MAX = 100_000_000 - 1

// A text is a plain decimal: no sign, exponent, currency or thousands separator. A longer one is not a price.
const DECIMAL = /^\d{1,20}(\.\d{1,40})?$/

/** A price in whole cents; undefined if it is not a price from 0 to below 1,000,000. */
export function centsOf(price: number | string): number | undefined {
  if (typeof price === 'string') return DECIMAL.test(price) ? centsOfDecimal(price) : undefined
  if (!(price >= 0 && price < 1_000_000)) return undefined
  const cents = Math.round(price * 100)
  // Equal means that `price` is the double nearest to a decimal of two places: its text has no third place to round.
  if (cents / 100 === price) return centsInRange(Math.abs(cents))
  const text = String(price)
  // JavaScript writes an exponent below a millionth, which rounds to 0 cents.
  return text.includes('e') ? 0 : centsOfDecimal(text)
}

const CURRENCY = /\p{Sc}|^\s*[A-Za-z]{1,3}\s*\d|\d\s*[A-Za-z]{3}\s*$/u

/** Why a value is not a price, as the end of a sentence. */
export function faultOfPrice(price: number | string): string {
  if (typeof price === 'number') return price < 0 ? 'is below 0' : 'is not below 1,000,000'
  if (/^\s*-/.test(price)) return 'is below 0'
  if (/\d[eE][+-]?\d/.test(price)) return 'has an exponent'
  if (CURRENCY.test(price)) return 'has a currency sign'
  if (price.trim() !== price) return 'has white space around it'
  if (price.includes(',')) return 'has a comma; the decimal sign is a point, and there is none for thousands'
  return DECIMAL.test(price) ? 'is not below 1,000,000' : 'is not a decimal number'
}

function centsOfDecimal(text: string): number | undefined {
  const [whole = '', places = ''] = text.split('.')
  const third = places.charCodeAt(2)
  return centsInRange(Number(whole) * 100 + Number(places.slice(0, 2).padEnd(2, '0')) + (third >= DIGIT_FIVE ? 1 : 0))
}

const DIGIT_FIVE = 0x35

function centsInRange(cents: number): number | undefined {
  return cents <= CENTS_MAX ? cents : undefined
}
