/**
 * Keeps data derived from the catalogue up to date in background threads: suggested pairs and changes of price. One
 * changed listing makes all listings be compared again, which takes half a second for some thousand and a minute for
 * hundreds of thousands. So each thread rests after its work.
 */
import { Worker } from 'node:worker_threads'
import type { Log } from '@splitcart/shared/log.ts'
import { hasUncountedChanges } from '../catalogue/queries/count-changes.ts'
import { mayHaveNewPairs } from '../catalogue/queries/suggestions.ts'
import type { Sql } from '../database/sql.ts'
import type { BackgroundAnswer, BackgroundSource, BackgroundTask } from './background-thread.ts'

const THREAD = new URL('background-thread.ts', import.meta.url)

type Task = Readonly<{ restTimes: number; hasWork: (database: Sql) => Promise<boolean> }>

/** The tasks. After its work a thread rests `restTimes` times as long as the work took. */
const TASKS: Readonly<Record<BackgroundTask, Task>> = {
  'suggested pairs': { restTimes: 10, hasWork: mayHaveNewPairs },
  'changes of price': { restTimes: 10, hasWork: hasUncountedChanges },
}

// What failed, in a database that is locked or full, will most often fail again at once.
const FAILED_REST_MS = 60_000

/** One thread per task, started when there is first something to do, and ended by dispose. */
export class BackgroundTasks implements AsyncDisposable {
  readonly #threads: readonly BackgroundThread[]

  constructor(database: Sql, source: BackgroundSource, log: Log) {
    const tasks = Object.keys(TASKS) as BackgroundTask[]
    this.#threads = tasks.map((task) => new BackgroundThread(database, { source, task }, log))
  }

  /** Starts work on each thread that has any and neither works nor rests. Does not wait for it. */
  async startDue(): Promise<void> {
    for (const thread of this.#threads) await thread.startIfDue()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const thread of this.#threads) await thread[Symbol.asyncDispose]()
  }
}

class BackgroundThread implements AsyncDisposable {
  readonly #database: Sql
  readonly #work: Readonly<{ source: BackgroundSource; task: BackgroundTask }>
  readonly #log: Log
  #worker: Worker | undefined
  #isBusy = false
  #restUntil = 0

  constructor(database: Sql, work: Readonly<{ source: BackgroundSource; task: BackgroundTask }>, log: Log) {
    this.#database = database
    this.#work = work
    this.#log = log
  }

  async startIfDue(): Promise<void> {
    const { hasWork } = TASKS[this.#work.task]
    if (this.#isBusy || performance.now() < this.#restUntil || !(await hasWork(this.#database))) return
    this.#isBusy = true
    this.#worker ??= this.#startWorker()
    this.#worker.postMessage('look')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker?.terminate()
  }

  #startWorker(): Worker {
    const { task } = this.#work
    const worker = new Worker(THREAD, { workerData: this.#work, resourceLimits: { maxYoungGenerationSizeMb: 16 } })
    worker.on('message', (answer: BackgroundAnswer) => this.#handle(answer))
    worker.on('error', (error) => this.#log.warn({ err: error, task }, 'a thread in the background has ended'))
    worker.on('exit', () => {
      this.#restUntil = performance.now() + FAILED_REST_MS
      this.#worker = undefined
      this.#isBusy = false
    })
    // The work can be done later, so it must not keep the process alive.
    worker.unref()
    return worker
  }

  #handle(answer: BackgroundAnswer): void {
    const { task } = this.#work
    this.#isBusy = false
    if ('failure' in answer) {
      this.#restUntil = performance.now() + FAILED_REST_MS
      this.#log.warn({ task, problem: answer.failure }, 'not done in the background; it is tried again')
      return
    }
    if (!answer.hasWorked) return
    this.#restUntil = performance.now() + TASKS[task].restTimes * answer.ms
    this.#log.info({ task, ms: Math.round(answer.ms) }, 'done in the background')
  }
}
