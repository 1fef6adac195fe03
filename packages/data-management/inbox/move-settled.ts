/**
 * Moves a file out of the inbox once its load has ended. A failed one is kept, too, and none is compressed now, which
 * would delay the next load (see processed/compaction.ts).
 */
import { basename, join } from 'node:path'
import type { Disk } from '@splitcart/shared/disk.ts'
import { move, syncContent } from '@splitcart/shared/durable-file.ts'
import { candidateNames } from '@splitcart/shared/file-name.ts'
import type { LoadState } from '../catalogue/loads.ts'
import type { Folders } from '../folders.ts'
import type { StoredFile } from './stored.ts'

/** The destination folders. `onKept`: called for each loaded file that is kept there, with its size in bytes. */
export type MoveContext = Readonly<{
  disk: Disk
  folders: Folders
  onKept?: ((path: string, bytes: number) => void) | undefined
}>

/** Moves a file to where its state belongs. Safe to repeat after a crash. */
export async function moveSettled(
  { disk, folders, onKept }: MoveContext,
  file: StoredFile,
  state: LoadState,
): Promise<void> {
  // A file that was loaded once stays among the processed ones, whatever its state becomes.
  if (file.place === 'processed' || file.place === FOLDER_BY_STATE[state]) return
  // A person may have copied it into the inbox a moment ago, and nobody has synced it.
  await syncContent(disk, file.path)
  const folder = folders[FOLDER_BY_STATE[state]]
  const { size } = await disk.lstat(file.path)
  const { name } = await move(disk, file.path, folder, candidateNames(basename(file.path), file.sha256))
  if (state === 'loaded') onKept?.(join(folder, name), size)
}

/** The folder for the file of a load, by the state of the load. */
export const FOLDER_BY_STATE = { loaded: 'processed', held: 'held', failed: 'failed' } as const
