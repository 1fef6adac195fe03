/** `update-db --products` for an inbox that several machines share. */
import { setTimeout as sleep } from 'node:timers/promises'
import { HOUR_MS } from '@splitcart/shared/time.ts'
import type { BackgroundTasks } from './background.ts'
import { MAINTENANCE, maintain, pruneBucket } from './maintenance.ts'
import { type FleetLoaderContext, type PassCounts, processAll } from './process.ts'
import { reconcile } from './repair.ts'
import { repeatOnChange } from './watch.ts'

const MAINTENANCE_EVERY_MS = 10_000
const PRUNE_EVERY_MS = HOUR_MS

type WithBackground = FleetLoaderContext & Readonly<{ background: BackgroundTasks }>

/** Takes work until the signal aborts, and does maintenance in turn with the other loaders. `daysMax`: how long loaded files are kept. */
export async function loadForFleet(work: WithBackground, daysMax: number, signal: AbortSignal): Promise<void> {
  const pass = async () => void (await processAll(work, signal))
  // No pause between passes: claiming itself waits for a while.
  const working = repeatOnChange([], pass, { log: work.log, signal, lookMs: 0 })
  await Promise.all([working, maintainRepeatedly(work, daysMax, signal)])
}

/** Takes work until there is none. */
export async function loadOnceForFleet(work: FleetLoaderContext, signal: AbortSignal): Promise<PassCounts> {
  await maintain(work, signal)
  const pass = await processAll(work, signal)
  return { ...pass, waiting: (await work.inbox.status()).files }
}

async function maintainRepeatedly(work: WithBackground, daysMax: number, signal: AbortSignal): Promise<void> {
  let [pruneAt, isReconciled] = [Number.NEGATIVE_INFINITY, false]
  while (!signal.aborted) {
    try {
      if (!isReconciled)
        isReconciled = await work.ledger.withExclusiveLock(MAINTENANCE, async () => void (await reconcile(work)))
      await maintain(work, signal)
      await work.background.startDue()
      if (performance.now() > pruneAt) {
        pruneAt = performance.now() + PRUNE_EVERY_MS
        const pruned = await pruneBucket(work, daysMax)
        if (pruned > 0) work.log.info({ pruned, daysMax }, 'removed files that were kept long enough for replay')
      }
    } catch (error) {
      work.log.error({ err: error }, 'maintenance failed')
    }
    await sleep(MAINTENANCE_EVERY_MS, undefined, { signal }).catch(() => {})
  }
}
