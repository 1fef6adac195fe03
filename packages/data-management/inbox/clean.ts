/** Removes what interrupted uploads left behind. Only the server does this, while it holds the lock: then no part is in use. */
import { join } from 'node:path'
import type { Disk } from '@splitcart/shared/disk.ts'
import { removeIfThere } from '@splitcart/shared/durable-file.ts'
import type { Folders } from '../folders.ts'

/** Removes every part and returns their names. */
export async function removeParts(disk: Disk, folders: Folders): Promise<string[]> {
  const names = await disk.readdir(folders.parts)
  for (const name of names) await removeIfThere(disk, join(folders.parts, name))
  return names
}
