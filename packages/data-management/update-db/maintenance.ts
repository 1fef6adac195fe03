/** Maintenance tasks of a shared inbox; a lock lets one loader of the fleet run them at a time. */
import { checkPruneClock } from '@splitcart/shared/prune-clock.ts'
import { DAY_MS, HOUR_MS } from '@splitcart/shared/time.ts'
import { runActions } from './actions.ts'
import type { FleetWork } from './process.ts'
import { repairStranded } from './repair.ts'
import { bringUpToDate } from './update-db.ts'

// An upload that was just recorded may still be on its way into the inbox.
const SETTLED_IN_MS = 60_000
const STRAYS_MS_MIN = HOUR_MS

/** The lock; loaders of every version know it by this name. */
export const MAINTENANCE = 'keeping house'

/**
 * Applies people's verdicts to the catalogue, runs requested actions, and repairs what a crash or a lost inbox has
 * left. `settledInMs`: how long after its arrival an upload is checked.
 */
export async function maintain(work: FleetWork, signal: AbortSignal, settledInMs = SETTLED_IN_MS): Promise<void> {
  await work.ledger.withExclusiveLock(MAINTENANCE, async () => {
    await bringUpToDate(work)
    await runActions(work, signal)
    await repairStranded(work, signal, settledInMs)
  })
}

/**
 * Removes from the bucket what has been loaded and was kept for so many days since. Returns how many files. Throws `prune_refused`
 * where it is more likely that the clock is wrong, unless a person insists.
 */
export async function pruneBucket(work: FleetWork, daysMax: number, all = false): Promise<number> {
  let removed = 0
  const { bucket } = work.inbox.servers
  const old: { sha256: string; at: number }[] = []
  const young: number[] = []
  const strays: string[] = []
  await work.ledger.withExclusiveLock(MAINTENANCE, async () => {
    removed += await bucket.removeStrays(STRAYS_MS_MIN, work.now())
    for (const { sha256, putAt } of await bucket.list()) {
      const upload = await work.ledger.uploads.findBySha256(sha256)
      const at = upload?.settled_at ?? putAt
      const keptMs = work.now() - at
      if (upload?.state === 'loaded' && keptMs > daysMax * DAY_MS) old.push({ sha256, at })
      else if (upload?.state === 'loaded') young.push(at)
      // Of what is on no record the receiver died before it answered: its sender sends it again.
      else if (upload === undefined && keptMs > DAY_MS) strays.push(sha256)
    }
    if (!all)
      checkPruneClock(
        old.map(({ at }) => at),
        young,
      )
    for (const sha256 of [...strays, ...old.map((each) => each.sha256)]) {
      await bucket.remove(sha256)
      removed++
    }
  })
  return removed
}
