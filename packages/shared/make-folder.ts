/** Makes folders durably, so that a power cut cannot lose a folder and the files in it. */
import { dirname, resolve } from 'node:path'
import { codeOf, type Disk, undefinedIfMissing } from './disk.ts'
import { syncFolder } from './durable-file.ts'

const FOLDER_MODE = 0o700

/**
 * Makes a folder and its missing parents, each durable before anything is made in it. An existing folder's name is
 * synced as well: the process that made it may have been killed before its sync. The parents are durable by this rule.
 */
export async function makeFolder(disk: Disk, path: string): Promise<void> {
  const folder = resolve(path)
  const parent = dirname(folder)
  const there = await disk.lstat(folder).catch(undefinedIfMissing)
  if (there?.isDirectory()) return syncIfAllowed(disk, parent)
  if (there === undefined && parent !== folder) await makeFolder(disk, parent)
  try {
    await disk.mkdir(folder, { mode: FOLDER_MODE })
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
    // A link to a folder, or just made by another process; throws if no folder. Not for missing paths: hangs in /proc.
    await disk.mkdir(folder, { recursive: true })
    return syncIfAllowed(disk, parent)
  }
  await syncFolder(disk, parent)
}

// The folder is not readable, or its file system does not support syncing folders.
const SYNC_REFUSED = new Set(['EACCES', 'EPERM', 'EINVAL', 'EROFS'])

// The parent of a folder that another user made may be unreadable; its sync is then left to that user.
async function syncIfAllowed(disk: Disk, folder: string): Promise<void> {
  try {
    await syncFolder(disk, folder)
  } catch (error) {
    if (!SYNC_REFUSED.has(codeOf(error))) throw error
  }
}
