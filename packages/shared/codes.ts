/**
 * Codes of companies and stores. Two scrapers, or two versions of one, write `Aldi`, `aldi ` and `ALDI` and mean the same: codes are
 * trimmed, composed (NFC) and compared without regard to case. And what stands in a SKU when there is none.
 */

/** A code as it is shown: without white space around it. */
export function shownCode(text: string): string {
  return text.normalize('NFC').trim()
}

/** What is equal for codes that are one. */
export function foldedCode(text: string): string {
  // Up and down again, so that ß and SS, ς and Σ are the same.
  return shownCode(text).toUpperCase().toLowerCase().normalize('NFC')
}

/** Whether two codes are one. */
export function isOneCode(one: string, other: string): boolean {
  return one === other || foldedCode(one) === foldedCode(other)
}

// What programs write where they found none, in small letters; and rows of zeros or of dashes.
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
// Nearly every SKU is longer, and needs no second look.
const CHARACTERS_MAX = 20

/** Whether a SKU says only that there is none. */
export function isPlaceholder(sku: string): boolean {
  if (sku.length > CHARACTERS_MAX) return false
  const first = sku.charCodeAt(0)
  if (first > ZERO && first <= NINE) return false
  const text = sku.trim().toLowerCase()
  return PLACEHOLDERS.has(text) || NOTHING.test(text)
}

const ZERO = 0x30
const NINE = 0x39
