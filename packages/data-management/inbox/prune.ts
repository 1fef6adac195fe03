/** Removes loaded files that were kept long enough for replay. Receipts and history are never removed. */
import type { Stats } from 'node:fs'
import { join } from 'node:path'
import type { Disk } from '@splitcart/shared/disk.ts'
import { remove } from '@splitcart/shared/durable-file.ts'
import { candidateNames } from '@splitcart/shared/file-name.ts'
import { originalNameIn, originalNameOfDamaged } from '@splitcart/shared/packed/kept-file.ts'
import { removeUnusedBases } from '@splitcart/shared/packed/packed.ts'
import { checkPruneClock } from '@splitcart/shared/prune-clock.ts'
import { DAY_MS } from '@splitcart/shared/time.ts'
import type { Folders } from '../folders.ts'
import type { Ledger } from '../ledger/ledger.ts'

/** What pruning works with; the clock is in milliseconds since 1970. `trustsClock`: a person insists that it is right. */
export type PruneProcessedOptions = Readonly<{
  disk: Disk
  folders: Folders
  ledger: Ledger
  daysMax: number
  now: () => number
  trustsClock?: boolean
}>

/**
 * Removes files that were processed more than `daysMax` days ago, and returns their names. Throws `prune_refused` if the
 * clock looks wrong.
 */
export async function pruneProcessed({
  disk,
  folders,
  ledger,
  daysMax,
  now,
  trustsClock,
}: PruneProcessedOptions): Promise<string[]> {
  // An undone load waits for a person: its file is the only copy here.
  const wanted = new Set<string>()
  for (const upload of await ledger.uploads.list({ state: 'held', limit: Number.MAX_SAFE_INTEGER }))
    for (const name of candidateNames(upload.stored_as, upload.sha256)) wanted.add(name)
  const old: { name: string; at: number }[] = []
  const young: number[] = []
  for (const name of await disk.readdir(folders.processed)) {
    const path = join(folders.processed, name)
    // Damaged files that were set aside are pruned, too.
    const plain = originalNameIn(name) ?? originalNameOfDamaged(name)
    if (plain === undefined || wanted.has(plain)) continue
    const stat = await disk.lstat(path)
    if (!stat.isFile()) continue
    const at = keptSince(path, stat).getTime()
    if (now() - at < daysMax * DAY_MS) young.push(at)
    else old.push({ name, at })
  }
  if (trustsClock !== true)
    checkPruneClock(
      old.map(({ at }) => at),
      young,
    )
  for (const { name } of old) await remove(disk, join(folders.processed, name))
  await removeUnusedBases(disk, folders.processed)
  await ledger.requestedFiles.removeLoadedBefore(now() - daysMax * DAY_MS)
  return old.map(({ name }) => name)
}

/** Since when a file is kept: a plain one was moved there, which set its ctime; a compacted one has it as its mtime. */
export function keptSince(path: string, { ctime, mtime }: Stats): Date {
  return path.endsWith('.jsonl') ? ctime : mtime
}
