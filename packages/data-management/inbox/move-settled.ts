/**
 * Moves a file out of the inbox when it has been dealt with. Nothing is deleted because it is bad (promise 8), and nothing is compressed on
 * the way to the next load: that is done later (processed/compaction.ts).
 */
import { basename, join } from 'node:path'
import type { Disk } from '@splitcart/shared/disk.ts'
import { move, syncContent } from '@splitcart/shared/durable-file.ts'
import { candidateNames } from '@splitcart/shared/file-name.ts'
import type { LoadState } from '../catalogue/loads.ts'
import type { Folders } from '../folders.ts'
import type { Stored } from './stored.ts'

/** The destination folders. `keeps`: called for each loaded file that is kept there, with its size in bytes. */
export type MoveContext = Readonly<{
  disk: Disk
  folders: Folders
  keeps?: ((path: string, bytes: number) => void) | undefined
}>

/** Moves a file to where its state belongs. Safe to repeat after a crash. */
export async function moveSettled(
  { disk, folders, keeps }: MoveContext,
  file: Stored,
  state: LoadState,
): Promise<void> {
  // A file that was loaded once stays among the processed ones, whatever its state becomes.
  if (file.place === 'processed' || file.place === FOLDER_OF[state]) return
  // A person may have copied it there a moment ago.
  await syncContent(disk, file.path)
  const folder = folders[FOLDER_OF[state]]
  const { size } = await disk.lstat(file.path)
  const { name } = await move(disk, file.path, folder, candidateNames(basename(file.path), file.sha256))
  if (state === 'loaded') keeps?.(join(folder, name), size)
}

/** Where the file of a load in each state lies. */
export const FOLDER_OF = { loaded: 'processed', held: 'held', failed: 'failed' } as const
