/** Splits a list into batches, so that the parameters of a statement stay small however long the texts are. */

// Limits memory: texts are copied several times on their way into a database.
const CHARACTERS_MAX = 512 * 1024

/** The items in order, in slices of at most `size`. */
export function slicesOf<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, at) => items.slice(at * size, (at + 1) * size))
}

/** The items in order, in batches that end once they reach CHARACTERS_MAX characters. */
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
