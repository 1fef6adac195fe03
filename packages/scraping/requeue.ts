/**
 * Moves archived files back to the outbox: those that the server accepted and does not know any more (its disk was lost,
 * or a backup was restored), and those that a program has changed since.
 *
 *   rejects removed ──▶ file linked into the outbox, then unlinked here (durable) ──▶ receipt removed
 *
 * If the archive also has the accepted bytes in packed form, receipt and rejects stay with those.
 *
 * Invariants:
 *  1. At any time the file is in the archive, in the outbox, or in both; never in neither.
 *  2. As long as it is in the archive its receipt is too. So after any crash the next run either asks for the receipt
 *     again and repeats this (an existing link is found and kept), or sends the file from the outbox.
 *  3. Nothing in the outbox is overwritten: where other bytes have its name, the file gets one with its SHA-256.
 *  4. A crash before the last step leaves a receipt without a file: it is ignored, and archiving the file replaces it.
 */
import { join } from 'node:path'
import type { Disk } from '@splitcart/shared/disk.ts'
import { move, remove, removeIfThere } from '@splitcart/shared/durable-file.ts'
import { candidateNames } from '@splitcart/shared/file-name.ts'
import { COMPACTED_ENDINGS } from '@splitcart/shared/packed/kept-file.ts'
import { type ArchivedFile, fileStatsAt, readReceipt, sidecarsOf } from './archive.ts'
import type { Folders } from './folders.ts'
import type { UploadJob, UploadRun } from './upload-job.ts'

/** Moves an archived file back to the outbox; returns its new name and path. Safe to repeat after any crash. */
export async function requeue(
  disk: Disk,
  folders: Folders,
  { name, path, receipt }: ArchivedFile,
): Promise<Readonly<{ name: string; path: string }>> {
  const sidecars = sidecarsOf(path)
  const isKept = await isPackedAt(disk, path)
  // Rejects go first, so that those of an earlier server never lie next to a receipt of a later one.
  if (!isKept) await removeIfThere(disk, sidecars.rejects)
  const moved = await move(disk, path, folders.outbox, candidateNames(name, receipt.sha256))
  if (!isKept) await remove(disk, sidecars.receipt)
  return { name: moved.name, path: join(folders.outbox, moved.name) }
}

/**
 * Requeues a file that the server has forgotten, serialised with other moves. `false` if the file was sent again since
 * the server was asked: its receipt is another one then.
 */
export function requeueForgotten(
  { disk, folders }: UploadJob,
  { moves, requeued }: UploadRun,
  archived: ArchivedFile,
): Promise<boolean> {
  return moves.run(async () => {
    if ((await readReceipt(disk, sidecarsOf(archived.path).receipt))?.id !== archived.receipt.id) return false
    requeued.add((await requeue(disk, folders, archived)).name)
    return true
  })
}

async function isPackedAt(disk: Disk, path: string): Promise<boolean> {
  for (const ending of COMPACTED_ENDINGS) if ((await fileStatsAt(disk, path + ending)) !== undefined) return true
  return false
}
