/** The record of the last round of upload-data, `product_outbox/.spool/last-run.json`, shown by `splitcart status`. */
import { join } from 'node:path'
import { codeOf, type Disk } from '@splitcart/shared/disk.ts'
import { replace } from '@splitcart/shared/durable-file.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import { realClock } from './clock.ts'
import type { Folders } from './folders.ts'
import { readSidecar } from './sidecar.ts'
import { type Outcome, type ProblemInfo, problemInfoOf, type Summary } from './upload-events.ts'
import { emit, reportOnce, type UploadJob, type UploadRun } from './upload-job.ts'

/** Result of the last round, time of the next one (null: when started by hand), and time of the last good one. */
export type LastRun = Readonly<{
  finished_at: string
  outcome: Outcome
  waiting: number
  problem: ProblemInfo | null
  next_try_at: string | null
  last_good_at: string | null
}>

const FILE_NAME = 'last-run.json'

// With --watch most rounds find nothing new; an unchanged record is not written more often, to let the disk sleep.
const RECORD_EVERY_MS = 60_000

/** Whether a round succeeded: the server answered every request, and no unsendable entry is in the outbox. */
export function wasSuccessful({
  outcome,
  problem,
  ignored,
}: Pick<Summary, 'outcome' | 'problem' | 'ignored'>): boolean {
  return problem === undefined && (outcome === 'done' || outcome === 'partly') && ignored === 0
}

/**
 * Writes the record at the end of a round; `nextTryMs`: delay until the next one. A failed write is only a warning,
 * because the run matters more than its record.
 */
export async function recordRun(job: UploadJob, run: UploadRun, nextTryMs: number | undefined): Promise<void> {
  const { disk, folders, clock = realClock() } = job
  const { outcome, waiting, ignored, problem = null, sent, duplicates, loaded } = run.summary
  const news = JSON.stringify([outcome, waiting, ignored, problem?.code, sent, duplicates, loaded])
  const [now, steady] = [clock.now(), clock.steady()]
  if (run.lastRecord?.news === news && steady - run.lastRecord.at < RECORD_EVERY_MS) return
  const last_good_at = wasSuccessful(run.summary)
    ? isoText(now)
    : ((await readLastRun(disk, folders))?.last_good_at ?? null)
  const next_try_at = nextTryMs === undefined ? null : isoText(now + nextTryMs)
  const record: LastRun = { finished_at: isoText(now), outcome, waiting, problem, next_try_at, last_good_at }
  try {
    await replace(disk, join(folders.spool, FILE_NAME), `${JSON.stringify(record, null, 2)}\n`)
    run.lastRecord = { at: steady, news }
  } catch (cause) {
    if (!(cause instanceof Error) || codeOf(cause) === '') throw cause
    const trouble = problemInfoOf(new Problem('machine_refused', cause.message, { cause }))
    reportOnce(run, FILE_NAME, () => emit(job, run, { type: 'warning', name: FILE_NAME, problem: trouble }))
  }
}

/** Reads the record of the last round; `undefined` if it is missing or invalid. */
export async function readLastRun(disk: Disk, { spool }: Pick<Folders, 'spool'>): Promise<LastRun | undefined> {
  const record = (await readSidecar(disk, join(spool, FILE_NAME))) as LastRun | undefined
  return typeof record?.finished_at === 'string' && typeof record.outcome === 'string' ? record : undefined
}

function isoText(time: number): string {
  return new Date(time).toISOString()
}
