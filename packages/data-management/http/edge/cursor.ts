/** Pagination cursors: the sort key of the last element of a page, encoded as an opaque text. */
import { Problem } from '@splitcart/shared/problem.ts'

/** The sort key of the last element of a page. */
export type CursorKey = readonly (string | number)[]

/** The longest accepted cursor. Every cursor that the server creates is shorter. */
export const CURSOR_CHARACTERS_MAX = 4_000

/** The cursor of the page after `key`; null if there is no further page. `list`: a unique name of the list. */
export function cursorOf(list: string, key: CursorKey | null): string | null {
  return key === null ? null : Buffer.from(JSON.stringify([list, ...key])).toString('base64url')
}

/** The key in the parameter `after`. Throws `request_invalid` unless it is of `list`, with the types of `example`. */
export function cursorKeyIn<K extends CursorKey>(list: string, after: string | undefined, example: K): K | undefined {
  if (after === undefined) return undefined
  const [name, ...key] = parseCursor(after)
  const isKey =
    name === list && key.length === example.length && key.every((part, index) => typeof part === typeof example[index])
  if (!isKey) throw new Problem('request_invalid', 'querystring/after is not a cursor of this list')
  return key as unknown as K
}

function parseCursor(after: string): unknown[] {
  try {
    const value: unknown = JSON.parse(Buffer.from(after, 'base64url').toString())
    return Array.isArray(value) ? value : []
  } catch {
    return []
  }
}
