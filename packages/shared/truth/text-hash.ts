/** Small hashes of texts, the same on every machine. They collide: equal hashes do not prove equal texts. */

const OFFSET_BASIS = 0x811c9dc5
const PRIME = 0x01000193

/** A uniformly distributed 32-bit hash (FNV-1a with the finalizer of MurmurHash3). */
export function hash32(text: string): number {
  let hash = OFFSET_BASIS
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), PRIME)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** A 16-bit hash of the letters and digits of a text, ignoring case; 0 for null or an empty text. */
export function wordsHash(text: string | null): number {
  if (text === null || text === '') return 0
  return (hash32(foldText(text)) % 0xffff) + 1
}

/** A 16-bit hash of the exact text; 0 for null or an empty text. */
export function textHash(text: string | null): number {
  return text === null || text === '' ? 0 : (hash32(text) % 0xffff) + 1
}

/** A text in lower case, reduced to its letters and digits (NFKC). */
export function foldText(text: string): string {
  return text.normalize('NFKC').toLowerCase().replace(NEITHER_LETTER_NOR_DIGIT, '')
}

const NEITHER_LETTER_NOR_DIGIT = /[^\p{L}\p{N}]+/gu
