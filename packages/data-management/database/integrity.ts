/** Looks now and then whether the disk has damaged a database: nothing else would notice before somebody asks for just that page. */
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import type { Log } from '@splitcart/shared/log.ts'

const THREAD = new URL('integrity-thread.ts', import.meta.url)
const FIRST_MS = 10 * 60 * 1000
const EVERY_MS = 24 * 60 * 60 * 1000

/** What the latest look found. */
export type Look = Readonly<{ at: number; faults: readonly string[] }>

/** The latest look; undefined: none was made yet. */
export type Integrity = { latest: Look | undefined }

/** What is wrong with the pages of some SQLite files. Takes as long as it takes to read them, in a thread of its own. */
export async function faultsOf(paths: readonly string[]): Promise<string[]> {
  const worker = new Worker(THREAD, { workerData: paths })
  worker.unref()
  const [faults] = await once(worker, 'message')
  return faults
}

/** Looks once a day until the signal aborts. A damaged database is told in the log, and kept for whoever asks. */
export async function watchIntegrity(
  integrity: Integrity,
  paths: readonly string[],
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  const pause = (ms: number) => sleep(ms, undefined, { signal, ref: false }).catch(() => {})
  if (paths.length === 0) return
  for (await pause(FIRST_MS); !signal.aborted; await pause(EVERY_MS)) await lookAt(integrity, paths, log)
}

/** Looks now. */
export async function lookAt(integrity: Integrity, paths: readonly string[], log: Log): Promise<void> {
  try {
    const faults = await faultsOf(paths)
    integrity.latest = { at: Date.now(), faults }
    if (faults.length > 0) log.error({ faults }, 'a database is damaged: restore a backup (docs/operations.md)')
  } catch (error) {
    log.error({ err: error }, 'the databases could not be looked at')
  }
}
