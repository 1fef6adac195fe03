/** Prices as text: in a currency (CURRENCY), or as numbers alone where none is set, for no file says what its prices are in. */

/** Writes whole cents. */
export type WriteMoney = (cents: number) => string

/** 599 → "5.99" */
export function money(cents: number): string {
  return (cents / 100).toFixed(2)
}

/** In a currency, where one is set: 599 → "$5.99" */
export function moneyIn(currency: string | undefined): WriteMoney {
  if (currency === undefined) return money
  const format = new Intl.NumberFormat('en', { ...LOOK, currency })
  return (cents) => format.format(cents / 100)
}

const LOOK = {
  style: 'currency',
  currencyDisplay: 'narrowSymbol',
  minimumFractionDigits: 2,
  maximumFractionDigits: 2,
} as const
