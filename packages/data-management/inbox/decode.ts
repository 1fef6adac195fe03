/**
 * Decodes the body of an upload into a file, in one pass and in constant memory: counts, decodes, digests, writes.
 *
 * The body is not trusted: its bytes are counted before they are decoded, and the content as it is decoded; a body that
 * ends too early, or goes on after its end, is refused. Several gzip members or zstd frames are one content (RFC 1952,
 * RFC 8878), up to a limit. No body makes a decoder ask for more memory than one window of 8 MiB.
 */
import type { FileHandle } from 'node:fs/promises'
import { type Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { DCZ_HEAD_BYTES, dictionarySha256In } from '@splitcart/shared/dictionary/dcz.ts'
import { type Digest, Digester } from '@splitcart/shared/digest.ts'
import { codeOf } from '@splitcart/shared/disk.ts'
import { freeBuffer } from '@splitcart/shared/free-buffer.ts'
import { Problem, type ProblemCode } from '@splitcart/shared/problem.ts'
import { decoderOf, windowBytesMax } from './decoders.ts'
import type { Lease } from './dictionaries.ts'
import { MemberCounter } from './members.ts'
import { Pace, type PaceLimits } from './pace.ts'
import { ZstdFrames } from './zstd-frames.ts'

/** The content encodings an upload may have, best first. */
export const ENCODINGS = ['dcz', 'zstd', 'gzip'] as const

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

/** The digest of the content, and the number of bytes on the wire. */
export type DecodedContent = Digest & Readonly<{ wireBytes: number }>

// Large chunks: each costs one call to the decoder and one to the disk, on other threads. A small body gets small
// chunks, because a thousand uploads may come at once.
const CHUNK_BYTES_MIN = 64 * 1024
const CHUNK_BYTES_MAX = 1024 * 1024
const CHUNK_BYTES_DEFAULT = 256 * 1024
const TYPICAL_RATIO = 10
// Chunks buffered between the decoder and the disk, so that neither waits for the other.
const CHUNKS_WAITING_MAX = 2
// The ratio of a short file is not checked: it may well be one line a thousand times.
const RATIO_CHECKED_FROM_BYTES = 1024 * 1024

/** The body of an upload request. */
export type IncomingBody = Readonly<{
  body: Readable
  encoding: Encoding
  /** The announced length, if any; a wrong one does no harm. */
  bodyBytes?: number | undefined
  /** Finds the dictionary that a body in dcz names, or throws `dictionary_unknown`. */
  dictionary?: (sha256: string) => Promise<Lease>
}>

/** The file that the content is written to. */
type ContentSink = Pick<FileHandle, 'appendFile'>

/** Decodes a body into a part. Throws a Problem for what is wrong with the body; the part is then worth nothing. */
export async function decode(sent: IncomingBody, limits: DecodeLimits, part: ContentSink): Promise<DecodedContent> {
  const meter = new Meter(sent.body, sent.encoding, limits)
  if (sent.encoding !== 'dcz') return decodeWith(undefined, { sent, meter, part })
  const named = dictionarySha256In(await meter.head(DCZ_HEAD_BYTES))
  if (meter.bytes === 0) throw new Problem('body_empty')
  if (named === undefined) throw new Problem('body_damaged', 'it does not begin with the head of dcz')
  if (sent.dictionary === undefined) throw new Problem('dictionary_unknown')
  using lease = await sent.dictionary(named)
  meter.dictionaryBytes = lease.bytes.length
  return await decodeWith(lease.bytes, { sent, meter, part })
}

type DecodeContext = Readonly<{ sent: IncomingBody; meter: Meter; part: ContentSink }>

async function decodeWith(
  dictionary: Buffer | undefined,
  { sent, meter, part }: DecodeContext,
): Promise<DecodedContent> {
  const { encoding, bodyBytes } = sent
  const digester = new Digester()
  const chunkBytes = chunkBytesFor(bodyBytes)
  const decoder = decoderOf(encoding, chunkBytes, dictionary)
  const take = async (chunk: Buffer) => {
    digester.count(chunk)
    meter.check(digester, decoder?.bytesWritten ?? meter.bytes)
    const written = part.appendFile(chunk)
    // Hashes while the disk writes.
    digester.hash(chunk)
    await written
    // Only what the decoder has filled to its end: for what follows it allocates a new one.
    freeBuffer(chunk, chunkBytes)
  }
  const sink = new Writable({
    highWaterMark: CHUNKS_WAITING_MAX * chunkBytes,
    write: (chunk, _, done) => void take(chunk).then(() => done(), done),
    // The decoder has seen the end of its data and would ignore what follows.
    final: (done) => done(meter.hasEnded ? null : meter.problem('body_damaged', bytesAfterEnd(encoding))),
  })
  try {
    const chunks = (pipe?: { signal?: AbortSignal }) => meter.chunks(pipe!.signal!)
    if (decoder === undefined) await pipeline(chunks, sink)
    else await pipeline(chunks, decoder, sink)
  } catch (error) {
    throw meter.refusal ?? decodeProblem(error, { encoding, wireBytes: meter.bytes, dictionary })
  }
  if (meter.bytes === 0) throw new Problem('body_empty')
  if (encoding === 'dcz' && meter.bytes === DCZ_HEAD_BYTES) throw new Problem('body_damaged', endsTooEarly(encoding))
  if (decoder !== undefined && decoder.bytesWritten !== meter.bytes)
    throw new Problem('body_damaged', bytesAfterEnd(encoding))
  if (!meter.isWhole) throw new Problem('body_damaged', endsTooEarly(encoding))
  return { ...digester.digest(), wireBytes: meter.bytes }
}

function chunkBytesFor(bodyBytes: number | undefined): number {
  if (bodyBytes === undefined) return CHUNK_BYTES_DEFAULT
  return Math.min(CHUNK_BYTES_MAX, Math.max(CHUNK_BYTES_MIN, TYPICAL_RATIO * bodyBytes))
}

/**
 * Counts the bytes on the wire and notices when none come. It never destroys the body: that would cut the connection
 * on which the sender gets the error.
 */
class Meter {
  readonly #body: AsyncIterator<Buffer>
  readonly #members: MemberCounter
  readonly #frames: ZstdFrames | undefined
  readonly #limits: DecodeLimits
  readonly #pace: Pace
  /** Bytes read ahead to learn how to decode the rest. */
  #ahead: Buffer[] = []
  bytes = 0
  /** Bytes of the dictionary: content from it needs no bytes on the wire. */
  dictionaryBytes = 0
  hasEnded = false
  refusal: Problem | undefined

  constructor(body: Readable, encoding: Encoding, limits: DecodeLimits) {
    this.#body = body.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>
    // The header of dcz is a skippable zstd frame.
    this.#members = new MemberCounter(encoding === 'dcz' ? 'zstd' : encoding)
    this.#frames = encoding === 'zstd' || encoding === 'dcz' ? new ZstdFrames() : undefined
    this.#limits = limits
    this.#pace = new Pace(limits)
  }

  /** Whether the body ends at the end of a zstd frame. The other decoders check this themselves. */
  get isWhole(): boolean {
    return this.#frames?.isWhole ?? true
  }

  /** Refuses the body if its content so far exceeds a limit, absolute or relative to its bytes on the wire. */
  check({ bytes, lines }: Digester, wireBytes: number): void {
    const { contentBytesMax, contentRatioMax, linesMax } = this.#limits
    if (bytes > contentBytesMax)
      this.refuse('content_too_large', `more than ${contentBytesMax} bytes of content are not taken`)
    if (lines > linesMax) this.refuse('lines_too_many', `more than ${linesMax} lines are not taken`)
    if (bytes > RATIO_CHECKED_FROM_BYTES && bytes - this.dictionaryBytes > contentRatioMax * wireBytes)
      this.refuse('ratio_too_large', `${wireBytes} bytes became ${bytes}, more than ${contentRatioMax} times as many`)
  }

  /** Throws a problem that takes precedence over the errors that its throwing causes. */
  refuse(code: ProblemCode, detail: string): never {
    throw this.problem(code, detail)
  }

  problem(code: ProblemCode, detail: string): Problem {
    this.refusal ??= new Problem(code, detail)
    return this.refusal
  }

  /** The first bytes, at least `bytes` unless the body is shorter; they are decoded later with the rest. */
  async head(bytes: number): Promise<Buffer> {
    const signal = new AbortController().signal
    while (this.bytes < bytes) {
      const chunk = await this.#chunk(signal)
      if (chunk === undefined) break
      this.#ahead.push(chunk)
    }
    return Buffer.concat(this.#ahead).subarray(0, bytes)
  }

  async *chunks(signal: AbortSignal): AsyncGenerator<Buffer> {
    for (const chunk of this.#ahead.splice(0)) yield* this.#decodable(chunk)
    for (let chunk = await this.#chunk(signal); chunk !== undefined; chunk = await this.#chunk(signal))
      yield* this.#decodable(chunk)
    yield* this.#members.end()
    this.hasEnded = true
  }

  async #chunk(signal: AbortSignal): Promise<Buffer | undefined> {
    const { bodyBytesMax } = this.#limits
    const { done, value } = await this.#next(signal)
    if (done) return undefined
    this.bytes += value.length
    if (this.bytes > bodyBytesMax) this.refuse('body_too_large', `more than ${bodyBytesMax} bytes are not taken`)
    return value
  }

  #decodable(chunk: Buffer): Buffer[] {
    this.#frames?.push(chunk)
    try {
      return this.#members.push(chunk)
    } catch (error) {
      if (error instanceof Problem) this.refusal ??= error
      throw error
    }
  }

  /** The problem of a body that breaks off: a connection that was cut, a form without an end. */
  #broken(cause: unknown): Problem {
    this.refusal ??= new Problem('body_damaged', 'it breaks off', { cause })
    return this.refusal
  }

  /** The next chunk; throws if the sender is idle too long or another part has failed meanwhile. */
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
      this.#pace.received(bytes)
      signal.removeEventListener('abort', giveUp)
    }
  }
}

function endsTooEarly(encoding: Encoding): string {
  return `the ${encoding} data end too early`
}

function bytesAfterEnd(encoding: Encoding): string {
  return `there are bytes behind the end of the ${encoding} data`
}

type FailedDecoding = Readonly<{ encoding: Encoding; wireBytes: number; dictionary: Buffer | undefined }>

function decodeProblem(error: unknown, { encoding, wireBytes, dictionary }: FailedDecoding): unknown {
  const code = codeOf(error)
  if (code === 'ENOSPC' || code === 'EDQUOT') return new Problem('disk_full', undefined, { cause: error })
  // The decoder closed with input left, or found a member behind what was no member: it has seen the end of its data.
  if (code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'ERR_STREAM_PUSH_AFTER_EOF')
    return new Problem('body_damaged', bytesAfterEnd(encoding), { cause: error })
  if (code === 'ZSTD_error_frameParameter_windowTooLarge')
    return new Problem('window_too_large', `more than ${windowBytesMax(dictionary)} bytes are not taken`, {
      cause: error,
    })
  if (!/^(Z_|ZSTD_|ERR_ZSTD)/.test(code)) return error
  if (wireBytes === 0) return new Problem('body_empty')
  const detail = code === 'Z_BUF_ERROR' ? endsTooEarly(encoding) : `these are no sound ${encoding} data`
  return new Problem('body_damaged', detail, { cause: error })
}
