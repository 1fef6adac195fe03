/**
 * Slows down an address that sends wrong keys. A valid key is accepted from any address at any time, so no client is
 * locked out by others behind the same address. A key's length protects it from guessing, not this limit.
 */
import { Problem } from '@splitcart/shared/problem.ts'
import { countedAddress } from './server-limits.ts'
import { TokenBuckets } from './token-buckets.ts'

const WAIT_SECONDS_MIN = 3
const WAIT_SECONDS_MAX = 900

/** Counts wrong keys per address. */
export class Failures {
  readonly #perMinuteMax: number
  readonly #allowance: TokenBuckets

  constructor(perMinuteMax: number) {
    this.#perMinuteMax = perMinuteMax
    this.#allowance = new TokenBuckets(perMinuteMax)
  }

  /** The answer to a wrong key from this address: `refusal`, or 429 after too many of them in a minute. */
  answerTo(address: string, now: number, refusal = new Problem('key_refused')): Problem {
    const name = countedAddress(address)
    if (this.#perMinuteMax === Number.POSITIVE_INFINITY || this.#allowance.take(name, now) === 0) return refusal
    const doubled = WAIT_SECONDS_MIN * 2 ** (this.#allowance.refusals(name) - 1)
    const retryAfterSeconds = Math.min(doubled, WAIT_SECONDS_MAX)
    const detail = `more than ${this.#perMinuteMax} in a minute`
    return new Problem('too_many_failures', detail, { retryAfterSeconds })
  }
}
