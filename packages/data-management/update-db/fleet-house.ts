/** What one loader of a fleet does for all of them, whichever gets to it: nobody else does it at that time. */
import { checkClock } from '../inbox/prune.ts'
import type { Upload } from '../ledger/uploads.ts'
import type { FleetWork } from './fleet.ts'
import { loadOf } from './load-upload.ts'
import { forget } from './update-db.ts'
import { fulfilWishes } from './wishes.ts'

// What has just been recorded may still be on its way into the inbox.
const SETTLED_IN_MS = 60_000
const STRAYS_MS_MIN = 60 * 60 * 1000
/** Of what only one loader does at a time. */
export const HOUSE = 'keeping house'
const DAY_MS = 86_400_000

/** Does what people want, and mends what a crash or a lost inbox has left. `settledInMs`: how long after its arrival an upload is looked at. */
export async function keepHouse(work: FleetWork, signal: AbortSignal, settledInMs = SETTLED_IN_MS): Promise<void> {
  await work.ledger.doAlone(HOUSE, async () => {
    await fulfilWishes(work, signal)
    await mendOpen(work, signal, settledInMs)
  })
}

async function mendOpen(work: FleetWork, signal: AbortSignal, settledInMs: number): Promise<void> {
  const open = await work.ledger.uploads.open()
  // Asked afterwards: what was done meanwhile is found to be done. Most often every upload that waits has its item.
  const queued = open.length === 0 ? new Set() : await work.inbox.servers.queued()
  for (const upload of open)
    if (!signal.aborted && !queued.has(upload.sha256) && work.now() - upload.received_at > settledInMs)
      await mend(work, upload)
}

/**
 * An upload that waits and has no work item: it may have been dealt with and only the ledger does not know; its item may be lost, then there is a new
 * one; or its bytes are lost, then it is forgotten, so that its sender sends it again.
 */
async function mend(work: FleetWork, upload: Upload): Promise<void> {
  const load = await loadOf(work, upload)
  if (load !== undefined) await work.ledger.uploads.settle(upload.id, load.state, load.result, work.now())
  else if (await work.inbox.has(upload)) await work.inbox.servers.enqueue(upload)
  else await forget(work, upload, 'its bytes are no longer in the inbox')
}

/**
 * Removes from the bucket what has been loaded and was kept for so many days since. Returns how many files. Throws `prune_refused`
 * where everything that was loaded would go at once, unless a person insists.
 */
export async function pruneBucket(work: FleetWork, daysMax: number, all = false): Promise<number> {
  let removed = 0
  const [old, young, strays]: [string[], string[], string[]] = [[], [], []]
  await work.ledger.doAlone(HOUSE, async () => {
    removed += await work.inbox.servers.bucket.removeStrays(STRAYS_MS_MIN, work.now())
    for (const { sha256, putAt } of await work.inbox.servers.bucket.list()) {
      const upload = await work.ledger.uploads.findBySha256(sha256)
      const keptMs = work.now() - (upload?.settled_at ?? putAt)
      if (upload?.state === 'loaded') (keptMs > daysMax * DAY_MS ? old : young).push(sha256)
      // Of what is on no record the receiver died before it answered: its sender sends it again.
      else if (upload === undefined && keptMs > DAY_MS) strays.push(sha256)
    }
    checkClock(old.length, young.length, all)
    for (const sha256 of [...strays, ...old]) {
      await work.inbox.servers.bucket.remove(sha256)
      removed++
    }
  })
  return removed
}
