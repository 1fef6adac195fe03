/** The folders of the receiving machine, under DATA_MANAGEMENT_DATA_DIR. State is where a file lies (design section 4). */
import { join, resolve } from 'node:path'
import type { Disk } from '@splitcart/shared/disk.ts'
import { makeFolder } from '@splitcart/shared/make-folder.ts'

export type Folders = Readonly<{
  data: string
  /** Accepted and not yet loaded. */
  inbox: string
  /** Being received. */
  parts: string
  /** Unfinished uploads that can be resumed. */
  resumable: string
  /** Waiting for a person. */
  held: string
  /** Loaded, compressed. */
  processed: string
  /** Could not be loaded at all. */
  failed: string
}>

/** Names the folders, without making them. */
export function foldersIn(dataFolder: string): Folders {
  const data = resolve(dataFolder)
  return {
    data,
    inbox: join(data, 'product_inbox'),
    parts: join(data, 'product_inbox', '.part'),
    resumable: join(data, 'product_inbox', '.resumable'),
    held: join(data, 'product_held'),
    processed: join(data, 'product_processed'),
    failed: join(data, 'product_failed'),
  }
}

/** Makes the folders that are missing. */
export async function makeFolders(disk: Disk, folders: Folders): Promise<void> {
  for (const folder of Object.values(folders)) await makeFolder(disk, folder)
}
