/**
 * Token buckets per name: a burst of `perMinute` tokens, refilled at `perMinute` tokens a minute.
 *
 * The table is bounded, so that new names cannot fill the memory: the least recently used bucket is dropped first.
 */
import { MINUTE_MS } from '@splitcart/shared/time.ts'

const NAMES_MAX = 10_000

type Bucket = { tokens: number; at: number; refusals: number }

/** A bounded table of token buckets by name. */
export class TokenBuckets {
  readonly #perMinute: number
  readonly #namesMax: number
  readonly #buckets = new Map<string, Bucket>()

  constructor(perMinute: number, namesMax: number = NAMES_MAX) {
    this.#perMinute = perMinute
    this.#namesMax = namesMax
  }

  /** Takes one token. Returns 0, or, if none is left, the milliseconds until there is one. */
  take(name: string, now: number): number {
    const bucket = this.#bucketOf(name, now)
    if (bucket.tokens >= 1) {
      bucket.tokens--
      return 0
    }
    bucket.refusals++
    return ((1 - bucket.tokens) * MINUTE_MS) / this.#perMinute
  }

  /** Gives one token back that was taken. */
  refund(name: string, now: number): void {
    const bucket = this.#bucketOf(name, now)
    bucket.tokens = Math.min(this.#perMinute, bucket.tokens + 1)
  }

  /** Takes tokens for a cost that is known only afterwards. The bucket may go below zero, and stays empty longer. */
  spend(name: string, tokens: number, now: number): void {
    this.#bucketOf(name, now).tokens -= tokens
  }

  /** How often a name was refused since its bucket was last full. */
  refusals(name: string): number {
    return this.#buckets.get(name)?.refusals ?? 0
  }

  get names(): number {
    return this.#buckets.size
  }

  #bucketOf(name: string, now: number): Bucket {
    const full = { tokens: this.#perMinute, at: now, refusals: 0 }
    const bucket = this.#buckets.get(name) ?? full
    const tokens = bucket.tokens + (Math.max(0, now - bucket.at) * this.#perMinute) / MINUTE_MS
    const refilled = tokens >= this.#perMinute ? full : { ...bucket, tokens, at: now }
    // Moved to the end: the table is in the order of use.
    this.#buckets.delete(name)
    this.#buckets.set(name, refilled)
    if (this.#buckets.size > this.#namesMax) this.#buckets.delete(this.#buckets.keys().next().value!)
    return refilled
  }
}
