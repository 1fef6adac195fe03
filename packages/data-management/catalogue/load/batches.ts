/** Many things a few at a time, so that what a statement is given stays small however long their texts are. */

// Texts are copied some times on their way into a database.
const CHARACTERS_MAX = 512 * 1024

/** The things in their order, in batches of so many characters. */
export function* batchesOf<T>(things: readonly T[], charactersOf: (thing: T) => number): Generator<T[]> {
  let batch: T[] = []
  let characters = 0
  for (const thing of things) {
    batch.push(thing)
    characters += charactersOf(thing)
    if (characters < CHARACTERS_MAX) continue
    yield batch
    batch = []
    characters = 0
  }
  if (batch.length > 0) yield batch
}
