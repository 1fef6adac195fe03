/**
 * Deletes archived files that were loaded long ago.
 *
 *   rejects ──▶ file removed (durable) ──▶ receipt
 *
 * Invariants:
 *  1. Only a file whose receipt says *loaded* or *delivered*, for longer than asked, is removed. Any other is the only
 *     copy, or needs a person. A file that was written to and differs from its receipt goes back to the outbox.
 *  2. The receipt goes last: a crash leaves no file without one, and the next run removes the rest.
 *  3. Nothing is removed if the clock looks wrong, unless a person trusts it (`trustsClock`).
 */
import type { Disk } from '@splitcart/shared/disk.ts'
import { remove, removeIfThere } from '@splitcart/shared/durable-file.ts'
import { COMPACTED_ENDINGS, KEPT_ENDINGS, namesForDamaged } from '@splitcart/shared/packed/kept-file.ts'
import { removeUnusedBases } from '@splitcart/shared/packed/packed.ts'
import { checkPruneClock } from '@splitcart/shared/prune-clock.ts'
import type { Receipt } from '@splitcart/shared/receipt.ts'
import { DAY_MS } from '@splitcart/shared/time.ts'
import { type ArchivedFile, compareWithReceipt, fileStatsAt, receiptsIn, sidecarsOf } from './archive.ts'
import type { Folders } from './folders.ts'
import { requeue } from './requeue.ts'

/** `now`: in ms since 1970; `dryRun`: removes nothing; `trustsClock`: a person insists that it is right. */
export type PruneArchiveOptions = Readonly<{
  disk: Disk
  folders: Folders
  daysMin: number
  now: number
  dryRun: boolean
  trustsClock?: boolean
}>

/** A file that is removed, or would be; `bytes` includes its sidecars. `returnedAs`: it had changed; its name in the outbox. */
export type PrunedFile = Readonly<{ name: string; bytes: number; loadedAt: string; returnedAs?: string }>

/** Removes old loaded files with receipts and rejects; yields each. Throws `prune_refused` if the clock looks wrong. */
export async function* pruneArchive(prune: PruneArchiveOptions): AsyncGenerator<PrunedFile> {
  const { disk, folders, daysMin, now, dryRun, trustsClock = false } = prune
  const old: (ArchivedFile & Readonly<{ loadedAt: string }>)[] = []
  const young: number[] = []
  for await (const archived of receiptsIn(disk, folders)) {
    const loadedAt = loadedTime(archived.receipt)
    if (loadedAt === undefined) continue
    const at = Date.parse(loadedAt)
    if (now - at < daysMin * DAY_MS) young.push(at)
    else old.push({ ...archived, loadedAt })
  }
  // With 0 days age does not matter, so the clock does not either.
  if (daysMin > 0 && !trustsClock)
    checkPruneClock(
      old.map(({ loadedAt }) => Date.parse(loadedAt)),
      young,
    )
  for (const archived of old) yield await pruneOne(prune, archived)
  if (!dryRun) await removeUnusedBases(disk, folders.archive)
}

async function pruneOne(
  { disk, folders, dryRun }: PruneArchiveOptions,
  archived: ArchivedFile & Readonly<{ loadedAt: string }>,
): Promise<PrunedFile> {
  const { name, path, loadedAt } = archived
  const sidecars = sidecarsOf(path)
  let bytes = 0
  const packed = COMPACTED_ENDINGS.map((ending) => path + ending)
  const aside = KEPT_ENDINGS.flatMap((ending) => namesForDamaged(path + ending))
  for (const one of [path, ...packed, ...aside, sidecars.rejects, sidecars.receipt])
    bytes += (await fileStatsAt(disk, one))?.size ?? 0
  const isChanged = (await compareWithReceipt(disk, archived)) === 'changed'
  if (isChanged) {
    const returnedAs = dryRun ? name : (await requeue(disk, folders, archived)).name
    return { name, bytes, loadedAt, returnedAs }
  }
  if (!dryRun) {
    await removeIfThere(disk, sidecars.rejects)
    for (const one of [...aside, ...packed]) await removeIfThere(disk, one)
    await remove(disk, path)
    await removeIfThere(disk, sidecars.receipt)
  }
  return { name, bytes, loadedAt }
}

function loadedTime({ state, load, received_at }: Receipt): string | undefined {
  // A delivered upload is not loaded by the server itself: it reached its consumer when it was received.
  if (state === 'delivered') return received_at
  return state === 'loaded' ? load?.finished_at : undefined
}
