/** The folders of the server, under DATA_MANAGEMENT_DATA_DIR. The folder in which a file lies tells its state. */
import { join, resolve } from 'node:path'
import type { Disk } from '@splitcart/shared/disk.ts'
import { isLoadedKind, PRODUCTS, stemOfKind } from '@splitcart/shared/kinds.ts'
import { makeFolder } from '@splitcart/shared/make-folder.ts'

export type Folders = Readonly<{
  data: string
  /** Files accepted and not yet loaded. */
  inbox: string
  /** Files being received. */
  parts: string
  /** Unfinished uploads that can be resumed. */
  resumable: string
  /** Files on hold until a person decides. */
  held: string
  /** Loaded files, compressed. */
  processed: string
  /** Files that could not be loaded at all. */
  failed: string
}>

/** The paths of the folders for files of a kind; nothing is created. Files of all kinds are received in one place. */
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

/** The folders of another kind, with the shared folders of `folders`. */
export function foldersOfKind(folders: Folders, kind: string): Folders {
  return { ...foldersIn(folders.data, kind), parts: folders.parts, resumable: folders.resumable }
}

/** Creates missing folders. A kind without a loader has only an inbox. */
export async function makeFolders(disk: Disk, folders: Folders, kinds: readonly string[] = []): Promise<void> {
  for (const folder of foldersToMake(folders, kinds)) await makeFolder(disk, folder)
}

/** The folders that `makeFolders` creates. */
export function foldersToMake(folders: Folders, kinds: readonly string[]): string[] {
  const others = kinds.flatMap((kind) => {
    const { inbox, held, processed, failed } = foldersOfKind(folders, kind)
    return isLoadedKind(kind) ? [inbox, held, processed, failed] : [inbox]
  })
  return [...new Set([...Object.values(folders), ...others])]
}
