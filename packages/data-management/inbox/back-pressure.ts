/**
 * Puts uploads off when too much waits to be loaded, or has waited too long: a loader that is dead or too slow shows at the senders,
 * whose outboxes are made to wait, before it fills the disk here. The last fifth of the room is shared: a key whose own files take more
 * than four times what is still free is put off first, so that one sender never keeps all others out.
 */
import { Problem } from '@splitcart/shared/problem.ts'
import type { Backlog, Share } from '../ledger/counts.ts'

/** How much may wait: files, bytes, and milliseconds of the oldest. */
export type BacklogLimits = Readonly<{ filesMax: number; bytesMax: number; ageMsMax: number }>

/** What is asked: what waits in all, and of each key, by their ids. `steady`: a clock that never jumps. */
export type BacklogView = Readonly<{
  waiting: () => Promise<Backlog>
  shares: () => Promise<Readonly<Record<string, Share>>>
  now: () => number
  steady: () => number
}>

// The backlog is cached, so that a thousand concurrent uploads do not each query it.
const FRESH_MS = 1_000
// What waits of one key may be at most so many times what is still free for all keys.
const SHARE_OF_FREE = 4

type Look = Readonly<{ backlog: Backlog; shares: Readonly<Record<string, Share>> }>

/** A check that throws `inbox_full` while too much waits, in all or of a key. It asks once a second at most. */
export function backPressure(view: BacklogView, limits: BacklogLimits): (keyId: string) => Promise<void> {
  let lookedAt = Number.NEGATIVE_INFINITY
  let look: Promise<Look> | undefined
  return async (keyId) => {
    const elapsed = view.steady()
    if (look === undefined || elapsed - lookedAt >= FRESH_MS) {
      lookedAt = elapsed
      look = checkNow(view, limits)
    }
    const { backlog, shares } = await look.catch((error: unknown) => {
      look = undefined
      throw error
    })
    const fault = faultOfBacklog(backlog, limits, view.now()) ?? faultOfShare(shares[keyId], backlog, limits)
    if (fault !== undefined) throw new Problem('inbox_full', fault)
  }
}

async function checkNow({ waiting, shares }: BacklogView, limits: BacklogLimits): Promise<Look> {
  const backlog = await waiting()
  // As long as there is room nobody can have too much of it.
  const isRoomy = faultOfShare(backlog, backlog, limits) === undefined
  return { backlog, shares: isRoomy ? {} : await shares() }
}

/** Which limit a backlog exceeds, as a sentence; undefined if none. */
export function faultOfBacklog(
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
function faultOfShare(own: Share | undefined, all: Share, limits: BacklogLimits): string | undefined {
  const { files = 0, bytes = 0 } = own ?? {}
  const [freeFiles, freeBytes] = [limits.filesMax - all.files, limits.bytesMax - all.bytes]
  if (files > SHARE_OF_FREE * freeFiles) return `${files} files of this key wait, and ${freeFiles} more may of all keys`
  if (bytes > SHARE_OF_FREE * freeBytes) return `${bytes} bytes of this key wait, and ${freeBytes} more may of all keys`
  return undefined
}
