/** The six named transforms of a mapping. Each returns undefined for a value that it cannot read. */

/** Converts a value of the input to a value of the row. */
type Transform = (value: unknown) => unknown

export const TRANSFORMS = {
  /** Trims text and collapses white space between its words. */
  trim: (value) => scalarText(value)?.replace(/\s+/gu, ' ').trim(),
  /** The price in a text such as `$1,234.50` or `1.234,50 €`, as a decimal. */
  price: (value) => priceIn(scalarText(value)),
  /** A whole number of cents as a decimal: 310 is 3.10. */
  cents: (value) => decimalOfCents(scalarText(value)),
  /** Converts text, number or boolean to a boolean. */
  boolean: (value) => flagIn(scalarText(value)),
  /** Splits text at `>`, `/`, `|` or `;`; a list stays as it is. */
  list: (value) => (Array.isArray(value) ? value : splitList(scalarText(value))),
  /** The date in an ISO 8601 time, in seconds or milliseconds since 1970, or in day/month/year. */
  date: (value) => dateIn(scalarText(value)),
} as const satisfies Record<string, Transform>

export type TransformName = keyof typeof TRANSFORMS

const YES = new Set([
  'true',
  'yes',
  'y',
  '1',
  'in stock',
  'instock',
  'in_stock',
  'available',
  'https://schema.org/instock',
])
const NO = new Set(['false', 'no', 'n', '0', 'out of stock', 'outofstock', 'out_of_stock', 'sold out', 'soldout'])
const SECONDS_MAX = 100_000_000_000

function scalarText(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined
}

function priceIn(text: string | undefined): string | undefined {
  const number = /-?\d[\d.,' \u00a0]*/u
    .exec(text ?? '')?.[0]
    .replace(/[' \u00a0]/gu, '')
    .replace(/[.,]$/, '')
  if (number === undefined) return undefined
  // The last sign is the decimal point if one or two digits follow it, or if it cannot be a thousands separator.
  const sign =
    /[.,](?=\d{1,2}$)/.exec(number)?.[0] ??
    (/^-?\d+\.\d+$/.test(number) && !/^-?\d{1,3}\.\d{3}$/.test(number) ? '.' : '')
  const [whole = '', cents] = sign === '' ? [number] : splitAtLast(number, sign)
  const digits = whole.replace(/[.,]/g, '')
  return cents === undefined ? digits : `${digits}.${cents}`
}

function splitAtLast(text: string, sign: string): [string, string] {
  const at = text.lastIndexOf(sign)
  return [text.slice(0, at), text.slice(at + 1)]
}

function decimalOfCents(text: string | undefined): string | undefined {
  const cents = /^\s*(-?)(\d{1,12})\s*$/.exec(text ?? '')
  if (cents === null) return undefined
  const digits = cents[2]!.padStart(3, '0')
  return `${cents[1]}${digits.slice(0, -2)}.${digits.slice(-2)}`
}

function flagIn(text: string | undefined): boolean | undefined {
  const word = text?.trim().toLowerCase() ?? ''
  if (YES.has(word)) return true
  return NO.has(word) || word.endsWith('/outofstock') ? false : undefined
}

function splitList(text: string | undefined): string[] | undefined {
  const parts = text?.split(/[>/|;]/).map((part) => part.trim())
  return parts?.filter((part) => part !== '')
}

function dateIn(text: string | undefined): string | undefined {
  const value = text?.trim() ?? ''
  const iso = /^\d{4}-\d{2}-\d{2}(?=$|[T ])/.exec(value)?.[0]
  if (iso !== undefined) return iso
  const [, day = '', month = '', year] = /^(\d{1,2})[./](\d{1,2})[./](\d{4})$/.exec(value) ?? []
  if (year !== undefined) return `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`
  if (!/^\d{9,14}$/.test(value)) return undefined
  const number = Number(value)
  return new Date(number < SECONDS_MAX ? number * 1000 : number).toISOString().slice(0, 10)
}
