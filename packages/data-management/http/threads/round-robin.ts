/** Who is next: of each name the first that waits, the names by turns. Who asks much waits behind himself, and not before others. */
export class RoundRobin<T> {
  readonly #waiting = new Map<string, T[]>()
  #size = 0

  get size(): number {
    return this.#size
  }

  /** How many of a name wait. */
  of(name: string): number {
    return this.#waiting.get(name)?.length ?? 0
  }

  add(name: string, item: T): void {
    const queue = this.#waiting.get(name)
    if (queue === undefined) this.#waiting.set(name, [item])
    else queue.push(item)
    this.#size++
  }

  /** Takes one away before it is its turn; false: it was not there. */
  remove(name: string, item: T): boolean {
    const queue = this.#waiting.get(name) ?? []
    const index = queue.indexOf(item)
    if (index === -1) return false
    queue.splice(index, 1)
    if (queue.length === 0) this.#waiting.delete(name)
    this.#size--
    return true
  }

  /** The next one whose name may be served now. */
  next(isServed: (name: string) => boolean): T | undefined {
    for (const [name, queue] of this.#waiting) {
      if (!isServed(name)) continue
      const item = queue.shift()!
      // Behind all others.
      this.#waiting.delete(name)
      if (queue.length > 0) this.#waiting.set(name, queue)
      this.#size--
      return item
    }
    return undefined
  }
}
