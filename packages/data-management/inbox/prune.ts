/** Removes loaded files that were kept long enough for replay. Receipts and history are never removed. */
import { join } from 'node:path'
import type { Disk } from '@splitcart/shared/disk.ts'
import { remove } from '@splitcart/shared/durable-file.ts'
import { namesFor } from '@splitcart/shared/file-name.ts'
import type { Folders } from '../folders.ts'
import type { Ledger } from '../ledger/ledger.ts'

const DAY_MS = 86_400_000

/** What pruning works with; the clock is in milliseconds since 1970. */
export type Prune = Readonly<{ disk: Disk; folders: Folders; ledger: Ledger; daysMax: number; now: () => number }>

/** Removes processed files that were put there more than so many days ago, and returns their names. */
export async function pruneProcessed({ disk, folders, ledger, daysMax, now }: Prune): Promise<string[]> {
  // A load that was taken out again waits for a person: its file is the only copy here.
  const wanted = new Set<string>()
  for (const upload of await ledger.uploads.list({ state: 'held', limit: Number.MAX_SAFE_INTEGER }))
    for (const name of namesFor(upload.stored_as, upload.sha256)) wanted.add(`${name}.gz`)
  const pruned: string[] = []
  for (const name of await disk.readdir(folders.processed)) {
    const path = join(folders.processed, name)
    if (wanted.has(name) || !name.endsWith('.jsonl.gz')) continue
    const stat = await disk.lstat(path)
    if (!stat.isFile() || now() - stat.mtimeMs < daysMax * DAY_MS) continue
    await remove(disk, path)
    pruned.push(name)
  }
  return pruned
}
