/**
 * The text of a key: `splitcart_<id>_<secret><checksum>`, so that a secret scanner finds one that leaked, and a typing
 * error is noticed without a query. Regular expression: splitcart_[0-9A-Za-z]{10}_[0-9A-Za-z]{38}
 */
import { createHash, randomInt } from 'node:crypto'
import { crc32 } from 'node:zlib'

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const ID_DIGITS = 10
// 32 base-62 digits are 190 random bits.
const SECRET_DIGITS = 32
const CHECKSUM_DIGITS = 6
const FORMAT = new RegExp(`^splitcart_([0-9A-Za-z]{${ID_DIGITS}})_[0-9A-Za-z]{${SECRET_DIGITS + CHECKSUM_DIGITS}}$`)

/** Makes a new key; the id is no secret, the text is. */
export function makeKey(): { id: string; text: string } {
  const id = randomDigits(ID_DIGITS)
  return { id, text: withChecksum(`splitcart_${id}_${randomDigits(SECRET_DIGITS)}`) }
}

/** Appends the checksum to the rest of a key's text. */
export function withChecksum(unchecked: string): string {
  return unchecked + checksumOf(unchecked)
}

/** The id in a key's text, or undefined if it has another format or a wrong checksum. */
export function keyIdOf(text: string): string | undefined {
  const id = FORMAT.exec(text)?.[1]
  return id !== undefined && checksumOf(text.slice(0, -CHECKSUM_DIGITS)) === text.slice(-CHECKSUM_DIGITS)
    ? id
    : undefined
}

function checksumOf(text: string): string {
  let rest = crc32(text)
  let digits = ''
  for (let place = 0; place < CHECKSUM_DIGITS; place++) {
    digits = DIGITS[rest % 62] + digits
    rest = Math.floor(rest / 62)
  }
  return digits
}

function randomDigits(count: number): string {
  return Array.from({ length: count }, () => DIGITS[randomInt(62)]).join('')
}

/** The SHA-256 of a secret, as the ledger keeps it. */
export function sha256Of(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
