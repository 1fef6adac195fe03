/** Queues by name, served in turn: a name with many items does not delay the items of other names. */
export class RoundRobin<T> {
  readonly #waiting = new Map<string, T[]>()
  #size = 0

  get size(): number {
    return this.#size
  }

  /** How many items of a name wait. */
  of(name: string): number {
    return this.#waiting.get(name)?.length ?? 0
  }

  add(name: string, item: T): void {
    const queue = this.#waiting.get(name)
    if (queue === undefined) this.#waiting.set(name, [item])
    else queue.push(item)
    this.#size++
  }

  /** Removes an item before its turn; false if it was not waiting. */
  remove(name: string, item: T): boolean {
    const queue = this.#waiting.get(name) ?? []
    const index = queue.indexOf(item)
    if (index === -1) return false
    queue.splice(index, 1)
    if (queue.length === 0) this.#waiting.delete(name)
    this.#size--
    return true
  }

  /** Takes the next item whose name may be served now. */
  next(isServed: (name: string) => boolean): T | undefined {
    for (const [name, queue] of this.#waiting) {
      if (!isServed(name)) continue
      const item = queue.shift()!
      // The name goes to the end, behind all others.
      this.#waiting.delete(name)
      if (queue.length > 0) this.#waiting.set(name, queue)
      this.#size--
      return item
    }
    return undefined
  }
}
