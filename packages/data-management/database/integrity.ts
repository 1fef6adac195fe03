/** Checks databases and kept files for disk damage once a day: else it shows only when that page or file is read. */
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import type { Log } from '@splitcart/shared/log.ts'
import { DAY_MS } from '@splitcart/shared/time.ts'
import type { ProcessedIntegrity } from '../inbox/processed-integrity.ts'

const THREAD = new URL('integrity-thread.ts', import.meta.url)
const FIRST_MS = 10 * 60 * 1000
const EVERY_MS = DAY_MS
const FAULTS_SHOWN_MAX = 20

/** The result of a check. */
export type Look = Readonly<{ at: number; faults: readonly string[] }>

/** The latest check; undefined: none was made yet. */
export type Integrity = { latest: Look | undefined }

/** The faults in the pages of SQLite files. Reads them whole, in a thread of its own. */
export async function faultsOf(paths: readonly string[]): Promise<string[]> {
  const worker = new Worker(THREAD, { workerData: paths })
  worker.unref()
  const [faults] = await once(worker, 'message')
  return faults
}

/** What is checked: the SQLite files of the databases, and the files that are kept for replay. */
export type LookedAt = Readonly<{ paths: readonly string[]; files?: ProcessedIntegrity }>

/** Checks once a day until the signal aborts. Damage is logged and kept in `integrity`. */
export async function watchIntegrity(
  integrity: Integrity,
  lookedAt: LookedAt,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  const pause = (ms: number) => sleep(ms, undefined, { signal, ref: false }).catch(() => {})
  for (await pause(FIRST_MS); !signal.aborted; await pause(EVERY_MS)) await lookAt(integrity, lookedAt, log, signal)
}

/** Runs one check now. */
export async function lookAt(
  integrity: Integrity,
  { paths, files }: LookedAt,
  log: Log,
  signal?: AbortSignal,
): Promise<void> {
  try {
    const faults = paths.length === 0 ? [] : await faultsOf(paths)
    if (faults.length > 0) log.error({ faults }, 'a database is damaged: restore a backup (docs/operations.md)')
    const damaged = (await files?.check(signal)) ?? []
    if (damaged.length > 0) log.error({ damaged }, 'kept files are damaged: look at the disk (docs/operations.md)')
    integrity.latest = { at: Date.now(), faults: [...faults, ...damaged.slice(0, FAULTS_SHOWN_MAX)] }
  } catch (error) {
    log.error({ err: error }, 'what is kept could not be looked at')
  }
}
