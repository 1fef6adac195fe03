/** Formats numbers for the messages of both machines. */

// Created on first use: that takes half as long as starting Node.
let formatOfLarge: Intl.NumberFormat | undefined

/** 18012 → "18,012" */
export function formatNumber(number: number): string {
  if (Number.isInteger(number) && Math.abs(number) < 1000) return String(number)
  formatOfLarge ??= new Intl.NumberFormat('en')
  return formatOfLarge.format(number)
}

/** 0.1666 → "16.7%" */
export function percent(share: number): string {
  return `${formatNumber(Math.round(share * 1000) / 10)}%`
}

/** -0.061 → "−6%", 0.061 → "+6%" */
export function formatChange(share: number): string {
  return `${share < 0 ? '−' : '+'}${percent(Math.round(Math.abs(share) * 100) / 100)}`
}
