/**
 * Slows down addresses that send wrong keys. A valid key is always accepted, so no client is locked out by others
 * behind the same address. Keys are protected from guessing by their length, not by this limit.
 */
import { Problem } from '@splitcart/shared/problem.ts'
import { addressLimitKey } from './server-limits.ts'
import { TokenBuckets } from './token-buckets.ts'

const WAIT_SECONDS_MIN = 3
const WAIT_SECONDS_MAX = 900

/** Counts wrong keys and codes per address. */
export class FailureLimiter {
  readonly #perMinuteMax: number
  readonly #buckets: TokenBuckets

  constructor(perMinuteMax: number) {
    this.#perMinuteMax = perMinuteMax
    this.#buckets = new TokenBuckets(perMinuteMax)
  }

  /** Counts a failure of an address. Returns `refusal`, or a 429 after too many failures in a minute. */
  problemOfFailure(address: string, now: number, refusal = new Problem('key_refused')): Problem {
    const name = addressLimitKey(address)
    if (this.#perMinuteMax === Number.POSITIVE_INFINITY || this.#buckets.take(name, now) === 0) return refusal
    const doubled = WAIT_SECONDS_MIN * 2 ** (this.#buckets.refusals(name) - 1)
    const retryAfterSeconds = Math.min(doubled, WAIT_SECONDS_MAX)
    const detail = `more than ${this.#perMinuteMax} in a minute`
    return new Problem('too_many_failures', detail, { retryAfterSeconds })
  }
}
