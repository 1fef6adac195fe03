/**
 * What one failure means for the others: one file never stands for the server.
 *
 *   failed ─┬─▶ the server itself says so (its key, its disk, its inbox): the run ends
 *           ├─▶ the server is there: the file is set aside and comes again later, the others go on
 *           └─▶ the server is not there: one more file is tried once; when that fails too, the run ends
 */
import { codeOf } from '@splitcart/shared/disk.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import { HOUR_MS } from '@splitcart/shared/time.ts'
import { AnswerError, retryOf } from './answer.ts'
import { realClock } from './clock.ts'
import type { Waiting } from './outbox.ts'
import { troubleOf } from './upload-events.ts'
import { type Job, type Run, tell } from './upload-job.ts'

/** What our server says that may be about one file alone: its size, its content, or how its bytes arrive. */
const PERHAPS_OF_ONE_FILE = new Set([
  'internal',
  'body_late',
  'body_slow',
  'head_late',
  'offset_conflict',
  'upload_busy',
  'disk_full',
  'resumable_full',
])

const ENDING = new Set<string>(['refused_alike', 'settings_invalid', 'locked'])

const SET_ASIDE_MS = 60_000
const SET_ASIDE_MS_MAX = HOUR_MS

/** Whether an error ends the run, whichever file it came with. */
export function endsRun(run: Run, error: unknown): boolean {
  if (error instanceof AnswerError) return retryOf(error) === 'stop' || !PERHAPS_OF_ONE_FILE.has(error.document.code)
  if (!(error instanceof Problem)) return false
  return ENDING.has(error.code) || (error.code === 'request_altered' && hasManyAlike(run))
}

function hasManyAlike({ alike }: Run): boolean {
  return alike !== undefined && alike.names.length > 2
}

/** Whether this machine refused something, such as room on its disk. */
export function isOfMachine(error: unknown): error is Error {
  return error instanceof Error && 'syscall' in error
}

/** Whether an error is no mistake in the program. */
export function isForeseen(error: unknown): boolean {
  return error instanceof Problem || error instanceof AnswerError || isOfMachine(error)
}

/** The error of a system call with the name of the file that it met. */
export function ofFile(name: string, error: unknown): unknown {
  if (!isOfMachine(error) || error.message.startsWith(`${name}: `)) return error
  return Object.assign(new Error(`${name}: ${error.message}`, { cause: error }), {
    code: codeOf(error),
    syscall: (error as NodeJS.ErrnoException).syscall,
  })
}

/** Tells of a file that it stays where it is for a reason of its own, and sets it aside for a while: longer each time. */
export function setAside(job: Job, run: Run, file: Waiting, error: unknown): void {
  const times = (run.setAside.get(keyOf(file))?.times ?? 0) + 1
  const ms = Math.min(SET_ASIDE_MS_MAX, SET_ASIDE_MS * 2 ** (times - 1))
  run.setAside.set(keyOf(file), { times, until: steadyOf(job) + ms })
  const foreseen = isOfMachine(error) ? new Problem('machine_refused', error.message, { cause: error }) : error
  tell(job, run, { type: 'file', name: file.name, state: 'skipped', problem: troubleOf(foreseen) })
}

/** Whether a file is not set aside. */
export function isDue(job: Job, run: Run, file: Waiting): boolean {
  return (run.setAside.get(keyOf(file))?.until ?? Number.NEGATIVE_INFINITY) <= steadyOf(job)
}

/** A job that tries less often after each failure before: what fails for one file after the other is not worth all pauses every time. */
export function withPatienceFor(job: Job, { streak }: Run): Job {
  const { patience } = job
  return streak === 0
    ? job
    : { ...job, patience: { ...patience, triesMax: Math.max(1, Math.floor(patience.triesMax / 2 ** streak)) } }
}

function steadyOf({ clock = realClock() }: Job): number {
  return clock.steady()
}

// Other content under the same name is another file.
function keyOf({ name, size, mtimeMs }: Waiting): string {
  return `${size} ${mtimeMs} ${name}`
}
