/** Notes: the small JSON files that lie next to a file and say something about it. They are written with `replace`. */
import { codeOf, type Disk, openToRead } from '@splitcart/shared/disk.ts'

/** The text of a note, or `undefined` when there is none. */
export async function readNoteText(disk: Disk, path: string): Promise<string | undefined> {
  try {
    const file = await openToRead(disk, path)
    try {
      return await file.readFile('utf8')
    } finally {
      await file.close()
    }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

/** The object in a note; `undefined` when there is no note, or one that a person broke. */
export async function readNote(disk: Disk, path: string): Promise<object | undefined> {
  const text = await readNoteText(disk, path)
  return text === undefined ? undefined : objectIn(text)
}

/** The object in the text of a note; `undefined` when a person broke it. */
export function objectIn(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}
