/** What belongs together, named by one of its members: a union of sets. Pure. */
export class Groups {
  readonly #parents = new Map<string, string>()

  /** The name of a member's group. */
  of(member: string): string {
    let top = member
    for (let parent = this.#parents.get(top); parent !== undefined; parent = this.#parents.get(top)) top = parent
    for (let each = member; each !== top; ) {
      const parent = this.#parents.get(each)!
      this.#parents.set(each, top)
      each = parent
    }
    return top
  }

  /** Makes one group of those of two members. */
  join(one: string, other: string): void {
    const [first, second] = [this.of(one), this.of(other)]
    if (first !== second) this.#parents.set(first, second)
  }
}
