/**
 * Sends the waiting files: oldest first, optionally several concurrently.
 *
 * Invariants:
 *  1. Files are started in order; sent one at a time, they also arrive in order.
 *  2. An error of the whole run (the server is away, or refuses the key) ends it, with the first such error: no file
 *     is started after it, and those in flight are not retried.
 *  3. A failure of one file alone does not delay the others.
 *  4. When no file got through, the first failure is that of the run.
 */
import { Problem } from '@splitcart/shared/problem.ts'
import { isFinal } from '@splitcart/shared/receipt.ts'
import { endsRun, isDue, isExpected, isSystemError, setAside, withFewerTries, withFileName } from './file-failure.ts'
import type { OutboxFile } from './outbox.ts'
import { storeResultOrLater } from './results.ts'
import { prepare, uploadFile } from './upload-file.ts'
import { emit, type UploadJob, type UploadRun } from './upload-job.ts'

const STREAK_MAX = 2

type FailedFile = Readonly<{ file: OutboxFile; error: unknown }>

/** Sends the files that are not set aside; throws the error that ended the run early. */
export async function sendAll(job: UploadJob, run: UploadRun, files: readonly OutboxFile[]): Promise<void> {
  const due = files.filter((file) => isDue(job, run, file))
  if (due.length === 0) return
  emit(job, run, { type: 'queue', files: due.map(({ name, size }) => ({ name, size })) })
  const end = new AbortController()
  const each: UploadJob = { ...job, signal: AbortSignal.any([job.signal, end.signal]) }
  const queue = new SendQueue(each, run, due)
  const faults: unknown[] = []
  const workers = Array.from({ length: job.concurrency ?? 1 }, () =>
    queue.sendUntilDone().catch((fault) => {
      faults.push(fault)
      end.abort()
    }),
  )
  await Promise.all(workers)
  if (faults.length > 0) throw faults[0]
  queue.setFailedAside()
}

/** Sends the files of one call, and keeps what failed among them. */
class SendQueue {
  readonly #job: UploadJob
  readonly #run: UploadRun
  readonly #files: readonly OutboxFile[]
  /** Number of files started. */
  #started = 0
  /** Number of files that the server has answered, and of those in flight. */
  #answered = 0
  #inFlight = 0
  readonly #failures: FailedFile[] = []
  readonly #bugs: unknown[] = []

  constructor(job: UploadJob, run: UploadRun, files: readonly OutboxFile[]) {
    this.#job = job
    this.#run = run
    this.#files = files
  }

  get #left(): number {
    return this.#files.length - this.#started
  }

  /** Worker: sends files one after the other until none is left or the run ends. */
  async sendUntilDone(): Promise<void> {
    while (this.#left > 0 && !this.#job.signal.aborted) {
      const file = this.#files[this.#started++]!
      this.#inFlight++
      const sending = this.#send(file).finally(() => this.#inFlight--)
      // Its rejection is handled below; until then it must not count as unhandled.
      sending.catch(() => {})
      await this.#prepareNext()
      if (!(await sending)) return
    }
  }

  /** Compresses the next file while this one is sent; with several workers these overlap anyway. */
  async #prepareNext(): Promise<void> {
    const next = this.#files[this.#started]
    if (next !== undefined && (this.#job.concurrency ?? 1) === 1) await prepare(this.#job, this.#run, next)
  }

  /** Sets the failed files aside; throws the first failure when no file got through. */
  setFailedAside(): void {
    if (this.#bugs.length > 0) throw this.#bugs[0]
    if (this.#answered === 0 && this.#failures.length > 0) throw this.#failures[0]?.error
    for (const { file, error } of this.#failures) setAside(this.#job, this.#run, file, error)
  }

  /** Sends one file; true if the worker is to go on with the next. */
  async #send(file: OutboxFile): Promise<boolean> {
    const [job, run] = [withFewerTries(this.#job, this.#run), this.#run]
    const { refused } = run.summary
    try {
      const archived = await uploadFile(job, run, file)
      if (archived !== undefined || run.summary.refused > refused) {
        this.#answered++
        run.streak = 0
      }
      // The receipt of bytes that were sent before may be final already.
      if (archived !== undefined && isFinal(archived.receipt)) await storeResultOrLater(job, run, archived)
      return true
    } catch (cause) {
      const error = withFileName(file.name, cause)
      if (endsRun(run, error) || this.#job.signal.aborted) throw error
      return this.#mayGoOn({ file, error })
    }
  }

  /** Decides whether to go on after a failure; throws it if it is due to the server or this machine. */
  async #mayGoOn(setback: FailedFile): Promise<boolean> {
    const { error } = setback
    if (!isExpected(error)) {
      // A bug ends the run too, but only after the other files have been sent.
      this.#bugs.push(error)
      return true
    }
    this.#failures.push(setback)
    this.#run.streak++
    if (this.#left === 0 && this.#answered === 0) return false
    const isAlone = await this.#isAlone(error)
    const isEnough = this.#run.streak >= STREAK_MAX || (this.#left === 0 && !isSystemError(error))
    if (isAlone === false || (isAlone === undefined && isEnough)) throw error
    // If it is unknown, files already in flight will tell; only without any is one more started.
    return isAlone === true || this.#inFlight === 1
  }

  /** Whether the failure concerns this file alone; undefined when only the next file will show. */
  async #isAlone(error: unknown): Promise<boolean | undefined> {
    if (isRequestAltered(error)) return true
    if (isSystemError(error)) return undefined
    const respondent = await this.#job.client.probe()
    if (respondent === 'server') return true
    return respondent === 'nobody' && error instanceof Problem && error.code === 'server_unreachable'
      ? false
      : undefined
  }
}

// `request_altered` comes from the server itself, so the server is there.
function isRequestAltered(error: unknown): boolean {
  return error instanceof Problem && error.code === 'request_altered'
}
