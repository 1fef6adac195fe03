/** Making folders, so that what is put into them is not lost with them. */
import type { Stats } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { codeOf, type Disk } from './disk.ts'
import { syncFolder } from './durable-file.ts'

const FOLDER_MODE = 0o700

/**
 * Makes a folder and the parents it needs, each of them durable before anything is made in it. One that is there may have been made
 * by a process that was killed right after: so its own name is made durable too. What is above it is durable already, by this rule.
 */
export async function makeFolder(disk: Disk, path: string): Promise<void> {
  const folder = resolve(path)
  const parent = dirname(folder)
  const there = await statsIfThere(disk, folder)
  if (there?.isDirectory()) return syncIfAllowed(disk, parent)
  if (there === undefined && parent !== folder) await makeFolder(disk, parent)
  try {
    await disk.mkdir(folder, { mode: FOLDER_MODE })
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
    // A link to one, or made in this moment; says so when it is no folder. What is not there is never made so: in /proc that takes for ever.
    await disk.mkdir(folder, { recursive: true })
    return syncIfAllowed(disk, parent)
  }
  await syncFolder(disk, parent)
}

async function statsIfThere(disk: Disk, path: string): Promise<Stats | undefined> {
  try {
    return await disk.lstat(path)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
    return undefined
  }
}

// Not ours to read, or of a kind that knows no sync of folders.
const SYNC_REFUSED = new Set(['EACCES', 'EPERM', 'EINVAL', 'EROFS'])

// A folder that somebody else has made may lie in one that must not be read; then it is not ours to make durable.
async function syncIfAllowed(disk: Disk, folder: string): Promise<void> {
  try {
    await syncFolder(disk, folder)
  } catch (error) {
    if (!SYNC_REFUSED.has(codeOf(error))) throw error
  }
}
