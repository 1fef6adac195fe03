/**
 * From the bytes on the wire to the bytes of the file, in one pass and in constant memory: counted, decoded, digested, written.
 *
 * Nothing is trusted: what is on the wire is counted before it is decoded and what comes out is counted as it comes; a body that ends
 * too early, or goes on behind its end, is refused. Several gzip members or zstd frames are one content (RFC 1952, RFC 8878), up to a
 * limit. No body makes a decoder ask for more memory than one window of 8 MiB.
 */
import type { FileHandle } from 'node:fs/promises'
import { type Readable, type Transform, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { constants, createGunzip, createZstdDecompress } from 'node:zlib'
import { type Digest, Digester } from '@splitcart/shared/digest.ts'
import { codeOf } from '@splitcart/shared/disk.ts'
import { Problem, type ProblemCode } from '@splitcart/shared/problem.ts'
import { MemberCounter } from './members.ts'
import { Pace, type PaceLimits } from './pace.ts'
import { ZstdFrames } from './zstd-frames.ts'

/** The content encodings an upload may have, best first. */
export const ENCODINGS = ['zstd', 'gzip'] as const

export type Encoding = (typeof ENCODINGS)[number] | 'identity'

/** How large an upload may be, in bytes and lines, and how long it may stand still, in milliseconds. */
export type DecodeLimits = Readonly<{
  bodyBytesMax: number
  contentBytesMax: number
  /** How many bytes of content may come out of each byte on the wire, once there is a MiB of them. */
  contentRatioMax: number
  linesMax: number
}> &
  PaceLimits

/** The digest of what was written, and how many bytes it took on the wire. */
export type Decoded = Digest & Readonly<{ wireBytes: number }>

// Large portions: each costs one call to the decoder and one to the disk, on other threads. What is small gets small ones, because a
// thousand uploads may come at once.
const PORTION_BYTES_MIN = 64 * 1024
const PORTION_BYTES_MAX = 1024 * 1024
const PORTION_BYTES_OF_UNKNOWN = 256 * 1024
const USUAL_RATIO = 10
// So many may lie between the decoder and the disk, so that neither waits for the other.
const PORTIONS_WAITING_MAX = 2
// A short file may well be one line a thousand times.
const RATIO_CHECKED_FROM_BYTES = 1024 * 1024
// 8 MiB: what every decoder must take and no encoder may exceed over HTTP (RFC 9659).
const WINDOW_LOG_MAX = 23

/** A body as it comes. */
export type Body = Readonly<{
  body: Readable
  encoding: Encoding
  /** How many bytes it has, where somebody says so; nothing depends on whether that is true. */
  bodyBytes?: number | undefined
}>

/** Decodes a body into a part. Throws a Problem for what is wrong with the body; the part is then worth nothing. */
export async function decode(
  { body, encoding, bodyBytes }: Body,
  limits: DecodeLimits,
  part: Pick<FileHandle, 'appendFile'>,
): Promise<Decoded> {
  const meter = new Meter(body, encoding, limits)
  const digester = new Digester()
  const portionBytes = portionFor(bodyBytes)
  const decoder = decoderOf(encoding, portionBytes)
  const take = async (chunk: Buffer) => {
    digester.count(chunk)
    meter.check(digester, decoder?.bytesWritten ?? meter.bytes)
    const written = part.appendFile(chunk)
    // While the disk takes it.
    digester.hash(chunk)
    await written
    giveBack(chunk, portionBytes)
  }
  const sink = new Writable({
    highWaterMark: PORTIONS_WAITING_MAX * portionBytes,
    write: (chunk, _, done) => void take(chunk).then(() => done(), done),
    // The decoder has seen the end of its data; what still comes it would never look at.
    final: (done) => done(meter.hasEnded ? null : meter.problem('body_damaged', behindTheEnd(encoding))),
  })
  try {
    const chunks = (pipe?: { signal?: AbortSignal }) => meter.chunks(pipe!.signal!)
    if (decoder === undefined) await pipeline(chunks, sink)
    else await pipeline(chunks, decoder, sink)
  } catch (error) {
    throw meter.refusal ?? problemOf(error, encoding, meter.bytes)
  }
  if (meter.bytes === 0) throw new Problem('body_empty')
  if (decoder !== undefined && decoder.bytesWritten !== meter.bytes)
    throw new Problem('body_damaged', behindTheEnd(encoding))
  if (!meter.isWhole) throw new Problem('body_damaged', endsTooEarly(encoding))
  return { ...digester.digest(), wireBytes: meter.bytes }
}

function portionFor(bodyBytes: number | undefined): number {
  if (bodyBytes === undefined) return PORTION_BYTES_OF_UNKNOWN
  return Math.min(PORTION_BYTES_MAX, Math.max(PORTION_BYTES_MIN, USUAL_RATIO * bodyBytes))
}

/**
 * Gives memory back that the decoder has filled to its end; for what follows it takes new memory. Left to the collector, it costs the
 * collector a third of the time that accepting takes, and the process 50 MiB (bench/README.md).
 */
function giveBack({ buffer, byteOffset, byteLength }: Buffer, portionBytes: number): void {
  if (buffer.byteLength === portionBytes && byteOffset + byteLength === portionBytes)
    (buffer as ArrayBuffer).transfer(0)
}

/**
 * Counts what comes over the wire and notices when nothing comes. The body itself is left alone, whatever goes wrong: to destroy it
 * would cut the connection on which the sender is to learn what went wrong.
 */
class Meter {
  readonly #body: AsyncIterator<Buffer>
  readonly #members: MemberCounter
  readonly #frames: ZstdFrames | undefined
  readonly #limits: DecodeLimits
  readonly #pace: Pace
  bytes = 0
  hasEnded = false
  refusal: Problem | undefined

  constructor(body: Readable, encoding: Encoding, limits: DecodeLimits) {
    this.#body = body.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>
    this.#members = new MemberCounter(encoding)
    this.#frames = encoding === 'zstd' ? new ZstdFrames() : undefined
    this.#limits = limits
    this.#pace = new Pace(limits)
  }

  /** Whether what came ends where a frame of zstd ends. The other decoders say so themselves. */
  get isWhole(): boolean {
    return this.#frames?.isWhole ?? true
  }

  /** Refuses what has become of so many bytes on the wire when it is too much. */
  check({ bytes, lines }: Digester, wireBytes: number): void {
    const { contentBytesMax, contentRatioMax, linesMax } = this.#limits
    if (bytes > contentBytesMax)
      this.refuse('content_too_large', `more than ${contentBytesMax} bytes of content are not taken`)
    if (lines > linesMax) this.refuse('lines_too_many', `more than ${linesMax} lines are not taken`)
    if (bytes > RATIO_CHECKED_FROM_BYTES && bytes > contentRatioMax * wireBytes)
      this.refuse('ratio_too_large', `${wireBytes} bytes became ${bytes}, more than ${contentRatioMax} times as many`)
  }

  /** Throws a problem that counts for more than what its throwing breaks. */
  refuse(code: ProblemCode, detail: string): never {
    throw this.problem(code, detail)
  }

  problem(code: ProblemCode, detail: string): Problem {
    this.refusal ??= new Problem(code, detail)
    return this.refusal
  }

  async *chunks(signal: AbortSignal): AsyncGenerator<Buffer> {
    const { bodyBytesMax } = this.#limits
    for (;;) {
      const { done, value } = await this.#next(signal)
      if (done) break
      this.bytes += value.length
      if (this.bytes > bodyBytesMax) this.refuse('body_too_large', `more than ${bodyBytesMax} bytes are not taken`)
      this.#frames?.push(value)
      yield* this.#cut(value)
    }
    yield* this.#members.end()
    this.hasEnded = true
  }

  #cut(chunk: Buffer): Buffer[] {
    try {
      return this.#members.push(chunk)
    } catch (error) {
      if (error instanceof Problem) this.refusal ??= error
      throw error
    }
  }

  /** Whatever carries the body gave up: a connection that was cut, a form that has no end. */
  #broken(cause: unknown): Problem {
    this.refusal ??= new Problem('body_damaged', 'it breaks off', { cause })
    return this.refusal
  }

  /** The next chunk, unless the sender stands still too long or something else has failed meanwhile. */
  async #next(signal: AbortSignal): Promise<IteratorResult<Buffer>> {
    const { promise, resolve, reject } = Promise.withResolvers<IteratorResult<Buffer>>()
    const giveUp = () => reject(signal.reason)
    signal.addEventListener('abort', giveUp, { once: true })
    this.#pace.wait((problem) => {
      this.refusal ??= problem
      reject(this.refusal)
    })
    this.#body.next().then(resolve, (cause) => reject(this.#broken(cause)))
    let bytes = 0
    try {
      const next = await promise
      if (!next.done) bytes = next.value.length
      return next
    } finally {
      this.#pace.came(bytes)
      signal.removeEventListener('abort', giveUp)
    }
  }
}

function endsTooEarly(encoding: Encoding): string {
  return `the ${encoding} data end too early`
}

function behindTheEnd(encoding: Encoding): string {
  return `there are bytes behind the end of the ${encoding} data`
}

function decoderOf(encoding: Encoding, chunkSize: number): (Transform & { bytesWritten: number }) | undefined {
  if (encoding === 'gzip') return createGunzip({ chunkSize })
  const params = { [constants.ZSTD_d_windowLogMax]: WINDOW_LOG_MAX }
  if (encoding === 'zstd') return createZstdDecompress({ chunkSize, params })
  return undefined
}

function problemOf(error: unknown, encoding: Encoding, wireBytes: number): unknown {
  const code = codeOf(error)
  if (code === 'ENOSPC' || code === 'EDQUOT') return new Problem('disk_full', undefined, { cause: error })
  // The decoder closed with input left, or found a member behind what was no member: it has seen the end of its data.
  if (code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'ERR_STREAM_PUSH_AFTER_EOF')
    return new Problem('body_damaged', behindTheEnd(encoding), { cause: error })
  if (code === 'ZSTD_error_frameParameter_windowTooLarge')
    return new Problem('window_too_large', `more than ${2 ** WINDOW_LOG_MAX} bytes are not taken`, { cause: error })
  if (!/^(Z_|ZSTD_|ERR_ZSTD)/.test(code)) return error
  if (wireBytes === 0) return new Problem('body_empty')
  const detail = code === 'Z_BUF_ERROR' ? endsTooEarly(encoding) : `these are no sound ${encoding} data`
  return new Problem('body_damaged', detail, { cause: error })
}
