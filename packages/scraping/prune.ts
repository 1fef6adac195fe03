/**
 * Clearing the archive of what was loaded long ago.
 *
 *   rejects ──▶ file removed (durable) ──▶ receipt
 *
 * Invariants:
 *  1. Only what the receipt calls *loaded*, for longer than was asked, is removed. All else is the only copy, or a case for a person.
 *     A file that is not what its receipt says, because somebody went on writing, goes back to the outbox instead.
 *  2. The receipt goes last: a crash leaves no file without one, and what it leaves is removed the next time.
 *  3. Nothing goes by a clock that is more likely to be wrong, unless a person insists.
 */
import type { Disk } from '@splitcart/shared/disk.ts'
import { remove, removeIfThere } from '@splitcart/shared/durable-file.ts'
import { COMPACTED_ENDINGS, KEPT_ENDINGS, namesAside } from '@splitcart/shared/packed/kept-file.ts'
import { removeBases } from '@splitcart/shared/packed/packed.ts'
import { checkPruneClock } from '@splitcart/shared/prune-clock.ts'
import type { Receipt } from '@splitcart/shared/receipt.ts'
import { DAY_MS } from '@splitcart/shared/time.ts'
import { type Archived, compare, receiptsIn, sidecarsOf, sightAt } from './archive.ts'
import type { Folders } from './folders.ts'
import { requeue } from './requeue.ts'

/** What to prune; `now` is in milliseconds since 1970. With `dryRun` nothing is removed; with `all` a person insists that the clock is right. */
export type Prune = Readonly<{
  disk: Disk
  folders: Folders
  daysMin: number
  now: number
  dryRun: boolean
  all?: boolean
}>

/** A file that is gone, or would be, with the bytes of its sidecars. `wentBack`: it was changed since, and is in the outbox as this. */
export type Pruned = Readonly<{ name: string; bytes: number; loadedAt: string; wentBack?: string }>

/** Removes what may go, each file with its receipt and rejects, and names it. Throws `prune_refused` where the clock is more likely to be wrong. */
export async function* pruneArchive(prune: Prune): AsyncGenerator<Pruned> {
  const { disk, folders, daysMin, now, dryRun, all = false } = prune
  const old: (Archived & Readonly<{ loadedAt: string }>)[] = []
  const young: number[] = []
  for await (const archived of receiptsIn(disk, folders)) {
    const loadedAt = loadedTime(archived.receipt)
    if (loadedAt === undefined) continue
    const at = Date.parse(loadedAt)
    if (now - at < daysMin * DAY_MS) young.push(at)
    else old.push({ ...archived, loadedAt })
  }
  // Who asks for files of any age has said it.
  if (daysMin > 0 && !all)
    checkPruneClock(
      old.map(({ loadedAt }) => Date.parse(loadedAt)),
      young,
    )
  for (const archived of old) yield await pruneOne(prune, archived)
  if (!dryRun) await removeBases(disk, folders.archive)
}

async function pruneOne(
  { disk, folders, dryRun }: Prune,
  archived: Archived & Readonly<{ loadedAt: string }>,
): Promise<Pruned> {
  const { name, path, loadedAt } = archived
  const sidecars = sidecarsOf(path)
  let bytes = 0
  const packed = COMPACTED_ENDINGS.map((ending) => path + ending)
  const aside = KEPT_ENDINGS.flatMap((ending) => namesAside(path + ending))
  for (const one of [path, ...packed, ...aside, sidecars.rejects, sidecars.receipt])
    bytes += (await sightAt(disk, one))?.size ?? 0
  const isChanged = (await compare(disk, archived)) === null
  if (isChanged) {
    const wentBack = dryRun ? name : (await requeue(disk, folders, archived)).name
    return { name, bytes, loadedAt, wentBack }
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
  // What the server does not load itself is with its owner from the moment it was received.
  if (state === 'delivered') return received_at
  return state === 'loaded' ? load?.finished_at : undefined
}
