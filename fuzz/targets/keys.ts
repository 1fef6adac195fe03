/** Keys: in the fields of a request, and the format of their text, against a check of each character. */
import { apiKeyIn } from '@splitcart/data-management/http/auth/authentication.ts'
import { keyIdOf } from '@splitcart/data-management/ledger/key-format.ts'
import type { Target } from '../target.ts'
import { answerOf, unlessEqual } from './problem-answer.ts'

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const PREFIX = 'splitcart_'
const LENGTH = PREFIX.length + 10 + 1 + 38

function answer(input: Buffer): string {
  const text = input.toString('latin1')
  return answerOf(() => [
    keyIdOf(text) ?? null,
    apiKeyIn({ headers: { authorization: text } }) ?? null,
    apiKeyIn({ headers: { 'x-api-key': text, authorization: 'Bearer other' } }) ?? null,
  ])
}

function expected(input: Buffer): string {
  const text = input.toString('latin1')
  return JSON.stringify([isKey(text) ? text.slice(PREFIX.length, PREFIX.length + 10) : null, bearerOf(text), text])
}

function isKey(text: string): boolean {
  if (text.length !== LENGTH || !text.startsWith(PREFIX) || text[PREFIX.length + 10] !== '_') return false
  const digits = text.slice(PREFIX.length, PREFIX.length + 10) + text.slice(PREFIX.length + 11)
  if (![...digits].every((digit) => DIGITS.includes(digit))) return false
  let checksum = BigInt(crc32(Buffer.from(text.slice(0, -6))))
  for (const digit of [...text.slice(-6)].reverse()) {
    if (DIGITS[Number(checksum % 62n)] !== digit) return false
    checksum /= 62n
  }
  return true
}

/** CRC-32 bit by bit (RFC 1952, section 8). */
function crc32(bytes: Buffer): number {
  let rest = 0xffffffff
  for (const byte of bytes) {
    rest ^= byte
    for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1
  }
  return (rest ^ 0xffffffff) >>> 0
}

/** What stands behind `Bearer` and at least one space, when that is one word. */
function bearerOf(text: string): string | null {
  if (text.slice(0, 7).toLowerCase() !== 'bearer ') return null
  const token = text.slice(7).replace(/^ +/, '')
  return token !== '' && !/\s/.test(token) ? token : null
}

export function keys(): Target {
  return {
    about: 'keys and the fields they come in, against a check of each character',
    bytesMax: 400,
    words: [PREFIX, '_', 'Bearer ', 'bearer  ', '\u0000', '\n', 'splitcart_0123456789_'],
    answer,
    faultOf: (input, given) => unlessEqual(given, expected(input)),
    kindOf: (given) => JSON.stringify((JSON.parse(given) as (string | null)[]).map((part) => part !== null)),
    // The checksum is not looked at.
    withMistake: (input, given) => {
      const [, id] = /^splitcart_([0-9A-Za-z]{10})_[0-9A-Za-z]{38}$/.exec(input.toString('latin1')) ?? []
      return id === undefined ? given : JSON.stringify([id, ...(JSON.parse(given) as unknown[]).slice(1)])
    },
    msMax: 200,
  }
}
