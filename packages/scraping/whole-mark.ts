/**
 * Completeness marks: an empty file in the spool, named after inode, size and mtime of a complete file, which then need
 * not rest in the outbox. The mark is made before the file is renamed into the outbox, so that the file is never seen
 * there without it; a mark that a crash loses only costs a rest.
 */
import { join } from 'node:path'
import { codeOf, type Disk } from '@splitcart/shared/disk.ts'
import { openPart, removeIfThere } from '@splitcart/shared/durable-file.ts'
import type { Folders } from './folders.ts'
import type { FileStats } from './outbox.ts'

const MARK = /^\.whole-/

/** What identifies the marked file: neither its name nor its ctime, as a rename changes both. */
type MarkedFile = Pick<FileStats, 'ino' | 'size' | 'mtimeMs'>

/** Marks a complete, durable, closed file. If that fails the file is handed over anyway, and has to rest. */
export async function markWhole(disk: Disk, folders: Folders, path: string): Promise<void> {
  try {
    const mark = join(folders.spool, markName(await disk.lstat(path)))
    await removeIfThere(disk, mark)
    await (await openPart(disk, mark)).close()
  } catch (error) {
    if (codeOf(error) === '') throw error
  }
}

/** Removes the mark of a file. */
export async function removeMark(disk: Disk, folders: Folders, file: MarkedFile): Promise<void> {
  await removeIfThere(disk, join(folders.spool, markName(file)))
}

/** Removes the mark of a file that is abandoned, given by its path. */
export async function removeMarkOf(disk: Disk, folders: Folders, path: string): Promise<void> {
  const stats = await disk.lstat(path).catch(() => undefined)
  if (stats !== undefined) await removeMark(disk, folders, stats).catch(() => {})
}

/** Reads the marks; returns a function that tells whether a file is marked. */
export async function marksIn(disk: Disk, folders: Folders): Promise<(file: MarkedFile) => boolean> {
  const marks = new Set((await disk.readdir(folders.spool)).filter((name) => MARK.test(name)))
  return (file) => marks.has(markName(file))
}

/** Removes the marks of files that are neither in the outbox nor on their way there. */
export async function cleanMarks(disk: Disk, folders: Folders): Promise<void> {
  // `.part` before the outbox: a file that leaves `.part` after its listing is in the outbox by the second one.
  const marks = new Set((await disk.readdir(folders.spool)).filter((name) => MARK.test(name)))
  for (const folder of marks.size === 0 ? [] : [folders.part, folders.outbox])
    for (const name of await disk.readdir(folder)) {
      const stats = await disk.lstat(join(folder, name)).catch(() => undefined)
      if (stats?.isFile()) marks.delete(markName(stats))
    }
  for (const mark of marks) await removeIfThere(disk, join(folders.spool, mark))
}

function markName({ ino, size, mtimeMs }: MarkedFile): string {
  return `.whole-${ino}-${size}-${mtimeMs}`
}
