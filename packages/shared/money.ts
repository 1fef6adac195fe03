/** Prices as text: in a currency (CURRENCY), or as numbers alone where none is set, for no file says what its prices are in. */

/** Writes whole cents. */
export type WriteMoney = (cents: number) => string

/** For programs: 123456 → "1234.56" */
export function money(cents: number): string {
  return (cents / 100).toFixed(2)
}

/** For people, in a currency where one is set: 123456 → "$1,234.56" */
export function moneyIn(currency: string | undefined): WriteMoney {
  let format: Intl.NumberFormat | undefined
  return (cents) => {
    if (currency === undefined && Math.abs(cents) < THOUSAND_CENTS) return money(cents)
    format ??= new Intl.NumberFormat('en', { ...DIGITS, ...(currency !== undefined && { ...SYMBOL, currency }) })
    return format.format(cents / 100)
  }
}

const THOUSAND_CENTS = 100_000
const DIGITS = { minimumFractionDigits: 2, maximumFractionDigits: 2 } as const
const SYMBOL = { style: 'currency', currencyDisplay: 'narrowSymbol' } as const
