/** Formats prices: in the currency of the setting CURRENCY, else as plain numbers, as rows name no currency. */

/** Formats whole cents as a price. */
export type FormatMoney = (cents: number) => string

/** For programs: 123456 → "1234.56" */
export function money(cents: number): string {
  return (cents / 100).toFixed(2)
}

/** For people, in the currency if one is given: 123456 → "$1,234.56" */
export function moneyFormatter(currency: string | undefined): FormatMoney {
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
