/** Cursors for pagination: the key of the last element of a page, as an opaque text. */
import { Problem } from '@splitcart/shared/problem.ts'

/** The sort key of the last element of a page. */
export type Key = readonly (string | number)[]

/** Longest cursor accepted, in characters. Every cursor that the server makes is shorter. */
export const CURSOR_CHARACTERS_MAX = 4_000

/** The cursor that continues a list after `key`; null if there is no further page. `list` is the list's unique name. */
export function cursorOf(list: string, key: Key | null): string | null {
  return key === null ? null : Buffer.from(JSON.stringify([list, ...key])).toString('base64url')
}

/** The key in the parameter `after`. Throws `request_invalid` if it is no cursor of `list`. `example` has its types. */
export function cursorKeyIn<K extends Key>(list: string, after: string | undefined, example: K): K | undefined {
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
