/**
 * Token buckets per name: a burst of `perMinute` tokens, refilled at `perMinute` tokens a minute.
 *
 * The table is bounded, so that new names cannot fill the memory: the least recently seen name is dropped first.
 */
import { MINUTE_MS } from '@splitcart/shared/time.ts'

const NAMES_MAX = 10_000

type Bucket = { times: number; at: number; refusals: number }

/** A bounded table of token buckets by name. */
export class TokenBuckets {
  readonly #perMinute: number
  readonly #namesMax: number
  readonly #left = new Map<string, Bucket>()

  constructor(perMinute: number, namesMax: number = NAMES_MAX) {
    this.#perMinute = perMinute
    this.#namesMax = namesMax
  }

  /** Takes one token. Returns 0, or, if none is left, the milliseconds until there is one. */
  take(name: string, now: number): number {
    const left = this.#of(name, now)
    if (left.times >= 1) {
      left.times--
      return 0
    }
    left.refusals++
    return ((1 - left.times) * MINUTE_MS) / this.#perMinute
  }

  /** Gives one token back that was taken. */
  giveBack(name: string, now: number): void {
    const left = this.#of(name, now)
    left.times = Math.min(this.#perMinute, left.times + 1)
  }

  /** Takes the tokens that something turned out to cost; the bucket may go below zero and stays empty for a while. */
  spend(name: string, times: number, now: number): void {
    this.#of(name, now).times -= times
  }

  /** How often a name was refused since its bucket was last full. */
  refusals(name: string): number {
    return this.#left.get(name)?.refusals ?? 0
  }

  get names(): number {
    return this.#left.size
  }

  #of(name: string, now: number): Bucket {
    const full = { times: this.#perMinute, at: now, refusals: 0 }
    const left = this.#left.get(name) ?? full
    const times = left.times + (Math.max(0, now - left.at) * this.#perMinute) / MINUTE_MS
    const kept = times >= this.#perMinute ? full : { ...left, times, at: now }
    // Move to the end: the table is in the order in which names were last seen.
    this.#left.delete(name)
    this.#left.set(name, kept)
    if (this.#left.size > this.#namesMax) this.#left.delete(this.#left.keys().next().value!)
    return kept
  }
}
