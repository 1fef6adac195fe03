/**
 * Puts uploads off when too much waits to be loaded, or has waited too long: a loader that is dead or too slow shows at the senders,
 * whose outboxes are made to wait, before it fills the disk here.
 */
import { Problem } from '@splitcart/shared/problem.ts'
import type { Backlog } from '../ledger/uploads.ts'

/** How much may wait: files, bytes, and milliseconds of the oldest. */
export type BacklogLimits = Readonly<{ filesMax: number; bytesMax: number; ageMsMax: number }>

// The sum over all waiting uploads is not asked for by each of a thousand uploads at once.
const FRESH_MS = 1_000

/** The time of day, and a clock that never jumps. */
export type Clocks = Readonly<{ now: () => number; steady: () => number }>

/** A check that throws `inbox_full` while too much waits. It asks the ledger once a second at most. */
export function backPressure(
  waiting: () => Promise<Backlog>,
  limits: BacklogLimits,
  { now, steady }: Clocks,
): () => Promise<void> {
  let asked = Number.NEGATIVE_INFINITY
  let fault: string | undefined
  return async () => {
    if (steady() - asked >= FRESH_MS) {
      asked = steady()
      fault = faultOfBacklog(await waiting(), limits, now())
    }
    if (fault !== undefined) throw new Problem('inbox_full', fault)
  }
}

/** What is too much about a backlog, as a sentence; undefined when nothing is. */
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
