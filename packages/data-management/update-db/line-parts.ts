/**
 * The two parts of a line. A scrape repeats itself: its lines end in the same metadata, and most of what stands before that is what
 * the store's last scrape said, but for the date. So the end is read once for as long as it stays the same, and the rest gets a
 * fingerprint by which it is known again without being parsed (repeated-rows.ts).
 *
 *   {"product": {"sku": "7", …, "scraped_date": "2025-09-23"}, "metadata": {"company": "aldi", …, "scraped_date": "2025-09-23"}}
 *   └────────────────────────── head ───────────────────────┘└────────────────────────────── tail ─────────────────────────────┘
 *
 * Why that is sound: a tail whose comma can be replaced by a brace so that it is an object of its own begins at the top of the row.
 * Then head and tail do not depend on one another. A line of any other form has no parts, and is read as a whole.
 */
import { isUtf8 } from 'node:buffer'
import { hash } from 'node:crypto'
import { countOpeningBrackets } from '@splitcart/shared/nesting.ts'
import {
  isObject,
  isRejection,
  metadataOf,
  parsed,
  productOf,
  type Remarks,
  type RowMetadata,
  type RowProduct,
} from '@splitcart/shared/row.ts'

/** The end of a line, and what it says. `ignored`: the fields in it that are not known. */
export type Tail = Readonly<{ bytes: Buffer; metadata: RowMetadata; ignored: readonly string[] }>

/** 128 bits of the SHA-256 of a head, as four numbers of 32 bits: heads that say different things have different ones. */
export type Fingerprint = readonly [number, number, number, number]

// A longer line might have more keys than a row may have, and one of more brackets nest too deep: they are read as a whole.
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

/** Takes the lines of one file apart, remembering the end of the one before. */
export class LineParts {
  #tail: Tail | undefined
  // Where heads repeat the date, with the key: nearly always as many bytes before their ends, or nowhere in all those of one tail.
  #date: { toEnd: number; bytes: Buffer } | 'nowhere' | undefined

  /** The tail of a line: the same object for as long as it stays the same. Undefined: the line has no parts. */
  tailOf(line: Buffer): Tail | undefined {
    if (line.length > LINE_BYTES_MAX) return undefined
    const last = this.#tail
    if (last !== undefined && endsWith(line, line.length, last.bytes)) return last
    this.#tail = readTail(line)
    this.#date = undefined
    return this.#tail
  }

  /** The fingerprint of the head of the line whose tail was asked for last. The date does not count in it. */
  fingerprintOf(head: Buffer): Fingerprint {
    const at = this.#dateIn(head)
    if (at < 0) return fingerprint(head)
    // In the line itself, and put back: a copy would cost more than all the rest but the hash.
    head.fill(ZERO, at, at + DATE_CHARACTERS)
    const found = fingerprint(head)
    head.write(this.#tail!.metadata.date, at, 'latin1')
    return found
  }

  /**
   * Where a value of the head is the date of the tail, of a key that is `scraped_date` or ends so; -1 for nowhere. No such key is
   * read from a product, so whatever date stands there, the row is the same.
   */
  #dateIn(head: Buffer): number {
    const last = this.#date
    if (last === 'nowhere') return -1
    const until = head.length - (last?.toEnd ?? 0)
    if (last !== undefined && endsWith(head, until, last.bytes)) return until - DATE_CHARACTERS - 1
    const key = head.lastIndexOf(DATE_KEY)
    if (last === undefined && key < 0) this.#date = 'nowhere'
    if (key < 0) return -1
    const value = head[key + DATE_KEY.length + 1] === SPACE ? key + DATE_KEY.length + 2 : key + DATE_KEY.length + 1
    const end = value + DATE_CHARACTERS + 2
    if (head[key + DATE_KEY.length] !== COLON || head[value] !== QUOTE || head[end - 1] !== QUOTE) return -1
    if (head.toString('latin1', value + 1, end - 1) !== this.#tail?.metadata.date) return -1
    this.#date = { toEnd: head.length - end, bytes: Buffer.from(head.subarray(key, end)) }
    return value + 1
  }
}

/** What the head of a line says, or undefined when it cannot be read by itself: then the line is to be read as a whole. */
export function readHead(head: Buffer): (RowProduct & Remarks) | undefined {
  if (!isUtf8(head)) return undefined
  const text = `${head.toString()}}`
  if (countOpeningBrackets(text) > HEAD_OPENINGS_MAX) return undefined
  const value = parsed(text)
  if (!isObject(value) || Object.hasOwn(value, '__proto__') || !isObject(value.product)) return undefined
  const product = productOf(value.product)
  return isRejection(product) ? undefined : product
}

function readTail(line: Buffer): Tail | undefined {
  let comma = line.lastIndexOf(METADATA) - 1
  while (line[comma] === SPACE) comma--
  if (line[comma] !== COMMA || line.length - comma > TAIL_BYTES_MAX) return undefined
  const bytes = Buffer.from(line.subarray(comma))
  const text = `{${bytes.toString('utf8', 1)}`
  if (!isUtf8(bytes) || countOpeningBrackets(text) > TAIL_OPENINGS_MAX) return undefined
  const value = parsed(text)
  if (!isObject(value) || Object.keys(value).length !== 1 || !isObject(value.metadata)) return undefined
  const metadata = metadataOf(value.metadata)
  if (isRejection(metadata) || metadata.warnings.length > 0) return undefined
  return { bytes, metadata, ignored: metadata.ignored }
}

/** Whether the bytes before a place are these. */
function endsWith(bytes: Buffer, until: number, end: Buffer): boolean {
  if (until < end.length) return false
  // A loop is quicker than a call of `compare` for so few bytes.
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
