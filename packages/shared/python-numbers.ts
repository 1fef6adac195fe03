/**
 * NaN, Infinity and -Infinity, which Python's `json` writes but JSON does not allow. Each is replaced by a mark (a
 * text) before parsing, so that only the field with it is invalid, not the whole line.
 */

// A string or one of the three tokens; not as a member name, where Python does not accept them either.
const TOKEN = /"(?:[^"\\]|\\.)*"|(?<![\w.+-])(?:-?Infinity|NaN)\b(?!\s*:)/g
// Marks start with NUL, which no text of a row may contain: no text is mistaken for a mark.
const MARK = '\0'

/** The text with such numbers replaced by marks; undefined if there are none. */
export function markPythonNumbers(text: string): string | undefined {
  if (!text.includes('NaN') && !text.includes('Infinity')) return undefined
  let isMarked = false
  const marked = text.replace(TOKEN, (token) => {
    if (token.startsWith('"')) return token
    isMarked = true
    return `"\\u0000${token}"`
  })
  return isMarked ? marked : undefined
}

/** The number that a mark stands for; undefined if the value is no mark. */
export function numberOfMark(value: unknown): string | undefined {
  return typeof value === 'string' && value.startsWith(MARK) && NUMBERS.has(value.slice(1)) ? value.slice(1) : undefined
}

/** Whether a mark is anywhere in a value. */
export function hasMark(value: unknown): boolean {
  if (numberOfMark(value) !== undefined) return true
  return typeof value === 'object' && value !== null && Object.values(value).some(hasMark)
}

const NUMBERS: ReadonlySet<string> = new Set(['NaN', 'Infinity', '-Infinity'])
