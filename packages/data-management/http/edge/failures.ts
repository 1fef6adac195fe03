/**
 * Slows down an address that sends wrong keys. A right key is accepted from everywhere at any time: nobody is locked out because
 * of others behind the same address. What keeps a key from being guessed is its length, not this.
 */
import { Problem } from '@splitcart/shared/problem.ts'
import { countedAddress } from './server-limits.ts'
import { TokenBuckets } from './token-buckets.ts'

const WAIT_SECONDS_MIN = 3
const WAIT_SECONDS_MAX = 900

/** The wrong keys of every address. */
export class Failures {
  readonly #perMinuteMax: number
  readonly #allowance: TokenBuckets

  constructor(perMinuteMax: number) {
    this.#perMinuteMax = perMinuteMax
    this.#allowance = new TokenBuckets(perMinuteMax)
  }

  /** What a wrong key from this address is answered, the refusal itself, and after too many of them 429. */
  answerTo(address: string, now: number, refusal = new Problem('key_refused')): Problem {
    const name = countedAddress(address)
    if (this.#perMinuteMax === Number.POSITIVE_INFINITY || this.#allowance.take(name, now) === 0) return refusal
    const doubled = WAIT_SECONDS_MIN * 2 ** (this.#allowance.refusals(name) - 1)
    const retryAfterSeconds = Math.min(doubled, WAIT_SECONDS_MAX)
    const detail = `more than ${this.#perMinuteMax} in a minute`
    return new Problem('too_many_failures', detail, { retryAfterSeconds })
  }
}
