/** Texts of a row: which are valid, and which count as absent. */

/** The fault of a text of a row, as the end of a sentence; undefined if it is valid. */
export function faultOfText(text: string, charactersMax: number): string | undefined {
  if (text.length > charactersMax) return `is longer than ${charactersMax} characters`
  if (text.includes('\0')) return 'holds a NUL character'
  if (!text.isWellFormed()) return 'holds half of a surrogate pair'
  return undefined
}

/** Whether a field is absent: missing, null, or a blank text. */
export function isAbsent(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === 'string' && isBlankText(value))
}

/** Whether a text holds nothing but white space. */
export function isBlankText(text: string): boolean {
  // Fast path: nearly every text starts with a visible ASCII character; only the others are trimmed.
  return !(text.charCodeAt(0) > SPACE && text.charCodeAt(0) < DELETE) && text.trim() === ''
}

const SPACE = 0x20
const DELETE = 0x7f

/** The value of a JSON text; undefined if it is not valid JSON. */
export function jsonOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
