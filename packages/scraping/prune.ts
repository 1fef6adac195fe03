/**
 * Clearing the archive of what was loaded long ago.
 *
 *   rejects ──▶ file removed (durable) ──▶ receipt
 *
 * Invariants:
 *  1. Only what the receipt calls *loaded*, for longer than was asked, is removed. All else is the only copy, or a case for a person.
 *  2. The receipt goes last: a crash leaves no file without one, and what it leaves is removed the next time.
 */
import { join } from 'node:path'
import { codeOf, type Disk } from '@splitcart/shared/disk.ts'
import { remove, removeIfThere } from '@splitcart/shared/durable-file.ts'
import type { Receipt } from '@splitcart/shared/receipt.ts'
import { notesOf, receiptsIn } from './archive.ts'
import type { Folders } from './folders.ts'

const DAY_MS = 86_400_000

/** What to prune; `now` is in milliseconds since 1970. With `dryRun` nothing is removed. */
export type Prune = Readonly<{ disk: Disk; folders: Folders; daysMin: number; now: number; dryRun: boolean }>

/** A file that is gone, or would be, with the bytes of its notes. */
export type Pruned = Readonly<{ name: string; bytes: number; loadedAt: string }>

/** Removes what may go, each file with its receipt and rejects, and names it. */
export async function* pruneArchive({ disk, folders, daysMin, now, dryRun }: Prune): AsyncGenerator<Pruned> {
  for await (const { name, receipt } of receiptsIn(disk, folders)) {
    const loadedAt = loadedTime(receipt)
    if (loadedAt === undefined || now - Date.parse(loadedAt) < daysMin * DAY_MS) continue
    const path = join(folders.archive, name)
    const notes = notesOf(path)
    const paths = [path, notes.rejects, notes.receipt]
    let bytes = 0
    for (const one of paths) bytes += await bytesOf(disk, one)
    if (!dryRun) {
      await removeIfThere(disk, notes.rejects)
      await remove(disk, path)
      await removeIfThere(disk, notes.receipt)
    }
    yield { name, bytes, loadedAt }
  }
}

function loadedTime({ state, load }: Receipt): string | undefined {
  return state === 'loaded' ? load?.finished_at : undefined
}

async function bytesOf(disk: Disk, path: string): Promise<number> {
  try {
    return (await disk.lstat(path)).size
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 0
    throw error
  }
}
