/**
 * Marks of who hands files over whole: an empty file in the spool, named after the very file. A file in the outbox that has one need
 * not rest. It is made before the file gets its name, so that nobody sees the file without it; a mark that a crash loses costs a rest.
 */
import { join } from 'node:path'
import { codeOf, type Disk } from '@splitcart/shared/disk.ts'
import { openPart, removeIfThere } from '@splitcart/shared/durable-file.ts'
import type { Folders } from './folders.ts'
import type { Sight } from './outbox.ts'

const MARK = /^\.whole-/

/** What of a file a mark names: not its name, which may change, nor what a new name changes. */
type Marked = Pick<Sight, 'ino' | 'size' | 'mtimeMs'>

/** Marks a file as whole: it is complete, durable and closed. Where that is refused the file is handed over all the same, and rests. */
export async function markWhole(disk: Disk, folders: Folders, path: string): Promise<void> {
  try {
    const mark = join(folders.spool, nameOf(await disk.lstat(path)))
    await removeIfThere(disk, mark)
    await (await openPart(disk, mark)).close()
  } catch (error) {
    if (codeOf(error) === '') throw error
  }
}

/** Takes the mark of a file away. */
export async function removeMark(disk: Disk, folders: Folders, file: Marked): Promise<void> {
  await removeIfThere(disk, join(folders.spool, nameOf(file)))
}

/** Takes away the mark of a file that is given up. */
export async function removeMarkOf(disk: Disk, folders: Folders, path: string): Promise<void> {
  const stats = await disk.lstat(path).catch(() => undefined)
  if (stats !== undefined) await removeMark(disk, folders, stats).catch(() => {})
}

/** Tells of a file whether it is marked as whole. */
export async function marksIn(disk: Disk, folders: Folders): Promise<(file: Marked) => boolean> {
  const marks = new Set((await disk.readdir(folders.spool)).filter((name) => MARK.test(name)))
  return (file) => marks.has(nameOf(file))
}

/** Removes the marks of files that are neither in the outbox nor on their way there. */
export async function cleanMarks(disk: Disk, folders: Folders): Promise<void> {
  // In this order: a file that has left `.part` after this is in the outbox by then.
  const marks = new Set((await disk.readdir(folders.spool)).filter((name) => MARK.test(name)))
  for (const folder of marks.size === 0 ? [] : [folders.part, folders.outbox])
    for (const name of await disk.readdir(folder)) {
      const stats = await disk.lstat(join(folder, name)).catch(() => undefined)
      if (stats?.isFile()) marks.delete(nameOf(stats))
    }
  for (const mark of marks) await removeIfThere(disk, join(folders.spool, mark))
}

function nameOf({ ino, size, mtimeMs }: Marked): string {
  return `.whole-${ino}-${size}-${mtimeMs}`
}
