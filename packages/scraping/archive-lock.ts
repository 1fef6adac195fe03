/**
 * The lock on the archive: a round of upload-data and `splitcart archive prune`, `pack` and `verify --obtain` exclude
 * each other. The lock on the outbox would not do, because `--watch` holds it for as long as it runs.
 */
import { join } from 'node:path'
import { type Lock, takeLock } from '@splitcart/shared/lock.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import { type Clock, realClock } from './clock.ts'
import type { Folders } from './folders.ts'

const POLL_MS = 100

/** How long to wait for the lock, the signal that ends the wait, and a callback when it begins. */
export type LockWait = Readonly<{ msMax: number; signal?: AbortSignal; clock?: Clock; onWait?: () => void }>

/** Takes the lock as soon as it is free. Throws `locked` after `msMax`, or when the signal aborts. */
export async function lockArchive(folders: Folders, waiting: LockWait): Promise<Lock> {
  const { msMax, signal, clock = realClock(), onWait } = waiting
  for (let waitedMs = 0; ; waitedMs += POLL_MS) {
    try {
      return takeLock(join(folders.archive, '.lock'), 'upload-data or "splitcart archive" works on this archive')
    } catch (error) {
      const isTaken = error instanceof Problem && error.code === 'locked'
      if (!isTaken || waitedMs >= msMax || signal?.aborted) throw error
    }
    if (waitedMs === 0) onWait?.()
    await clock.sleep(POLL_MS, signal)
  }
}
