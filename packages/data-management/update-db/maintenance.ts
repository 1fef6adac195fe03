/** Maintenance tasks of a shared inbox; a lock lets one loader of the fleet run them at a time. */
import { checkPruneClock } from '@splitcart/shared/prune-clock.ts'
import { DAY_MS, HOUR_MS } from '@splitcart/shared/time.ts'
import { runActions } from './actions.ts'
import type { FleetLoaderContext } from './process.ts'
import { repairStranded } from './repair.ts'
import { applyDecisions } from './update-db.ts'

// An upload that was just recorded may still be on its way into the inbox.
const ARRIVAL_MS_MAX = 60_000
const INCOMPLETE_MS_MIN = HOUR_MS

/** The lock; loaders of every version know it by this name. */
export const MAINTENANCE = 'keeping house'

/**
 * Applies people's verdicts to the catalogue, runs requested actions, and repairs what a crash or a lost inbox has
 * left. `arrivalMsMax`: how long after its arrival an upload is checked.
 */
export async function maintain(
  work: FleetLoaderContext,
  signal: AbortSignal,
  arrivalMsMax = ARRIVAL_MS_MAX,
): Promise<void> {
  await work.ledger.withExclusiveLock(MAINTENANCE, async () => {
    await applyDecisions(work)
    await runActions(work, signal)
    await repairStranded(work, signal, arrivalMsMax)
  })
}

/**
 * Removes files from the bucket that were loaded more than `daysMax` days ago; returns how many. Throws `prune_refused`
 * if the clock looks wrong, unless a person trusts it.
 */
export async function pruneBucket(work: FleetLoaderContext, daysMax: number, trustsClock = false): Promise<number> {
  let removed = 0
  const { bucket } = work.inbox.servers
  const old: { sha256: string; at: number }[] = []
  const young: number[] = []
  const unrecorded: string[] = []
  await work.ledger.withExclusiveLock(MAINTENANCE, async () => {
    removed += await bucket.removeIncompleteFiles(INCOMPLETE_MS_MIN, work.now())
    for (const { sha256, putAt } of await bucket.list()) {
      const upload = await work.ledger.uploads.findBySha256(sha256)
      const at = upload?.settled_at ?? putAt
      const keptMs = work.now() - at
      if (upload?.state === 'loaded' && keptMs > daysMax * DAY_MS) old.push({ sha256, at })
      else if (upload?.state === 'loaded') young.push(at)
      // Without a record: its receiver died before it answered, and its sender sends it again.
      else if (upload === undefined && keptMs > DAY_MS) unrecorded.push(sha256)
    }
    if (!trustsClock)
      checkPruneClock(
        old.map(({ at }) => at),
        young,
      )
    for (const sha256 of [...unrecorded, ...old.map((each) => each.sha256)]) {
      await bucket.remove(sha256)
      removed++
    }
  })
  return removed
}
