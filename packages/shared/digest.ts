/** SHA-256 of decoded bytes: it identifies an upload, and proves that the received bytes are those sent. */
import { createHash } from 'node:crypto'
import type { Disk } from './disk.ts'
import { chunksOf } from './file-chunks.ts'
import { countLines, type LineCount } from './lines.ts'

/** The digest of some bytes: SHA-256 as 64 hexadecimal digits, size in bytes, and number of lines. */
export type Digest = Readonly<{ sha256: string; bytes: number; lines: number }>

/** Computes a digest incrementally, from chunks of any size. */
export class Digester {
  readonly #hash = createHash('sha256')
  readonly #count: LineCount = { lines: 0, open: false }
  bytes = 0

  add(chunk: Uint8Array): void {
    this.count(chunk)
    this.hash(chunk)
  }

  /** The cheap half of `add`: counts bytes and lines. */
  count(chunk: Uint8Array): void {
    this.bytes += chunk.byteLength
    countLines(this.#count, chunk)
  }

  /** The expensive half of `add`: updates the hash. */
  hash(chunk: Uint8Array): void {
    this.#hash.update(chunk)
  }

  /** The number of lines so far, including an unfinished last one. */
  get lines(): number {
    return this.#count.lines + (this.#count.open ? 1 : 0)
  }

  /** Finishes and returns the digest; nothing may be added afterwards. */
  digest(): Digest {
    return { sha256: this.#hash.digest('hex'), bytes: this.bytes, lines: this.lines }
  }
}

/** The digest of a whole file. Never follows a link. */
export async function digestOfFile(disk: Disk, path: string): Promise<Digest> {
  const digester = new Digester()
  for await (const chunk of chunksOf(disk, path)) digester.add(chunk)
  return digester.digest()
}

/** An `Unencoded-Digest` field for these bytes (draft-ietf-httpbis-unencoded-digest, with the syntax of RFC 9530 section 2). */
export function toUnencodedDigest(sha256: string): string {
  return `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`
}

/** The SHA-256 of an `Unencoded-Digest` field; `undefined` if it has only other algorithms, `null` if malformed. */
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
