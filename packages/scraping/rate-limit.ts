/** Upload rate limit in bytes per second, shared by all uploads: a token bucket. */
import { type Clock, realClock } from './clock.ts'

// Maximum burst, and the time one piece may take: kept short, because the server aborts a body that stalls.
const BURST_MS = 250

/** Schedules bytes. Requests are served in order, because each reserves the next free time slot. */
export class TokenBucket {
  readonly #bytesPerMs: number
  #freeAt = Number.NEGATIVE_INFINITY

  constructor(bytesPerSecond: number) {
    this.#bytesPerMs = bytesPerSecond / 1000
  }

  /** Maximum number of bytes to take at once. */
  get pieceBytes(): number {
    return Math.max(1, Math.floor(this.#bytesPerMs * BURST_MS))
  }

  /** Reserves bytes; `now` is in ms. Returns how many ms to wait before sending them. */
  take(bytes: number, now: number): number {
    // Unused capacity is kept for at most one burst.
    const from = Math.max(this.#freeAt, now - BURST_MS)
    this.#freeAt = from + bytes / this.#bytesPerMs
    return Math.max(0, this.#freeAt - now)
  }
}

/** A rate limit to pass data through. */
export type RateLimit = Readonly<{
  /** Yields the same bytes in smaller pieces, each delayed until it may be sent. */
  slow: (chunks: AsyncIterable<Buffer<ArrayBuffer>>) => AsyncGenerator<Buffer<ArrayBuffer>>
}>

/** Makes a limit in bytes per second for everything that is passed through it. */
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
