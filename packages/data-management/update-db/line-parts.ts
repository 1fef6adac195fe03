/**
 * Splits a line into two parts, head and tail, so that most lines need no parsing. The lines of a scrape end in the
 * same metadata, and before that most repeat, except for the date, a line of the store's last scrape. So an unchanged
 * tail is parsed once, and a head is recognized by its fingerprint (repeated-rows.ts).
 *
 *   {"product": {"sku": "7", …, "scraped_date": "2025-09-23"}, "metadata": {"company": "aldi", …, "scraped_date": "2025-09-23"}}
 *   └────────────────────────── head ───────────────────────┘└────────────────────────────── tail ─────────────────────────────┘
 *
 * Why this is sound: if the tail is a valid object once its comma is replaced by an opening brace, the comma stands at
 * the top level of the row, so head and tail can be read separately. A line of any other form is read as a whole.
 */
import { isUtf8 } from 'node:buffer'
import { hash } from 'node:crypto'
import { countOpeningBrackets } from '@splitcart/shared/nesting.ts'
import {
  isObject,
  isRejection,
  type Remarks,
  type RowMetadata,
  type RowProduct,
  readMetadataObject,
  readProductObject,
} from '@splitcart/shared/row.ts'
import { jsonOrUndefined } from '@splitcart/shared/text.ts'

/** The tail of a line, from its comma on, as bytes and parsed. `ignored`: its unknown fields. */
export type Tail = Readonly<{ bytes: Buffer; metadata: RowMetadata; ignored: readonly string[] }>

/** The first 128 bits of the SHA-256 of a head, as four 32-bit integers: too many bits for two heads to collide. */
export type Fingerprint = readonly [number, number, number, number]

// Lines beyond these limits are read as a whole: a longer one might have more than `KEYS_MAX` keys, and one with more
// brackets might nest deeper than `NESTING_MAX`.
const LINE_BYTES_MAX = 5_000
const TAIL_BYTES_MAX = 1_000
const TAIL_OPENINGS_MAX = 8
const HEAD_OPENINGS_MAX = 32

const METADATA = Buffer.from('"metadata"')
const DATE_KEY = Buffer.from('"scraped_date"')
const DATE_CHARACTERS = 10
const COMMA = 0x2c
const SPACE = 0x20
const COLON = 0x3a
const QUOTE = 0x22
const ZERO = 0x30

/** Splits the lines of one file. Remembers the tail of the previous line. */
export class LineParts {
  #tail: Tail | undefined
  // Where the heads with this tail repeat its date: the key and value as bytes, and the distance of their end from the
  // end of the head, which rarely changes. 'nowhere': the first head did not repeat it.
  #dateInHead: { toEnd: number; bytes: Buffer } | 'nowhere' | undefined

  /** The tail of a line; the same object as long as its bytes stay the same. Undefined: read the line as a whole. */
  tailOf(line: Buffer): Tail | undefined {
    if (line.length > LINE_BYTES_MAX) return undefined
    const last = this.#tail
    if (last !== undefined && endsWith(line, line.length, last.bytes)) return last
    this.#tail = readTail(line)
    this.#dateInHead = undefined
    return this.#tail
  }

  /** The fingerprint of the head of the line last passed to `tailOf`. Ignores the date, which no product field uses. */
  fingerprintOf(head: Buffer): Fingerprint {
    const at = this.#dateIn(head)
    if (at < 0) return fingerprint(head)
    // Overwritten in place and restored: a copy would cost more than everything else but the hash.
    head.fill(ZERO, at, at + DATE_CHARACTERS)
    const found = fingerprint(head)
    head.write(this.#tail!.metadata.date, at, 'latin1')
    return found
  }

  /**
   * The position in the head of the tail's date, as the value of a key that is `scraped_date` or ends with
   * `"scraped_date`; -1 if there is none. No such key of a product is read, so the row does not depend on this value.
   */
  #dateIn(head: Buffer): number {
    const last = this.#dateInHead
    if (last === 'nowhere') return -1
    const until = head.length - (last?.toEnd ?? 0)
    if (last !== undefined && endsWith(head, until, last.bytes)) return until - DATE_CHARACTERS - 1
    const key = head.lastIndexOf(DATE_KEY)
    if (last === undefined && key < 0) this.#dateInHead = 'nowhere'
    if (key < 0) return -1
    const value = head[key + DATE_KEY.length + 1] === SPACE ? key + DATE_KEY.length + 2 : key + DATE_KEY.length + 1
    const end = value + DATE_CHARACTERS + 2
    if (head[key + DATE_KEY.length] !== COLON || head[value] !== QUOTE || head[end - 1] !== QUOTE) return -1
    if (head.toString('latin1', value + 1, end - 1) !== this.#tail?.metadata.date) return -1
    this.#dateInHead = { toEnd: head.length - end, bytes: Buffer.from(head.subarray(key, end)) }
    return value + 1
  }
}

/** Parses the head of a line; undefined if it must be read as a whole, for example because it will be rejected. */
export function readHead(head: Buffer): (RowProduct & Remarks) | undefined {
  if (!isUtf8(head)) return undefined
  const text = `${head.toString()}}`
  if (countOpeningBrackets(text) > HEAD_OPENINGS_MAX) return undefined
  const value = jsonOrUndefined(text)
  if (!isObject(value) || Object.hasOwn(value, '__proto__') || !isObject(value.product)) return undefined
  const product = readProductObject(value.product)
  return isRejection(product) ? undefined : product
}

function readTail(line: Buffer): Tail | undefined {
  let comma = line.lastIndexOf(METADATA) - 1
  while (line[comma] === SPACE) comma--
  if (line[comma] !== COMMA || line.length - comma > TAIL_BYTES_MAX) return undefined
  const bytes = Buffer.from(line.subarray(comma))
  const text = `{${bytes.toString('utf8', 1)}`
  if (!isUtf8(bytes) || countOpeningBrackets(text) > TAIL_OPENINGS_MAX) return undefined
  const value = jsonOrUndefined(text)
  if (!isObject(value) || Object.keys(value).length !== 1 || !isObject(value.metadata)) return undefined
  const metadata = readMetadataObject(value.metadata)
  if (isRejection(metadata) || metadata.warnings.length > 0) return undefined
  return { bytes, metadata, ignored: metadata.ignored }
}

/** Whether the bytes before position `until` are those of `end`. */
function endsWith(bytes: Buffer, until: number, end: Buffer): boolean {
  if (until < end.length) return false
  // For so few bytes a loop is faster than a call of `compare`.
  const from = until - end.length
  for (let at = end.length - 1; at >= 0; at--) if (bytes[from + at] !== end[at]) return false
  return true
}

function fingerprint(head: Buffer): Fingerprint {
  const digest = hash('sha256', head, 'latin1')
  return [wordOf(digest, 0), wordOf(digest, 4), wordOf(digest, 8), wordOf(digest, 12)]
}

function wordOf(digest: string, at: number): number {
  return (
    digest.charCodeAt(at) |
    (digest.charCodeAt(at + 1) << 8) |
    (digest.charCodeAt(at + 2) << 16) |
    (digest.charCodeAt(at + 3) << 24)
  )
}
