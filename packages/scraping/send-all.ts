/**
 * Sending what waits: oldest first, several files at once where that is wanted.
 *
 * Invariants:
 *  1. Files are begun in their order; with one at a time they also arrive in it.
 *  2. What concerns the whole run (the server is away, or refuses the key) ends it once, with the first such error: no file is
 *     begun after it, and those that are on their way are not tried again.
 *  3. What fails for one file alone keeps no other file waiting.
 *  4. When nothing got through, the first failure is that of the run.
 */
import { Problem } from '@splitcart/shared/problem.ts'
import { isFinal } from '@splitcart/shared/receipt.ts'
import type { Waiting } from './outbox.ts'
import { takeHomeOrLater } from './results.ts'
import { endsRun, isDue, isForeseen, isOfMachine, ofFile, setAside, withPatienceFor } from './setback.ts'
import { prepare, uploadFile } from './upload-file.ts'
import { type Job, type Run, tell } from './upload-job.ts'

const STREAK_MAX = 2

type Setback = Readonly<{ file: Waiting; error: unknown }>

/** Sends the files that are not set aside; throws what ended the run before its time. */
export async function sendAll(job: Job, run: Run, files: readonly Waiting[]): Promise<void> {
  const due = files.filter((file) => isDue(job, run, file))
  if (due.length === 0) return
  tell(job, run, { type: 'queue', files: due.map(({ name, size }) => ({ name, size })) })
  const end = new AbortController()
  const each: Job = { ...job, signal: AbortSignal.any([job.signal, end.signal]) }
  const sending = new Sending(each, run, due)
  const faults: unknown[] = []
  const lines = Array.from({ length: job.concurrency ?? 1 }, () =>
    sending.line().catch((fault) => {
      faults.push(fault)
      end.abort()
    }),
  )
  await Promise.all(lines)
  if (faults.length > 0) throw faults[0]
  sending.settle()
}

/** The files of one run, and what failed among them. */
class Sending {
  readonly #job: Job
  readonly #run: Run
  readonly #files: readonly Waiting[]
  /** How many files were begun. */
  #begun = 0
  /** How many files got through to the server, and how many are on their way. */
  #answered = 0
  #flying = 0
  readonly #setbacks: Setback[] = []
  readonly #mistakes: unknown[] = []

  constructor(job: Job, run: Run, files: readonly Waiting[]) {
    this.#job = job
    this.#run = run
    this.#files = files
  }

  get #left(): number {
    return this.#files.length - this.#begun
  }

  /** Sends one file after the other. */
  async line(): Promise<void> {
    while (this.#left > 0 && !this.#job.signal.aborted) {
      const file = this.#files[this.#begun++]!
      this.#flying++
      const sending = this.#send(file).finally(() => this.#flying--)
      // Its failure is met below; until then it must not count as unhandled.
      sending.catch(() => {})
      await this.#prepareNext()
      if (!(await sending)) return
    }
  }

  /** Has the next file compressed while this one is on its way; where several are sent at once that is so anyway. */
  async #prepareNext(): Promise<void> {
    const next = this.#files[this.#begun]
    if (next !== undefined && (this.#job.concurrency ?? 1) === 1) await prepare(this.#job, this.#run, next)
  }

  /** Tells what failed while others got through; when nothing did, the first failure is thrown. */
  settle(): void {
    if (this.#mistakes.length > 0) throw this.#mistakes[0]
    if (this.#answered === 0 && this.#setbacks.length > 0) throw this.#setbacks[0]?.error
    for (const { file, error } of this.#setbacks) setAside(this.#job, this.#run, file, error)
  }

  /** Sends one file; says whether another one is begun after it. */
  async #send(file: Waiting): Promise<boolean> {
    const [job, run] = [withPatienceFor(this.#job, this.#run), this.#run]
    const { refused } = run.summary
    try {
      const archived = await uploadFile(job, run, file)
      if (archived !== undefined || run.summary.refused > refused) {
        this.#answered++
        run.streak = 0
      }
      // The first receipt of bytes that were sent before may tell the end of the story already.
      if (archived !== undefined && isFinal(archived.receipt)) await takeHomeOrLater(job, run, archived)
      return true
    } catch (cause) {
      const error = ofFile(file.name, cause)
      if (endsRun(run, error) || this.#job.signal.aborted) throw error
      return this.#goOn({ file, error })
    }
  }

  /** Goes on after a failure, unless it is one of the server or of this machine. */
  async #goOn(setback: Setback): Promise<boolean> {
    const { error } = setback
    if (!isForeseen(error)) {
      // A mistake in the program ends the run too, but not before the others were sent.
      this.#mistakes.push(error)
      return true
    }
    this.#setbacks.push(setback)
    this.#run.streak++
    if (this.#left === 0 && this.#answered === 0) return false
    const isAlone = await this.#isAlone(error)
    const isEnough = this.#run.streak >= STREAK_MAX || (this.#left === 0 && !isOfMachine(error))
    if (isAlone === false || (isAlone === undefined && isEnough)) throw error
    // Where it is not known, those that are on their way are tries enough.
    return isAlone === true || this.#flying === 1
  }

  /** Whether it failed for this file alone; undefined: the next one will tell. */
  async #isAlone(error: unknown): Promise<boolean | undefined> {
    if (saysAltered(error)) return true
    if (isOfMachine(error)) return undefined
    const answerer = await this.#job.client.whoAnswers()
    if (answerer === 'server') return true
    return answerer === 'nobody' && error instanceof Problem && error.code === 'server_unreachable' ? false : undefined
  }
}

// The server itself has said so.
function saysAltered(error: unknown): boolean {
  return error instanceof Problem && error.code === 'request_altered'
}
