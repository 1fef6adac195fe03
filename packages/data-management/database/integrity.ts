/** Checks databases and kept files for disk damage once a day: else it shows only when that page or file is read. */
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import type { Log } from '@splitcart/shared/log.ts'
import { HOUR_MS } from '@splitcart/shared/time.ts'
import type { ProcessedIntegrity } from '../inbox/processed-integrity.ts'

const THREAD = new URL('integrity-thread.ts', import.meta.url)
const FIRST_MS = 10 * 60 * 1000
// Between two checks, what could not be checked is tried again: a database is busy, or a file cannot be opened.
const AGAIN_MS = HOUR_MS
const AGAIN_TIMES = 24
const FAULTS_SHOWN_MAX = 20

/** The result of a check. */
export type IntegrityCheck = Readonly<{ at: number; faults: readonly string[] }>

/** The latest check; undefined: none was made yet. */
export type Integrity = { latest: IntegrityCheck | undefined }

/** The result for one SQLite file. `error`: why it could not be read to its end, which says nothing of damage. */
export type DatabaseCheck = Readonly<{ path: string; faults: readonly string[]; error?: string }>

/** Checks the pages of SQLite files. Reads them whole, in a thread of its own. */
export async function checkDatabases(paths: readonly string[]): Promise<DatabaseCheck[]> {
  if (paths.length === 0) return []
  const worker = new Worker(THREAD, { workerData: paths })
  worker.unref()
  const [checks] = await once(worker, 'message')
  return checks
}

/**
 * What is checked: the SQLite files of the databases, and the files that are kept for replay. `isAgain`: of these only
 * those that could not be read.
 */
export type IntegrityScope = Readonly<{ paths: readonly string[]; files?: ProcessedIntegrity; isAgain?: true }>

/** Checks once a day until the signal aborts. Damage is logged and kept in `integrity`. */
export async function watchIntegrity(
  integrity: Integrity,
  scope: IntegrityScope,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  const pause = (ms: number) => sleep(ms, undefined, { signal, ref: false }).catch(() => {})
  await pause(FIRST_MS)
  while (!signal.aborted) {
    let rest = await checkNow(integrity, scope, log, signal)
    for (let times = 0; times < AGAIN_TIMES && !signal.aborted; times++) {
      await pause(AGAIN_MS)
      if (rest !== undefined && !signal.aborted) rest = await checkNow(integrity, rest, log, signal)
    }
  }
}

/** Runs one check now. Returns what could not be checked, if anything. What was found there before stays until it is. */
export async function checkNow(
  integrity: Integrity,
  { paths, files, isAgain }: IntegrityScope,
  log: Log,
  signal?: AbortSignal,
): Promise<IntegrityScope | undefined> {
  const knownOfFiles = new Set(files?.faults)
  const known = integrity.latest?.faults.filter((fault) => !knownOfFiles.has(fault)) ?? []
  const failed = (error: unknown) => paths.map((path) => ({ path, faults: [], error: String(error) }))
  const checks: DatabaseCheck[] = await checkDatabases(paths).catch(failed)
  const unchecked = checks.filter(({ error }) => error !== undefined)
  if (unchecked.length > 0) log.error({ unchecked }, 'a database could not be checked: it is tried again')
  const found = checks.flatMap(({ faults }) => faults)
  if (found.length > 0) log.error({ faults: found }, 'a database is damaged: restore a backup (docs/operations.md)')
  const checked = checks.filter(({ error }) => error === undefined)
  const stays = known.filter((fault) => !checked.some(({ path }) => fault.startsWith(`${path}: `)))
  let isComplete = unchecked.length === 0
  try {
    await files?.check(signal, { onlyUnread: isAgain })
  } catch (error) {
    isComplete = false
    log.error({ err: error }, 'what is kept could not be looked at')
  }
  const damaged = files?.faults ?? []
  if (damaged.length > 0) log.error({ damaged }, 'kept files are damaged: look at the disk (docs/operations.md)')
  const faults = [...new Set([...stays, ...found]), ...damaged.slice(0, FAULTS_SHOWN_MAX)]
  // A check that was not complete does not say that all is well.
  const at = isComplete || (faults.length > 0 && integrity.latest === undefined) ? Date.now() : integrity.latest?.at
  if (at !== undefined) integrity.latest = { at, faults }
  if (isComplete) return undefined
  return { paths: unchecked.map(({ path }) => path), ...(files && { files }), isAgain: true }
}
