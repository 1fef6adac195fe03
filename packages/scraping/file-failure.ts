/**
 * Decides what one file's failure means for the run: a single failed file never counts as a server failure.
 *
 *   failed ─┬─▶ the server itself says so (its key, its disk, its inbox): the run ends
 *           ├─▶ the server is there: the file is set aside and retried later, the others go on
 *           └─▶ the server is not there: one more file is tried once; when that fails too, the run ends
 */
import { codeOf } from '@splitcart/shared/disk.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import { HOUR_MS } from '@splitcart/shared/time.ts'
import { AnswerError, retryRuleOf } from './answer.ts'
import { realClock } from './clock.ts'
import type { OutboxFile } from './outbox.ts'
import { problemInfoOf } from './upload-events.ts'
import { emit, type UploadJob, type UploadRun } from './upload-job.ts'

/** Error codes that may concern one file alone: its size, its content, or how its bytes arrive. */
const MAY_CONCERN_ONE_FILE = new Set([
  'internal',
  'body_late',
  'body_slow',
  'head_late',
  'offset_conflict',
  'upload_busy',
  'disk_full',
  'resumable_full',
])

const RUN_ENDING_CODES = new Set<string>(['refused_alike', 'settings_invalid', 'locked'])

/** The same refusal of so many files in a row ends a run: then it is hardly about the files. */
export const SAME_REFUSALS_MAX = 3
const SET_ASIDE_MS = 60_000
const SET_ASIDE_MS_MAX = HOUR_MS

/** Whether an error ends the run, whatever the file. */
export function endsRun(run: UploadRun, error: unknown): boolean {
  if (error instanceof AnswerError)
    return retryRuleOf(error) === 'stop' || !MAY_CONCERN_ONE_FILE.has(error.document.code)
  if (!(error instanceof Problem)) return false
  return RUN_ENDING_CODES.has(error.code) || (error.code === 'request_altered' && hasRepeatedRefusal(run))
}

function hasRepeatedRefusal({ repeatedRefusal }: UploadRun): boolean {
  return repeatedRefusal !== undefined && repeatedRefusal.names.length >= SAME_REFUSALS_MAX
}

/** Whether this machine's operating system refused something, such as disk space. */
export function isSystemError(error: unknown): error is Error {
  return error instanceof Error && 'syscall' in error
}

/** Whether an error is expected, i.e. not a bug. */
export function isExpected(error: unknown): boolean {
  return error instanceof Problem || error instanceof AnswerError || isSystemError(error)
}

/** Prefixes a system call's error with the name of the file. */
export function withFileName(name: string, error: unknown): unknown {
  if (!isSystemError(error) || error.message.startsWith(`${name}: `)) return error
  return Object.assign(new Error(`${name}: ${error.message}`, { cause: error }), {
    code: codeOf(error),
    syscall: (error as NodeJS.ErrnoException).syscall,
  })
}

/** Reports a file as skipped and sets it aside: for a minute at first, doubling up to an hour. */
export function setAside(job: UploadJob, run: UploadRun, file: OutboxFile, error: unknown): void {
  const times = (run.setAside.get(fileKey(file))?.times ?? 0) + 1
  const ms = Math.min(SET_ASIDE_MS_MAX, SET_ASIDE_MS * 2 ** (times - 1))
  run.setAside.set(fileKey(file), { times, until: monotonicMsOf(job) + ms })
  const foreseen = isSystemError(error) ? new Problem('machine_refused', error.message, { cause: error }) : error
  emit(job, run, { type: 'file', name: file.name, state: 'skipped', problem: problemInfoOf(foreseen) })
}

/** Whether a file may be sent now, i.e. is not set aside. */
export function isDue(job: UploadJob, run: UploadRun, file: OutboxFile): boolean {
  return (run.setAside.get(fileKey(file))?.until ?? Number.NEGATIVE_INFINITY) <= monotonicMsOf(job)
}

/** A job with half as many tries per consecutive failure: repeated failures are not worth all pauses each time. */
export function withFewerTries(job: UploadJob, { streak }: UploadRun): UploadJob {
  const { patience } = job
  return streak === 0
    ? job
    : { ...job, patience: { ...patience, triesMax: Math.max(1, Math.floor(patience.triesMax / 2 ** streak)) } }
}

function monotonicMsOf({ clock = realClock() }: UploadJob): number {
  return clock.steady()
}

// A file of the same name with other content is another file.
function fileKey({ name, size, mtimeMs }: OutboxFile): string {
  return `${size} ${mtimeMs} ${name}`
}
