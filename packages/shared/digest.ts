/** SHA-256 of decoded bytes: the identity of an upload, and the proof that what arrived is what was sent. */
import { createHash } from 'node:crypto'
import type { Disk } from './disk.ts'
import { countLines, type LineCount } from './lines.ts'
import { portionsOf } from './portions.ts'

/** What a stretch of bytes is: its SHA-256 as 64 hexadecimal digits, its size, and its number of lines. */
export type Digest = Readonly<{ sha256: string; bytes: number; lines: number }>

/** Takes bytes in any portions and tells their digest at the end. */
export class Digester {
  readonly #hash = createHash('sha256')
  readonly #count: LineCount = { lines: 0, open: false }
  bytes = 0

  add(chunk: Uint8Array): void {
    this.count(chunk)
    this.hash(chunk)
  }

  /** The first half of `add`, which costs next to nothing. */
  count(chunk: Uint8Array): void {
    this.bytes += chunk.byteLength
    countLines(this.#count, chunk)
  }

  /** The second half of `add`. */
  hash(chunk: Uint8Array): void {
    this.#hash.update(chunk)
  }

  /** How many lines there are so far. */
  get lines(): number {
    return this.#count.lines + (this.#count.open ? 1 : 0)
  }

  /** Ends the digest; the digester takes nothing after this. */
  digest(): Digest {
    return { sha256: this.#hash.digest('hex'), bytes: this.bytes, lines: this.lines }
  }
}

/** The digest of a whole file. Never follows a link. */
export async function digestOfFile(disk: Disk, path: string): Promise<Digest> {
  const digester = new Digester()
  for await (const portion of portionsOf(disk, path)) digester.add(portion)
  return digester.digest()
}

/** An `Unencoded-Digest` field for these bytes (draft-ietf-httpbis-unencoded-digest, with the syntax of RFC 9530 section 2). */
export function toUnencodedDigest(sha256: string): string {
  return `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`
}

/** The SHA-256 an `Unencoded-Digest` field states; `undefined` when it names only other algorithms, `null` when it is malformed. */
export function fromUnencodedDigest(field: string): string | null | undefined {
  for (const member of field.split(',')) {
    const [algorithm, value] = splitOnce(member.trim(), '=')
    if (algorithm.toLowerCase() !== 'sha-256') continue
    const base64 = /^:([A-Za-z0-9+/]{43}=):$/.exec(value)?.[1]
    return base64 === undefined ? null : Buffer.from(base64, 'base64').toString('hex')
  }
  return undefined
}

function splitOnce(text: string, at: string): [string, string] {
  const index = text.indexOf(at)
  return index < 0 ? [text, ''] : [text.slice(0, index), text.slice(index + 1)]
}
