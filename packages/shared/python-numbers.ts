/**
 * What Python's `json` writes for numbers that JSON does not have: NaN, Infinity and -Infinity. A line with them is read with a mark in
 * place of each, so that only the field that has it is at fault.
 */

// A text or one of the three; as the name of a member they are no more valid for Python than for us.
const TOKEN = /"(?:[^"\\]|\\.)*"|(?<![\w.+-])(?:-?Infinity|NaN)\b(?!\s*:)/g
// No text of a row may hold a NUL character, so none is taken for a mark.
const MARK = '\0'

/** The text with marks in place of such numbers; undefined: there are none. */
export function withMarks(text: string): string | undefined {
  if (!text.includes('NaN') && !text.includes('Infinity')) return undefined
  let isMarked = false
  const marked = text.replace(TOKEN, (token) => {
    if (token.startsWith('"')) return token
    isMarked = true
    return `"\\u0000${token}"`
  })
  return isMarked ? marked : undefined
}

/** The number that a mark stands for, or undefined. */
export function numberOfMark(value: unknown): string | undefined {
  return typeof value === 'string' && value.startsWith(MARK) && NUMBERS.has(value.slice(1)) ? value.slice(1) : undefined
}

/** Whether a mark is anywhere in a value. */
export function hasMark(value: unknown): boolean {
  if (numberOfMark(value) !== undefined) return true
  return typeof value === 'object' && value !== null && Object.values(value).some(hasMark)
}

const NUMBERS: ReadonlySet<string> = new Set(['NaN', 'Infinity', '-Infinity'])
