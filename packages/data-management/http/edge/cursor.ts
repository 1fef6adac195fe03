/** Where a page of a list ended, as a text that means nothing to anybody else. */
import { Problem } from '@splitcart/shared/problem.ts'

/** The key of the last element of a page. */
export type Key = readonly (string | number)[]

/** How long a cursor may be. Any key of ours is shorter. */
export const CURSOR_CHARACTERS_MAX = 4_000

/** The cursor of a list (each list has a name of its own) that goes on behind a key; null where there is no more. */
export function cursorOf(list: string, key: Key | null): string | null {
  return key === null ? null : Buffer.from(JSON.stringify([list, ...key])).toString('base64url')
}

/** The key in the parameter `after`, or throws `request_invalid` where it is no cursor of this list. `example` has a key's types. */
export function keyIn<K extends Key>(list: string, after: string | undefined, example: K): K | undefined {
  if (after === undefined) return undefined
  const [name, ...key] = parsed(after)
  const isKey =
    name === list && key.length === example.length && key.every((part, index) => typeof part === typeof example[index])
  if (!isKey) throw new Problem('request_invalid', 'querystring/after is not a cursor of this list')
  return key as unknown as K
}

function parsed(after: string): unknown[] {
  try {
    const value: unknown = JSON.parse(Buffer.from(after, 'base64url').toString())
    return Array.isArray(value) ? value : []
  } catch {
    return []
  }
}
