/** Small hashes of texts: the same on every machine. Different texts may have the same: none stands for its text. */

const FIRST = 0x811c9dc5
const PRIME = 0x01000193

/** A uniformly distributed 32-bit hash (FNV-1a with the finalizer of MurmurHash3). */
export function hash32(text: string): number {
  let hash = FIRST
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), PRIME)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** A 16-bit hash of the letters and digits of a text, ignoring case; 0 for null or an empty text. */
export function wordsHash(text: string | null): number {
  if (text === null || text === '') return 0
  return (hash32(folded(text)) % 0xffff) + 1
}

/** A 16-bit hash of a text as it stands; 0 for null or an empty text. */
export function textHash(text: string | null): number {
  return text === null || text === '' ? 0 : (hash32(text) % 0xffff) + 1
}

/** A text in lower case, reduced to its letters and digits (NFKC). */
export function folded(text: string): string {
  return text.normalize('NFKC').toLowerCase().replace(NEITHER_LETTER_NOR_DIGIT, '')
}

const NEITHER_LETTER_NOR_DIGIT = /[^\p{L}\p{N}]+/gu
