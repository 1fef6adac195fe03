/**
 * Codes of companies and stores. Scrapers write `Aldi`, `aldi ` and `ALDI` and mean the same: codes are trimmed,
 * normalized (NFC) and compared case-insensitively. Also detects SKUs that are placeholders for "none".
 */

/** A code for display: trimmed and in NFC. */
export function displayCode(text: string): string {
  return text.normalize('NFC').trim()
}

/** The key of a code: equal for codes that mean the same. */
export function foldedCode(text: string): string {
  // Up and down again, so that ß and SS, ς and Σ are the same.
  return displayCode(text).toUpperCase().toLowerCase().normalize('NFC')
}

/** Whether two codes mean the same. */
export function isSameCode(one: string, other: string): boolean {
  return one === other || foldedCode(one) === foldedCode(other)
}

// Texts that scrapers write for "none", in lower case; ZEROS_OR_DASHES below matches runs of those.
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
const ZEROS_OR_DASHES = /^(?:0+(?:\.0+)?|[-–—_.?]+)$/
// A longer SKU is no placeholder.
const PLACEHOLDER_CHARACTERS_MAX = 20

// Other invalid barcodes are kept as sent, but join no listings.
const NO_DIGIT_FROM_1 = /^[^1-9]*$/

/** Whether a barcode is a placeholder for "none". */
export function isPlaceholderBarcode(barcode: string): boolean {
  return NO_DIGIT_FROM_1.test(barcode)
}

/** Whether a SKU is a placeholder for "none". */
export function isPlaceholderSku(sku: string): boolean {
  if (sku.length > PLACEHOLDER_CHARACTERS_MAX) return false
  const first = sku.charCodeAt(0)
  if (first > ZERO && first <= NINE) return false
  const text = sku.trim().toLowerCase()
  return PLACEHOLDERS.has(text) || ZEROS_OR_DASHES.test(text)
}

const ZERO = 0x30
const NINE = 0x39
