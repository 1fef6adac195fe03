/** Small numbers for texts: equal for equal texts, on every machine. They are compared, never looked up. */

const FIRST = 0x811c9dc5
const PRIME = 0x01000193

/** 32 bits of a text, as spread as chance would have them (FNV-1a, finished as MurmurHash3 is). */
export function hash32(text: string): number {
  let hash = FIRST
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), PRIME)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** 16 bits of what a text says, whatever its case, spaces and signs; 0 when it says nothing. */
export function wordsHash(text: string | null): number {
  if (text === null || text === '') return 0
  return (hash32(folded(text)) % 0xffff) + 1
}

/** A text reduced to its letters and digits, in small letters. */
export function folded(text: string): string {
  return text.normalize('NFKC').toLowerCase().replace(NEITHER_LETTER_NOR_DIGIT, '')
}

const NEITHER_LETTER_NOR_DIGIT = /[^\p{L}\p{N}]+/gu
