/** The order of loading: round-robin by sender, oldest file first, so that a busy sender delays others by one file. */

/** The items round-robin by group: the first of each group, then the second of each, and so on. */
export function roundRobin<T>(items: readonly T[], groupOf: (thing: T) => string): T[] {
  const counts = new Map<string, number>()
  const placed = items.map((thing) => {
    const turn = counts.get(groupOf(thing)) ?? 0
    counts.set(groupOf(thing), turn + 1)
    return { thing, turn }
  })
  return placed.sort((one, other) => one.turn - other.turn).map(({ thing }) => thing)
}
