/** Sidecars: small JSON files that lie next to a file and tell something about it. They are written with `replace`. */

import { type Disk, openToRead, undefinedIfMissing } from '@splitcart/shared/disk.ts'
import { jsonOrUndefined } from '@splitcart/shared/text.ts'

/** The text of a sidecar, or `undefined` when there is none. */
export async function readSidecarText(disk: Disk, path: string): Promise<string | undefined> {
  const file = await openToRead(disk, path).catch(undefinedIfMissing)
  try {
    return await file?.readFile('utf8')
  } finally {
    await file?.close()
  }
}

/** Reads the object in a sidecar; `undefined` if it is missing or not valid JSON. */
export async function readSidecar(disk: Disk, path: string): Promise<object | undefined> {
  const text = await readSidecarText(disk, path)
  return text === undefined ? undefined : objectIn(text)
}

/** Parses the text of a sidecar; `undefined` if it is not a JSON object, e.g. after a manual edit. */
export function objectIn(text: string): object | undefined {
  const value = jsonOrUndefined(text)
  return typeof value === 'object' && value !== null ? value : undefined
}
