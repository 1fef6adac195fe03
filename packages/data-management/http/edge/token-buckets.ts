/**
 * How often something may happen, for each of many names: so many times at once, and then so many a minute.
 *
 * The table is bounded: the name that was seen longest ago is forgotten first. Nobody can fill the memory with names.
 */
import { MINUTE_MS } from '@splitcart/shared/time.ts'

const NAMES_MAX = 10_000

type Left = { times: number; at: number; refusals: number }

/** A table of names and what they have left. */
export class TokenBuckets {
  readonly #perMinute: number
  readonly #namesMax: number
  readonly #left = new Map<string, Left>()

  constructor(perMinute: number, namesMax: number = NAMES_MAX) {
    this.#perMinute = perMinute
    this.#namesMax = namesMax
  }

  /** Takes one time. Gives 0, or, when none is left, the milliseconds until there is one. */
  take(name: string, now: number): number {
    const left = this.#of(name, now)
    if (left.times >= 1) {
      left.times--
      return 0
    }
    left.refusals++
    return ((1 - left.times) * MINUTE_MS) / this.#perMinute
  }

  /** Gives one time back that was taken. */
  giveBack(name: string, now: number): void {
    const left = this.#of(name, now)
    left.times = Math.min(this.#perMinute, left.times + 1)
  }

  /** Takes as much as something turned out to cost, whether or not it is left: then there is nothing for a while. */
  spend(name: string, times: number, now: number): void {
    this.#of(name, now).times -= times
  }

  /** How often a name was refused since it last had all its times. */
  refusals(name: string): number {
    return this.#left.get(name)?.refusals ?? 0
  }

  get names(): number {
    return this.#left.size
  }

  #of(name: string, now: number): Left {
    const full = { times: this.#perMinute, at: now, refusals: 0 }
    const left = this.#left.get(name) ?? full
    const times = left.times + (Math.max(0, now - left.at) * this.#perMinute) / MINUTE_MS
    const kept = times >= this.#perMinute ? full : { ...left, times, at: now }
    // To the end of the table: it is in the order in which names were last seen.
    this.#left.delete(name)
    this.#left.set(name, kept)
    if (this.#left.size > this.#namesMax) this.#left.delete(this.#left.keys().next().value!)
    return kept
  }
}
