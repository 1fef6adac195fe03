/**
 * The command `upload-data` without its terminal: sends what waits, and brings home what the server says about it.
 *
 *   lock ─▶ left-overs reported ─▶ results of earlier uploads ─▶ each waiting file, oldest first ─▶ (wait: results) ─▶ summary
 */

import { join } from 'node:path'
import { type Lock, takeLock } from '@splitcart/shared/lock.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import { retryAfterOf, retryOf } from './answer.ts'
import { lockArchive } from './archive-lock.ts'
import { realClock } from './clock.ts'
import { beatFor } from './heartbeat.ts'
import { isGood, noteRun } from './last-run.ts'
import { leftOversIn } from './left-overs.ts'
import { removeNoteParts } from './noted-move.ts'
import { scanOutbox, type Waiting } from './outbox.ts'
import { bringHome } from './results.ts'
import { sendAll } from './send-all.ts'
import { cleanSpool } from './spool.ts'
import { type Outcome, outcomeOf, type Summary, troubleOf } from './upload-events.ts'
import { type Job, newRun, once, type Run, tell } from './upload-job.ts'

const POLL_FIRST_MS = 100
const POLL_MS_MAX = 2_000

/** Runs once. `wait` stays until the server has loaded, held or failed everything. Throws `locked` when another run is at work. */
export async function uploadData(job: Job, { wait = false }: Readonly<{ wait?: boolean }> = {}): Promise<Summary> {
  using _lock = lockOutbox(job)
  const run = newRun()
  try {
    await uploadRound(job, run, wait)
  } catch (cause) {
    blameMachine(run, cause)
    await noteRun(job, run, undefined)
    throw cause
  }
  await noteRun(job, run, undefined)
  if (isGood(run.summary) && !job.signal.aborted) await beatFor(job, run)
  return run.summary
}

/** Ends a round that this machine refused something, such as room on its disk; throws any other error on. */
export function blameMachine({ summary }: Run, cause: unknown): void {
  if (!(cause instanceof Error && 'syscall' in cause)) throw cause
  summary.problem = troubleOf(new Problem('machine_refused', cause.message, { cause }))
  summary.outcome = 'failed'
}

/** Takes the lock that lets one uploader at a time work on an outbox. */
export function lockOutbox({ folders }: Pick<Job, 'folders'>): Lock {
  return takeLock(join(folders.outbox, '.lock'), 'another upload-data works on this outbox')
}

/** One round. What ends it early is told in the summary; returns how long the server asked to be left alone. */
export async function uploadRound(job: Job, run: Run, wait: boolean): Promise<number> {
  using _archive = await lockArchive(job.folders, { ...job, msMax: Number.POSITIVE_INFINITY })
  const { summary } = run
  delete summary.problem
  let floorMs = 0
  try {
    summary.waiting = await look(job, run)
    const { fault } = await bringHome(job, run)
    // After the results: what the server had forgotten waits here again. Also when they cannot be had: what waits comes first.
    const sent = summary.sent + summary.duplicates
    await sendAll(job, run, await waitingNow(job))
    if (fault !== undefined && summary.sent + summary.duplicates === sent) throw fault
    if (wait) await waitForResults(job, run)
    summary.outcome = fault === undefined ? outcomeOf(summary) : 'partly'
    if (fault !== undefined) warn(job, run, fault)
  } catch (error) {
    summary.problem = troubleOf(error)
    summary.outcome = outcomeAfter(error)
    floorMs = retryAfterOf(error)
  }
  summary.waiting = (await waitingNow(job)).length
  if (job.signal.aborted && summary.waiting > 0 && summary.outcome === 'done') summary.outcome = 'partly'
  return floorMs
}

function outcomeAfter(error: unknown): Outcome {
  if (retryOf(error) === 'stop') return 'key_refused'
  return error instanceof Problem && error.code === 'refused_alike' ? 'partly' : 'unreachable'
}

function warn(job: Job, run: Run, fault: Error): void {
  const problem = troubleOf(fault)
  once(run, `results ${problem.code}`, () => tell(job, run, { type: 'warning', name: 'results', problem }))
}

/** Reports and clears what lies about; returns how many files wait. */
async function look(job: Job, run: Run): Promise<number> {
  for (const { name, path, size } of await leftOversIn(job.disk, job.folders))
    once(run, `left-over ${name}`, () => tell(job, run, { type: 'left-over', name, path, size }))
  const scan = await scanOutbox(job.disk, job.folders.outbox)
  for (const { name, reason } of scan.skipped)
    once(run, `ignored ${name}`, () => tell(job, run, { type: 'ignored', name, reason }))
  await cleanSpool(job.disk, job.folders, scan.waiting)
  for (const folder of [job.folders.archive, job.folders.refused]) await removeNoteParts(job.disk, folder)
  return scan.waiting.length
}

async function waitingNow({ disk, folders }: Job): Promise<readonly Waiting[]> {
  return (await scanOutbox(disk, folders.outbox)).waiting
}

async function waitForResults(job: Job, run: Run): Promise<void> {
  for (let pauseMs = POLL_FIRST_MS; !job.signal.aborted; pauseMs = Math.min(pauseMs * 1.5, POLL_MS_MAX)) {
    const { unfinished, forgotten, fault } = await bringHome(job, run)
    if (unfinished === 0 && fault !== undefined) throw fault
    if (forgotten > 0) await sendAll(job, run, await waitingNow(job))
    else if (unfinished === 0) return
    await (job.clock ?? realClock()).sleep(pauseMs, job.signal)
  }
}
