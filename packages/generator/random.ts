/**
 * Random numbers that are looked up, not drawn in turn: whatever stands under a key is the same in any order of asking,
 * on every machine. So one store's day can be made without the days before it, and nothing has to be remembered.
 */

const RANGE = 2 ** 32

/** MurmurHash3_x86_32 (Austin Appleby, public domain) of the four bytes of `value`, seeded with `key`: a whole number below 2^32. */
export function hash(key: number, value: number): number {
  let k = Math.imul(value, 0xcc9e2d51)
  k = Math.imul((k << 15) | (k >>> 17), 0x1b873593)
  let h = key ^ k
  h = Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64
  h ^= 4
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** The same as a share: at least 0, below 1. */
export function chance(key: number, value: number): number {
  return hash(key, value) / RANGE
}

/** One of the choices. */
export function pick<T>(choices: readonly T[], key: number): T {
  return choices[key % choices.length] as T
}

/** `count` times eight hexadecimal digits. */
export function hexOf(key: number, count: number): string {
  let digits = ''
  for (let at = 0; at < count; at++) digits += (RANGE + hash(key, at)).toString(16).slice(1)
  return digits
}

/** What a number is drawn for. Draws for different purposes never depend on each other. */
export const FOR = {
  words: 1,
  numbers: 2,
  image: 3,
  price: 4,
  priceStep: 5,
  zone: 6,
  special: 7,
  stock: 8,
  assortment: 9,
  storeGap: 10,
  chainGap: 11,
  state: 12,
  description: 13,
  flaw: 14,
  drift: 15,
  version: 16,
} as const
