/**
 * Random numbers by key, not from a sequence: a key gives the same number in any order of calls and on every machine.
 * So one store's day can be generated without the days before it, and without any state.
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

/** `hash` scaled to a share: at least 0, below 1. */
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

/** The purposes of random numbers, used in keys: numbers for different purposes are independent. */
export const PURPOSE = {
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
  drift: 15,
  version: 16,
} as const
