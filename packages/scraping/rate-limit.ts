/** A limit for the bytes that leave this machine in a second, shared by all uploads: a token bucket. */
import { type Clock, realClock } from './clock.ts'

// What may leave at once after a silence, and the longest that one piece may take: a server gives up a body that does not move.
const BURST_MS = 250

/** Says when bytes may go. Who asks first goes first, because each takes its time from what is still free. */
export class TokenBucket {
  readonly #bytesPerMs: number
  #freeAt = Number.NEGATIVE_INFINITY

  constructor(bytesPerSecond: number) {
    this.#bytesPerMs = bytesPerSecond / 1000
  }

  /** The largest piece to ask for at once. */
  get pieceBytes(): number {
    return Math.max(1, Math.floor(this.#bytesPerMs * BURST_MS))
  }

  /** Takes bytes at a time in milliseconds, and returns how long to wait before they go. */
  take(bytes: number, now: number): number {
    // What was not used is kept for no longer than a burst.
    const from = Math.max(this.#freeAt, now - BURST_MS)
    this.#freeAt = from + bytes / this.#bytesPerMs
    return Math.max(0, this.#freeAt - now)
  }
}

/** A limit that is in force. */
export type RateLimit = Readonly<{
  /** The same bytes in smaller pieces, each no sooner than it may go. */
  slow: (chunks: AsyncIterable<Buffer<ArrayBuffer>>) => AsyncGenerator<Buffer<ArrayBuffer>>
}>

/** Makes a limit in bytes a second for everything that is passed through it. */
export function createRateLimit(
  bytesPerSecond: number,
  clock: Pick<Clock, 'steady' | 'sleep'> = realClock(),
): RateLimit {
  const bucket = new TokenBucket(bytesPerSecond)
  return { slow: (chunks) => slow(chunks, bucket, clock) }
}

async function* slow(
  chunks: AsyncIterable<Buffer<ArrayBuffer>>,
  bucket: TokenBucket,
  clock: Pick<Clock, 'steady' | 'sleep'>,
): AsyncGenerator<Buffer<ArrayBuffer>> {
  for await (const chunk of chunks)
    for (let at = 0; at < chunk.length; at += bucket.pieceBytes) {
      const piece = chunk.subarray(at, at + bucket.pieceBytes)
      const waitMs = bucket.take(piece.length, clock.steady())
      if (waitMs > 0) await clock.sleep(waitMs)
      yield piece
    }
}
