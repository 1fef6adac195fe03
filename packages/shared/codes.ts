/**
 * Codes of companies and stores. Scrapers write `Aldi`, `aldi ` and `ALDI` and mean the same: codes are trimmed,
 * normalized (NFC) and compared case-insensitively. Also detects SKUs that are placeholders for "none".
 */

/** A code for display: trimmed and in NFC. */
export function shownCode(text: string): string {
  return text.normalize('NFC').trim()
}

/** The key of a code: equal for codes that mean the same. */
export function foldedCode(text: string): string {
  // Up and down again, so that ß and SS, ς and Σ are the same.
  return shownCode(text).toUpperCase().toLowerCase().normalize('NFC')
}

/** Whether two codes mean the same. */
export function isOneCode(one: string, other: string): boolean {
  return one === other || foldedCode(one) === foldedCode(other)
}

// Texts that scrapers write for "none", in lower case; NOTHING below matches runs of zeros or dashes.
const PLACEHOLDERS: ReadonlySet<string> = new Set([
  'n/a',
  'na',
  '#n/a',
  'null',
  'undefined',
  'none',
  'nil',
  'nan',
  'unknown',
])
const NOTHING = /^(?:0+(?:\.0+)?|[-–—_.?]+)$/
// Nearly every SKU is longer; those are not checked.
const CHARACTERS_MAX = 20

// No digit from 1 to 9. Other barcodes that are no GTIN are kept as sent, but join no listings.
const NO_BARCODE = /^[^1-9]*$/

/** Whether a barcode is a placeholder for "none". */
export function isNoBarcode(barcode: string): boolean {
  return NO_BARCODE.test(barcode)
}

/** Whether a SKU is a placeholder for "none". */
export function isPlaceholder(sku: string): boolean {
  if (sku.length > CHARACTERS_MAX) return false
  const first = sku.charCodeAt(0)
  if (first > ZERO && first <= NINE) return false
  const text = sku.trim().toLowerCase()
  return PLACEHOLDERS.has(text) || NOTHING.test(text)
}

const ZERO = 0x30
const NINE = 0x39
