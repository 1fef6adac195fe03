/** Removes what interrupted processes left behind. The caller holds its lock, so that no part is in use. */
import { join } from 'node:path'
import type { Disk } from '@splitcart/shared/disk.ts'
import { removeIfThere } from '@splitcart/shared/durable-file.ts'
import type { LoadedKind } from '@splitcart/shared/kinds.ts'
import { removeBaseParts } from '@splitcart/shared/packed/bases.ts'
import { type Folders, foldersOfKind } from '../folders.ts'

/**
 * Empties the folder of parts and returns the names. The server does this for interrupted uploads, a loader of a fleet
 * for its own folder of fetched files.
 */
export async function removeParts(disk: Disk, folders: Folders): Promise<string[]> {
  const names = await disk.readdir(folders.parts)
  for (const name of names) await removeIfThere(disk, join(folders.parts, name))
  return names
}

/**
 * Removes incomplete copies of a crashed update-db, and those that reappeared after a power cut (their removal is not
 * synced). Only update-db does this, while it holds its lock.
 */
export async function removeCopies(disk: Disk, folders: Folders, kinds: readonly LoadedKind[]): Promise<void> {
  for (const kind of kinds) {
    const { held, processed, failed } = foldersOfKind(folders, kind)
    for (const folder of [held, processed, failed])
      for (const name of await disk.readdir(folder))
        if (/^\..+\.part$/.test(name)) await removeIfThere(disk, join(folder, name))
    await removeBaseParts(disk, processed)
  }
}
