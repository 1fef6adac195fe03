/**
 * From the bytes on the wire to the bytes of the file, in one pass and in constant memory: counted, decoded, digested, written.
 *
 * Nothing is trusted: what is on the wire is counted before it is decoded and what comes out is counted as it comes; a body that ends
 * too early, or goes on behind its end, is refused. Several gzip members or zstd frames are one content (RFC 1952, RFC 8878).
 */
import type { FileHandle } from 'node:fs/promises'
import type { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { type Digest, Digester } from '@splitcart/shared/digest.ts'
import { Problem } from '@splitcart/shared/problem.ts'

/** The content encodings an upload may have, best first. */
export const ENCODINGS = ['zstd', 'gzip'] as const

export type Encoding = (typeof ENCODINGS)[number] | 'identity'

/** How large an upload may be, in bytes, and how long it may stand still, in milliseconds. */
export type DecodeLimits = Readonly<{ bodyBytesMax: number; contentBytesMax: number; idleMsMax: number }>

/** The digest of what was written, and how many bytes it took on the wire. */
export type Decoded = Digest & Readonly<{ wireBytes: number }>

// Large portions: each costs one call to the decoder and one to the disk.
const PORTION_BYTES = 256 * 1024

/** Decodes a body into a part. Throws a Problem for what is wrong with the body; the part is then worth nothing. */
export async function decode(
  body: Readable,
  encoding: Encoding,
  limits: DecodeLimits,
  part: FileHandle,
): Promise<Decoded> {
  const meter = new Meter(limits)
  const digester = new Digester()
  const write = async (content: AsyncIterable<Buffer>) => {
    for await (const chunk of content) {
      digester.add(chunk)
      if (digester.bytes > limits.contentBytesMax)
        throw new Problem('content_too_large', `more than ${limits.contentBytesMax} bytes of content are not taken`)
      await part.appendFile(chunk)
    }
  }
  const decoder = decoderOf(encoding)
  try {
    const chunks = (source: Readable) => meter.pass(source)
    if (decoder === undefined) await pipeline(body, chunks, write, { signal: meter.signal })
    else await pipeline(body, chunks, decoder, write, { signal: meter.signal })
  } catch (error) {
    throw meter.fault ?? problemOf(error, encoding, meter.bytes)
  } finally {
    meter.stop()
  }
  if (meter.bytes === 0) throw new Problem('body_empty')
  if (decoder !== undefined && (decoder.bytesWritten !== meter.bytes || !body.readableEnded))
    throw new Problem('body_damaged', `there are bytes behind the end of the ${encoding} data`)
  return { ...digester.digest(), wireBytes: meter.bytes }
}

/** Counts what comes over the wire and notices when nothing comes. */
class Meter {
  readonly #limits: DecodeLimits
  readonly #stop = new AbortController()
  #idle: NodeJS.Timeout | undefined
  bytes = 0
  fault: Problem | undefined

  constructor(limits: DecodeLimits) {
    this.#limits = limits
    this.#expectMore()
  }

  get signal(): AbortSignal {
    return this.#stop.signal
  }

  async *pass(source: Readable): AsyncGenerator<Buffer> {
    for await (const chunk of source as AsyncIterable<Buffer>) {
      this.bytes += chunk.length
      if (this.bytes > this.#limits.bodyBytesMax) {
        this.fault = new Problem('body_too_large', `more than ${this.#limits.bodyBytesMax} bytes are not taken`)
        throw this.fault
      }
      yield chunk
      this.#expectMore()
    }
    this.stop()
  }

  stop(): void {
    clearTimeout(this.#idle)
  }

  #expectMore(): void {
    clearTimeout(this.#idle)
    this.#idle = setTimeout(() => {
      this.fault = new Problem('body_late', `no byte for ${this.#limits.idleMsMax / 1000} s`)
      this.#stop.abort()
    }, this.#limits.idleMsMax)
  }
}

function decoderOf(encoding: Encoding): (Transform & { bytesWritten: number }) | undefined {
  if (encoding === 'gzip') return createGunzip({ chunkSize: PORTION_BYTES })
  if (encoding === 'zstd') return createZstdDecompress({ chunkSize: PORTION_BYTES })
  return undefined
}

function problemOf(error: unknown, encoding: Encoding, wireBytes: number): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code === 'ENOSPC' || code === 'EDQUOT') return new Problem('disk_full', undefined, { cause: error })
  if (!/^(Z_|ZSTD_|ERR_ZSTD)/.test(code)) return error
  if (wireBytes === 0) return new Problem('body_empty')
  const detail = code === 'Z_BUF_ERROR' ? `the ${encoding} data end too early` : `these are no sound ${encoding} data`
  return new Problem('body_damaged', detail, { cause: error })
}
