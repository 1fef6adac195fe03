/** The folders of the receiving machine, under DATA_MANAGEMENT_DATA_DIR. State is where a file lies (design section 4). */
import { join, resolve } from 'node:path'
import type { Disk } from '@splitcart/shared/disk.ts'
import { isLoadedKind, PRODUCTS, stemOfKind } from '@splitcart/shared/kinds.ts'
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

/** Names the folders for files of a kind, without making them. What arrives is received in one place, whatever it is. */
export function foldersIn(dataFolder: string, kind: string = PRODUCTS): Folders {
  const data = resolve(dataFolder)
  const stem = stemOfKind(kind)
  return {
    data,
    inbox: join(data, `${stem}_inbox`),
    parts: join(data, 'product_inbox', '.part'),
    resumable: join(data, 'product_inbox', '.resumable'),
    held: join(data, `${stem}_held`),
    processed: join(data, `${stem}_processed`),
    failed: join(data, `${stem}_failed`),
  }
}

/** The folders of a kind beside those of another one. */
export function foldersOfKind(folders: Folders, kind: string): Folders {
  return { ...foldersIn(folders.data, kind), parts: folders.parts, resumable: folders.resumable }
}

/** Makes the folders that are missing: of what is only delivered there is but an inbox. */
export async function makeFolders(disk: Disk, folders: Folders, kinds: readonly string[] = []): Promise<void> {
  for (const folder of foldersToMake(folders, kinds)) await makeFolder(disk, folder)
}

/** The folders that are made where some kinds are taken. */
export function foldersToMake(folders: Folders, kinds: readonly string[]): string[] {
  const others = kinds.flatMap((kind) => {
    const { inbox, held, processed, failed } = foldersOfKind(folders, kind)
    return isLoadedKind(kind) ? [inbox, held, processed, failed] : [inbox]
  })
  return [...new Set([...Object.values(folders), ...others])]
}
