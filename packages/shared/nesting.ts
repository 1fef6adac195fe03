/** Measures nesting depth and number of keys of a JSON text without parsing it, to refuse maliciously slow texts. */

/** The deepest nesting a row may have. */
export const NESTING_MAX = 64

/** The number of opening brackets, counted up to `NESTING_MAX` + 1. A text cannot nest deeper than that number. */
export function countOpeningBrackets(text: string): number {
  let count = 0
  for (const bracket of ['{', '['])
    for (let at = text.indexOf(bracket); at >= 0 && count <= NESTING_MAX; at = text.indexOf(bracket, at + 1)) count++
  return count
}

/** The exact depth and number of keys, from one walk over the characters outside strings. */
export function measureNesting(text: string): { depth: number; keys: number } {
  let open = 0
  let depth = 0
  let keys = 0
  for (let at = 0; at < text.length; at++) {
    const character = text.charCodeAt(at)
    if (character === QUOTE) at = endOfString(text, at)
    else if (character === COLON) keys++
    else if (character === BRACE || character === BRACKET) depth = Math.max(depth, ++open)
    else if (character === BRACE_END || character === BRACKET_END) open--
  }
  return { depth, keys }
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COLON = 0x3a
const BRACE = 0x7b
const BRACE_END = 0x7d
const BRACKET = 0x5b
const BRACKET_END = 0x5d

function endOfString(text: string, start: number): number {
  let at = start + 1
  while (at < text.length && text.charCodeAt(at) !== QUOTE) at += text.charCodeAt(at) === BACKSLASH ? 2 : 1
  return at
}
