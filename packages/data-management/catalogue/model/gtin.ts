/**
 * Barcodes as GTINs, by the GS1 General Specifications (sections where known). What is not a GTIN is only a text. Pure.
 *
 * | rule                                                                     | section                  |
 * | ------------------------------------------------------------------------ | ------------------------ |
 * | 8, 12, 13 or 14 digits, kept in a field of 14 with zeros in front        | 3.3.2                    |
 * | the last digit is the check digit: weights 3 and 1 from the right        | 7.9.1                    |
 * | prefixes 02, 04, 20 to 29: restricted circulation, any company's own     | 2.1.11; table of prefixes |
 * | GTIN-8 beginning with 0 or 2: RCN-8, any company's own                   | 1.4.3 (GS1-8 prefixes)   |
 * | prefixes 05, 98, 99: coupons and refund receipts, no trade items         | table of GS1 prefixes    |
 *
 * No rule of GS1: one repeated digit, and digits that count up or down, are placeholders for a missing barcode.
 */

const SEPARATORS = /[\s\u00a0-]+/g
const LENGTHS = new Set([8, 10, 11, 12, 13, 14])
const RESTRICTED_PREFIXES = /^.(?:02|04|2\d)/
const RESTRICTED_GTIN8 = /^000000[02]/
const COUPON_PREFIXES = /^.(?:05|9[89])/
const REPEATED_DIGIT = /^0*(\d)\1*\d$/
const COUNTING_UP = '1234567890123456789'
const COUNTING_DIGITS_MIN = 6

/** The 14 digits of a barcode, or undefined if it is no GTIN. One of 10 or 11 digits has lost its leading zeros. */
export function gtinOf(barcode: string): string | undefined {
  const digits = barcode.replace(SEPARATORS, '')
  if (!/^\d+$/.test(digits) || !LENGTHS.has(digits.length)) return undefined
  const gtin = digits.padStart(14, '0')
  return hasRightCheckDigit(gtin) && !/^0+$/.test(gtin) ? gtin : undefined
}

/** Which listings a GTIN may join: those of all companies, those of one company, or none. */
export function reachOf(gtin: string): 'all' | 'company' | 'none' {
  if (isPlaceholder(gtin)) return 'none'
  if (gtin.startsWith('000000')) return RESTRICTED_GTIN8.test(gtin) ? 'company' : 'all'
  if (COUPON_PREFIXES.test(gtin)) return 'none'
  return RESTRICTED_PREFIXES.test(gtin) ? 'company' : 'all'
}

function hasRightCheckDigit(gtin: string): boolean {
  let sum = 0
  for (let at = 0; at < 14; at++) sum += Number(gtin[at]) * (at % 2 === 0 ? 3 : 1)
  return sum % 10 === 0
}

function isPlaceholder(gtin: string): boolean {
  if (REPEATED_DIGIT.test(gtin)) return true
  const digits = gtin.replace(/^0+/, '').slice(0, -1)
  if (digits.length < COUNTING_DIGITS_MIN) return false
  return COUNTING_UP.includes(digits) || [...COUNTING_UP].reverse().join('').includes(digits)
}
