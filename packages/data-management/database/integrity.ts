/** Looks now and then whether the disk has damaged what is kept: nothing else would notice before somebody asks for just that page or file. */
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import type { Log } from '@splitcart/shared/log.ts'
import { DAY_MS } from '@splitcart/shared/time.ts'
import type { ProcessedRound } from '../inbox/processed-integrity.ts'

const THREAD = new URL('integrity-thread.ts', import.meta.url)
const FIRST_MS = 10 * 60 * 1000
const EVERY_MS = DAY_MS
const FAULTS_SHOWN_MAX = 20

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

/** What is looked at: the SQLite files of the databases, and the files that are kept for replay. */
export type LookedAt = Readonly<{ paths: readonly string[]; files?: ProcessedRound }>

/** Looks once a day until the signal aborts. What is damaged is told in the log, and kept for whoever asks. */
export async function watchIntegrity(
  integrity: Integrity,
  lookedAt: LookedAt,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  const pause = (ms: number) => sleep(ms, undefined, { signal, ref: false }).catch(() => {})
  for (await pause(FIRST_MS); !signal.aborted; await pause(EVERY_MS)) await lookAt(integrity, lookedAt, log, signal)
}

/** Looks now. */
export async function lookAt(
  integrity: Integrity,
  { paths, files }: LookedAt,
  log: Log,
  signal?: AbortSignal,
): Promise<void> {
  try {
    const faults = paths.length === 0 ? [] : await faultsOf(paths)
    if (faults.length > 0) log.error({ faults }, 'a database is damaged: restore a backup (docs/operations.md)')
    const damaged = (await files?.look(signal)) ?? []
    if (damaged.length > 0) log.error({ damaged }, 'kept files are damaged: look at the disk (docs/operations.md)')
    integrity.latest = { at: Date.now(), faults: [...faults, ...damaged.slice(0, FAULTS_SHOWN_MAX)] }
  } catch (error) {
    log.error({ err: error }, 'what is kept could not be looked at')
  }
}
