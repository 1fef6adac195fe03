/**
 * The command `upload-data` without terminal output: sends the files in the outbox and fetches the results of uploads.
 *
 *   lock ─▶ orphaned parts reported ─▶ archive compared with its receipts
 *     ─┬─▶ each file that is ready, oldest first ─┬─▶ what the server lacks
 *      └─▶ results of earlier uploads ────────────┘
 *     ─▶ those that had to rest ─▶ (wait: results) ─▶ summary
 *
 * Ready files are sent without waiting for the results: at high latency each query takes as long as sending a file.
 */
import { join } from 'node:path'
import { systemErrorMessage } from '@splitcart/shared/disk.ts'
import { type Lock, takeLock } from '@splitcart/shared/lock.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import { AnswerError, requestedDelayMs, retryRuleOf } from './answer.ts'
import { checkArchive } from './archive-check.ts'
import { lockArchive } from './archive-lock.ts'
import { isOutOfSpace, packArchive } from './archive-packing.ts'
import { realClock } from './clock.ts'
import { sendHeartbeat } from './heartbeat.ts'
import { recordRun, wasSuccessful } from './last-run.ts'
import { orphanedPartsIn } from './orphaned-parts.ts'
import { scanOutbox } from './outbox.ts'
import { sendRequested } from './requested.ts'
import { endsWithWholeRow, type SortedOutbox } from './resting.ts'
import { fetchResults } from './results.ts'
import { sendAll } from './send-all.ts'
import { removeSidecarParts } from './sidecar-move.ts'
import { cleanSpool } from './spool.ts'
import { type Outcome, outcomeOf, problemInfoOf, type Summary } from './upload-events.ts'
import { emit, newRun, reportOnce, type UploadJob, type UploadRun } from './upload-job.ts'
import { cleanMarks, marksIn } from './whole-mark.ts'

const POLL_FIRST_MS = 100
const POLL_MS_MAX = 2_000
const PACKING_MS_MAX = 10_000
// A file still being written after this long is left to the next run.
const RESTING_MS_MAX = 120_000

/** `waitsForResults`: until all is loaded, held or failed. `waitsForResting`: until resting files are sent, too. */
export type UploadOptions = Readonly<{ waitsForResults: boolean; waitsForResting: boolean }>

/** Runs one round; with `wait` until all is loaded, held or failed. Throws `locked` while another run is active. */
export async function uploadData(
  job: UploadJob,
  { wait = false }: Readonly<{ wait?: boolean }> = {},
): Promise<Summary> {
  using _lock = lockOutbox(job)
  const run = newRun(job)
  try {
    await uploadRound(job, run, { waitsForResults: wait, waitsForResting: true })
  } catch (cause) {
    failByMachine(run, cause)
    await recordRun(job, run, undefined)
    throw cause
  }
  await recordRun(job, run, undefined)
  if (wasSuccessful(run.summary) && !job.signal.aborted) await sendHeartbeat(job, run)
  return run.summary
}

/** Marks the run as failed by an error of this machine, such as a full disk; rethrows any other error. */
export function failByMachine({ summary }: UploadRun, cause: unknown): void {
  const fault = systemErrorMessage(cause)
  if (fault === undefined && !(cause instanceof Problem)) throw cause
  summary.problem = problemInfoOf(cause instanceof Problem ? cause : new Problem('machine_refused', fault, { cause }))
  summary.outcome = 'failed'
}

/** Takes the lock that lets one uploader at a time work on an outbox. */
export function lockOutbox({ folders }: Pick<UploadJob, 'folders'>): Lock {
  return takeLock(join(folders.outbox, '.lock'), 'another upload-data works on this outbox')
}

/** Runs one round. An early end is recorded in the summary. Returns the server's Retry-After in ms, or 0. */
export async function uploadRound(
  job: UploadJob,
  run: UploadRun,
  { waitsForResults, waitsForResting }: UploadOptions,
): Promise<number> {
  using _archive = await lockArchive(job.folders, { ...job, msMax: Number.POSITIVE_INFINITY })
  const { summary } = run
  delete summary.problem
  let floorMs = 0
  try {
    await reportAndCleanUp(job, run)
    await checkArchive(job, run)
    const sent = summary.sent + summary.duplicates
    const fault = await sendAndFetchResults(job, run)
    if (waitsForResting) await sendRested(job, run)
    if (fault !== undefined && summary.sent + summary.duplicates === sent) throw fault
    if (waitsForResults) await waitForResults(job, run)
    summary.outcome = fault === undefined ? outcomeOf(summary) : 'partly'
    if (fault !== undefined) warnOfResults(job, run, fault)
  } catch (error) {
    summary.problem = problemInfoOf(error)
    summary.outcome = outcomeAfter(error)
    floorMs = requestedDelayMs(error)
  }
  summary.waiting = (await scanOutbox(job.disk, job.folders.outbox)).waiting.length
  if (summary.outcome === 'done' && summary.waiting === 0) await packWhileIdle(job, run)
  const isCutShort = job.signal.aborted || (waitsForResting && run.resting.length > 0)
  if (isCutShort && summary.waiting > 0 && summary.outcome === 'done') summary.outcome = 'partly'
  return floorMs
}

/**
 * Sends the ready files while asking for results, then those that the server has forgotten or lacks. Returns the error
 * of asking, if any: files are sent even if asking fails, and results are kept even if sending fails.
 */
async function sendAndFetchResults(job: UploadJob, run: UploadRun): Promise<Error | undefined> {
  run.requeued.clear()
  const { ready } = await sortOutbox(job, run)
  const end = new AbortController()
  const asking = fetchFromServer(job, run).catch((error) => {
    end.abort()
    throw error
  })
  const sending = sendAll({ ...job, signal: AbortSignal.any([job.signal, end.signal]) }, run, ready)
  const [asked, sent] = await Promise.allSettled([asking, sending])
  if (asked.status === 'rejected') throw asked.reason
  if (sent.status === 'rejected') throw sent.reason
  // What went back may have got the name of a file that was sent meanwhile.
  const tried = new Set(ready.flatMap(({ name }) => (run.requeued.has(name) ? [] : [name])))
  const back = (await sortOutbox(job, run)).ready.filter(({ name }) => !tried.has(name))
  await sendAll(job, run, back)
  return asked.value
}

async function fetchFromServer(job: UploadJob, run: UploadRun): Promise<Error | undefined> {
  const { fault } = await fetchResults(job, run)
  await sendRequested(job, run)
  return fault
}

/** Packs archived files for at most PACKING_MS_MAX, or until the outbox changes. */
async function packWhileIdle(job: UploadJob, run: UploadRun): Promise<void> {
  const { disk, folders, archiveForm: form = 'plain', rest, signal, clock = realClock() } = job
  const until = clock.steady() + PACKING_MS_MAX
  const names = async () => (await disk.readdir(folders.outbox)).join('\n')
  const before = await names()
  const mayGoOn = async () => clock.steady() < until && !signal.aborted && (await names()) === before
  const findWriters = rest?.findWriters ?? (async () => new Set<string>())
  const packing = { disk, folders, form, now: clock.now(), findWriters }
  // A file that does not match its receipt goes back to the outbox in the next round.
  for await (const { name, fault } of packArchive(packing, mayGoOn)) {
    if (fault === undefined) continue
    const problem = notPacked(name, fault)
    reportOnce(run, `${problem.code} ${name}`, () => emit(job, run, { type: 'warning', name, problem }))
    if (isOutOfSpace(fault)) return
  }
}

function notPacked(name: string, cause: unknown) {
  const said = `${name} stays as it is: ${cause instanceof Error ? cause.message : cause}`
  return problemInfoOf(new Problem(isOutOfSpace(cause) ? 'machine_refused' : 'file_unreadable', said, { cause }))
}

function outcomeAfter(error: unknown): Outcome {
  if (error instanceof AnswerError && error.document.code === 'kind_unknown') return 'partly'
  if (retryRuleOf(error) === 'stop') return 'key_refused'
  return error instanceof Problem && error.code === 'refused_alike' ? 'partly' : 'unreachable'
}

function warnOfResults(job: UploadJob, run: UploadRun, fault: Error): void {
  const problem = problemInfoOf(fault)
  reportOnce(run, `results ${problem.code}`, () => emit(job, run, { type: 'warning', name: 'results', problem }))
}

/** Reports orphaned parts and ignored entries, and removes stale copies, marks and sidecar parts. */
async function reportAndCleanUp(job: UploadJob, run: UploadRun): Promise<void> {
  const { disk, folders, clock = realClock(), rest } = job
  for (const { name, path, size } of await orphanedPartsIn(disk, folders, clock.now(), rest?.findWriters))
    reportOnce(run, `left-over ${name}`, () => emit(job, run, { type: 'left-over', name, path, size }))
  const scan = await scanOutbox(disk, folders.outbox)
  run.summary.waiting = scan.waiting.length
  run.summary.ignored = scan.skipped.length
  for (const { name, reason } of scan.skipped)
    reportOnce(run, `ignored ${name}`, () => emit(job, run, { type: 'ignored', name, reason }))
  await cleanSpool(disk, folders, scan.waiting)
  await cleanMarks(disk, folders)
  for (const folder of [folders.archive, folders.refused]) await removeSidecarParts(disk, folder)
}

/** Tells which files of the outbox are ready to be sent, and which may still be written to. */
export async function sortOutbox({ disk, folders }: UploadJob, run: UploadRun): Promise<SortedOutbox> {
  const { waiting } = await scanOutbox(disk, folders.outbox)
  if (run.sorter === undefined) return { ready: waiting, resting: [] }
  const isMarked = await marksIn(disk, folders)
  const sorted = await run.sorter.sort(waiting, { isMarked, endsWithWholeRow: (file) => endsWithWholeRow(disk, file) })
  run.resting = sorted.resting
  return sorted
}

/** Waits for resting files and sends them, until none has become ready for RESTING_MS_MAX. Each is reported once. */
async function sendRested(job: UploadJob, run: UploadRun): Promise<void> {
  const { clock = realClock(), signal } = job
  let since = clock.steady()
  while (run.resting.length > 0 && !signal.aborted && clock.steady() - since < RESTING_MS_MAX) {
    for (const { file, reason } of run.resting)
      reportOnce(run, `resting ${file.name}`, () => emit(job, run, { type: 'resting', name: file.name, reason }))
    await clock.sleep(Math.min(...run.resting.map(({ recheckMs }) => recheckMs)), signal)
    const rested = new Set(run.resting.map(({ file }) => file.name))
    // Files that were already skipped in this round are left to the next run.
    const ready = (await sortOutbox(job, run)).ready.filter(({ name }) => rested.has(name))
    if (ready.length > 0 && !signal.aborted) since = clock.steady()
    await sendAll(job, run, ready)
  }
}

async function waitForResults(job: UploadJob, run: UploadRun): Promise<void> {
  for (let pauseMs = POLL_FIRST_MS; !job.signal.aborted; pauseMs = Math.min(pauseMs * 1.5, POLL_MS_MAX)) {
    const { unfinished, forgotten, fault } = await fetchResults(job, run)
    if (unfinished === 0 && fault !== undefined) throw fault
    if (forgotten > 0) {
      await sendAll(job, run, (await sortOutbox(job, run)).ready)
      await sendRested(job, run)
    } else if (unfinished === 0) return
    await (job.clock ?? realClock()).sleep(pauseMs, job.signal)
  }
}
