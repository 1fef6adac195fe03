/** The order of loading: round-robin by sender, oldest file first, so that a busy sender delays others by one file. */

/** Things in turns: the first of every name, then the second of every name … `nameOf` says whose a thing is. */
export function roundRobin<T>(things: readonly T[], nameOf: (thing: T) => string): T[] {
  const counts = new Map<string, number>()
  const placed = things.map((thing) => {
    const turn = counts.get(nameOf(thing)) ?? 0
    counts.set(nameOf(thing), turn + 1)
    return { thing, turn }
  })
  return placed.sort((one, other) => one.turn - other.turn).map(({ thing }) => thing)
}
