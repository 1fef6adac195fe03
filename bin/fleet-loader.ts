/** `update-db --products` for an inbox that several machines share. */

import { setTimeout as sleep } from 'node:timers/promises'
import type { Background } from '@splitcart/data-management/update-db/background.ts'
import { dealWithNext, type FleetWork, workForFleet } from '@splitcart/data-management/update-db/fleet.ts'
import { HOUSE, keepHouse, pruneBucket } from '@splitcart/data-management/update-db/fleet-house.ts'
import { reconcile } from '@splitcart/data-management/update-db/reconcile.ts'
import type { Pass } from '@splitcart/data-management/update-db/update-db.ts'

const HOUSE_EVERY_MS = 10_000
const PRUNE_EVERY_MS = 60 * 60 * 1000

type WithBackground = FleetWork & Readonly<{ background: Background }>

/** Takes work until the signal aborts, and keeps house in turn with the other loaders. `daysMax`: how long loaded files are kept. */
export async function loadForFleet(work: WithBackground, daysMax: number, signal: AbortSignal): Promise<void> {
  await Promise.all([workForFleet(work, signal), keepHouseAgainAndAgain(work, daysMax, signal)])
}

/** Takes work until there is none. */
export async function loadOnceForFleet(work: FleetWork, signal: AbortSignal): Promise<Pass> {
  const pass: Pass = { loaded: 0, held: 0, failed: 0, rejected: 0, waiting: 0, ignored: [] }
  const onFile: FleetWork['onFile'] = (upload, load) => {
    pass[load.state]++
    pass.rejected += load.result.rejected
    work.onFile(upload, load)
  }
  await keepHouse(work, signal)
  while (!signal.aborted && (await dealWithNext({ ...work, onFile }, signal)));
  const { waiting, claimed } = await work.fleet.counts()
  pass.waiting = waiting + claimed
  return pass
}

async function keepHouseAgainAndAgain(work: WithBackground, daysMax: number, signal: AbortSignal): Promise<void> {
  let [pruneAt, isReconciled] = [Number.NEGATIVE_INFINITY, false]
  while (!signal.aborted) {
    try {
      if (!isReconciled) isReconciled = await work.ledger.doAlone(HOUSE, async () => void (await reconcile(work)))
      await keepHouse(work, signal)
      await work.background.look()
      if (performance.now() > pruneAt) {
        pruneAt = performance.now() + PRUNE_EVERY_MS
        const pruned = await pruneBucket(work, daysMax)
        if (pruned > 0) work.log.info({ pruned, daysMax }, 'removed files that were kept long enough for replay')
      }
    } catch (error) {
      work.log.error({ err: error }, 'the house could not be kept')
    }
    await sleep(HOUSE_EVERY_MS, undefined, { signal }).catch(() => {})
  }
}
