/** Checks databases and stored files for disk damage once a day, since damage shows only in what is read. */
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import type { Log } from '@splitcart/shared/log.ts'
import { HOUR_MS } from '@splitcart/shared/time.ts'
import type { ProcessedIntegrity } from '../inbox/processed-integrity.ts'

const THREAD = new URL('integrity-thread.ts', import.meta.url)
const FIRST_CHECK_DELAY_MS = 10 * 60 * 1000
// What could not be checked is tried again every hour: a database was busy, or a file could not be opened.
const RETRY_MS = HOUR_MS
const RETRIES_PER_DAY = 24
const FAULTS_SHOWN_MAX = 20

/** The time of a check, and the faults that it found. */
export type IntegrityCheck = Readonly<{ at: number; faults: readonly string[] }>

/** Holds the result of the latest check; undefined before the first one. */
export type IntegrityState = { latest: IntegrityCheck | undefined }

/** The result for one SQLite file. `error`: why it could not be read completely; this is no sign of damage. */
export type DatabaseCheck = Readonly<{ path: string; faults: readonly string[]; error?: string }>

/** Checks whole SQLite files, in a worker thread. */
export async function checkDatabases(paths: readonly string[]): Promise<DatabaseCheck[]> {
  if (paths.length === 0) return []
  const worker = new Worker(THREAD, { workerData: paths })
  worker.unref()
  const [checks] = await once(worker, 'message')
  return checks
}

/**
 * What to check: SQLite files, and the stored files of uploads. `isAgain`: of the stored files, only those that could
 * not be read last time.
 */
export type IntegrityScope = Readonly<{ paths: readonly string[]; files?: ProcessedIntegrity; isAgain?: true }>

/** Checks once a day until the signal aborts. Damage is logged and kept in `integrity`. */
export async function watchIntegrity(
  integrity: IntegrityState,
  scope: IntegrityScope,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  const pause = (ms: number) => sleep(ms, undefined, { signal, ref: false }).catch(() => {})
  await pause(FIRST_CHECK_DELAY_MS)
  while (!signal.aborted) {
    let unchecked = await checkIntegrity(integrity, scope, log, signal)
    for (let times = 0; times < RETRIES_PER_DAY && !signal.aborted; times++) {
      await pause(RETRY_MS)
      if (unchecked !== undefined && !signal.aborted)
        unchecked = await checkIntegrity(integrity, unchecked, log, signal)
    }
  }
}

/** Checks once, and returns what could not be checked, if anything. Earlier faults stay until their file is checked. */
export async function checkIntegrity(
  integrity: IntegrityState,
  { paths, files, isAgain }: IntegrityScope,
  log: Log,
  signal?: AbortSignal,
): Promise<IntegrityScope | undefined> {
  const faultsOfFilesBefore = new Set(files?.faults)
  const faultsBefore = integrity.latest?.faults.filter((fault) => !faultsOfFilesBefore.has(fault)) ?? []
  const failed = (error: unknown) => paths.map((path) => ({ path, faults: [], error: String(error) }))
  const checks: DatabaseCheck[] = await checkDatabases(paths).catch(failed)
  const unchecked = checks.filter(({ error }) => error !== undefined)
  if (unchecked.length > 0) log.error({ unchecked }, 'a database could not be checked: it is tried again')
  const found = checks.flatMap(({ faults }) => faults)
  if (found.length > 0) log.error({ faults: found }, 'a database is damaged: restore a backup (docs/operations.md)')
  const checked = checks.filter(({ error }) => error === undefined)
  const stillUnchecked = faultsBefore.filter((fault) => !checked.some(({ path }) => fault.startsWith(`${path}: `)))
  let isComplete = unchecked.length === 0
  try {
    await files?.check(signal, { onlyUnread: isAgain })
  } catch (error) {
    isComplete = false
    log.error({ err: error }, 'what is kept could not be looked at')
  }
  const damaged = files?.faults ?? []
  if (damaged.length > 0) log.error({ damaged }, 'kept files are damaged: look at the disk (docs/operations.md)')
  const faults = [...new Set([...stillUnchecked, ...found]), ...damaged.slice(0, FAULTS_SHOWN_MAX)]
  // An incomplete check does not count as a check without faults.
  const at = isComplete || (faults.length > 0 && integrity.latest === undefined) ? Date.now() : integrity.latest?.at
  if (at !== undefined) integrity.latest = { at, faults }
  if (isComplete) return undefined
  return { paths: unchecked.map(({ path }) => path), ...(files && { files }), isAgain: true }
}
