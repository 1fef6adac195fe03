/** Texts of a row: what they may be, and when there is none. */

/** What is wrong with a text that a row has, as the end of a sentence, or undefined. */
export function faultOfText(text: string, charactersMax: number): string | undefined {
  if (text.length > charactersMax) return `is longer than ${charactersMax} characters`
  if (text.includes('\0')) return 'holds a NUL character'
  if (!text.isWellFormed()) return 'holds half of a surrogate pair'
  return undefined
}

/** Whether a field is not there: missing, null, or a text without anything in it. */
export function isAbsent(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === 'string' && isBlankText(value))
}

/** Whether a text holds nothing but white space. */
export function isBlankText(text: string): boolean {
  // Nearly every text starts with a letter or digit; only the others are looked at as a whole.
  return !(text.charCodeAt(0) > SPACE && text.charCodeAt(0) < DELETE) && text.trim() === ''
}

const SPACE = 0x20
const DELETE = 0x7f
