/**
 * Refuses uploads while the backlog is too large or too old: a loader that is dead or too slow then shows at the
 * senders, whose files wait in their outboxes, before the backlog fills the disk here. The last fifth of the limit is
 * shared: a key whose own files take more than four times what is still free is refused first, so that one sender never
 * locks out all others.
 */
import { Problem } from '@splitcart/shared/problem.ts'
import type { Backlog, KeyBacklog } from '../ledger/counts.ts'

/** How much may wait: files, bytes, and milliseconds of the oldest. */
export type BacklogLimits = Readonly<{ filesMax: number; bytesMax: number; ageMsMax: number }>

/** Queries of the backlog, in total and by key id. `steady`: a monotonic clock in milliseconds. */
export type BacklogQueries = Readonly<{
  waiting: () => Promise<Backlog>
  shares: () => Promise<Readonly<Record<string, KeyBacklog>>>
  now: () => number
  steady: () => number
}>

// The backlog is cached, so that a thousand concurrent uploads do not each query it.
const SNAPSHOT_MS_MAX = 1_000
// The backlog of one key may be at most this many times what is still free for all keys.
const KEY_SHARE_FACTOR = 4

type BacklogSnapshot = Readonly<{ backlog: Backlog; shares: Readonly<Record<string, KeyBacklog>> }>

/** Makes a check that throws `inbox_full` while the backlog, in total or of a key, exceeds a limit. */
export function backPressure(view: BacklogQueries, limits: BacklogLimits): (keyId: string) => Promise<void> {
  let takenAt = Number.NEGATIVE_INFINITY
  let snapshot: Promise<BacklogSnapshot> | undefined
  return async (keyId) => {
    const elapsed = view.steady()
    if (snapshot === undefined || elapsed - takenAt >= SNAPSHOT_MS_MAX) {
      takenAt = elapsed
      snapshot = takeSnapshot(view, limits)
    }
    const { backlog, shares } = await snapshot.catch((error: unknown) => {
      snapshot = undefined
      throw error
    })
    const fault = exceededLimit(backlog, limits, view.now()) ?? exceededKeyLimit(shares[keyId], backlog, limits)
    if (fault !== undefined) throw new Problem('inbox_full', fault)
  }
}

async function takeSnapshot({ waiting, shares }: BacklogQueries, limits: BacklogLimits): Promise<BacklogSnapshot> {
  const backlog = await waiting()
  // If even all files together are within the limit of one key, no key exceeds it.
  const hasAmpleSpace = exceededKeyLimit(backlog, backlog, limits) === undefined
  return { backlog, shares: hasAmpleSpace ? {} : await shares() }
}

/** Which limit a backlog exceeds, as a sentence; undefined if none. */
export function exceededLimit(
  { files, bytes, since }: Backlog,
  limits: BacklogLimits,
  now: number,
): string | undefined {
  if (files >= limits.filesMax) return `${files} files wait, ${limits.filesMax} may`
  if (bytes >= limits.bytesMax) return `${bytes} bytes wait, ${limits.bytesMax} may`
  if (since !== null && now - since > limits.ageMsMax)
    return `the oldest file waits since ${new Date(since).toISOString()}`
  return undefined
}

/** Which limit the backlog of one key exceeds, given what is still free; undefined if none. */
function exceededKeyLimit(own: KeyBacklog | undefined, all: KeyBacklog, limits: BacklogLimits): string | undefined {
  const { files = 0, bytes = 0 } = own ?? {}
  const [freeFiles, freeBytes] = [limits.filesMax - all.files, limits.bytesMax - all.bytes]
  if (files > KEY_SHARE_FACTOR * freeFiles)
    return `${files} files of this key wait, and ${freeFiles} more may of all keys`
  if (bytes > KEY_SHARE_FACTOR * freeBytes)
    return `${bytes} bytes of this key wait, and ${freeBytes} more may of all keys`
  return undefined
}
