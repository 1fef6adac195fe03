/**
 * The text of a key: `splitcart_<id>_<secret><checksum>`, so that a scanner finds one that leaked and a typing error is noticed
 * before the ledger is asked. Regular expression: splitcart_[0-9A-Za-z]{10}_[0-9A-Za-z]{38}
 */
import { randomInt } from 'node:crypto'
import { crc32 } from 'node:zlib'

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const ID_DIGITS = 10
// 32 digits of 62 are 190 random bits.
const SECRET_DIGITS = 32
const CHECKSUM_DIGITS = 6
const FORMAT = new RegExp(`^splitcart_([0-9A-Za-z]{${ID_DIGITS}})_[0-9A-Za-z]{${SECRET_DIGITS + CHECKSUM_DIGITS}}$`)

/** Makes a new key; the id is no secret, the text is. */
export function makeKey(): { id: string; text: string } {
  const id = randomDigits(ID_DIGITS)
  return { id, text: withChecksum(`splitcart_${id}_${randomDigits(SECRET_DIGITS)}`) }
}

/** The text of a key from what stands before its checksum. */
export function withChecksum(unchecked: string): string {
  return unchecked + checksumOf(unchecked)
}

/** The id in a key's text, or undefined when it is not one of ours or was mistyped. */
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
