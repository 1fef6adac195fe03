/** Chance that a seed repeats exactly: the same seed, the same history, on every machine. */
export class Chance {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** A number from 0 to below 1 (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  /** Whether something of this probability happens. */
  is(probability: number): boolean {
    return this.next() < probability
  }

  /** A whole number between two, both included. */
  between(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1))
  }

  /** One of several. */
  of<T>(choices: readonly T[]): T {
    const chosen = choices[this.between(0, choices.length - 1)]
    if (chosen === undefined && choices.length === 0) throw new Error('There is nothing to choose from.')
    return chosen as T
  }

  /** The same elements in any order. */
  shuffled<T>(elements: readonly T[]): T[] {
    const shuffled = [...elements]
    for (let at = shuffled.length - 1; at > 0; at--) {
      const other = this.between(0, at)
      const moved = shuffled[at]!
      shuffled[at] = shuffled[other]!
      shuffled[other] = moved
    }
    return shuffled
  }
}
