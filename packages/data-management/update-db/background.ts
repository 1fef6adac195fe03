/**
 * Keeps data derived from the catalogue up to date in background threads: suggested pairs and changes of price. One
 * changed listing makes all listings be compared again, which takes half a second for some thousand and a minute for
 * hundreds of thousands. So each thread rests after its work.
 */
import { Worker } from 'node:worker_threads'
import type { Log } from '@splitcart/shared/log.ts'
import type { Sql } from '../database/sql.ts'
import type { BackgroundAnswer, BackgroundSource } from './background-thread.ts'
import { DERIVED_DATA, type DerivedData, isDue } from './derived-data.ts'

const THREAD = new URL('background-thread.ts', import.meta.url)

// After its work, a thread rests for this many times as long as the work took.
const REST_FACTOR = 10
// What failed, in a database that is locked or full, will most often fail again at once.
const FAILED_REST_MS = 60_000

/** One thread for each of the derived data, started when there is first something to do, and ended by dispose. */
export class BackgroundTasks implements AsyncDisposable {
  readonly #threads: readonly BackgroundThread[]

  constructor(database: Sql, source: BackgroundSource, log: Log) {
    this.#threads = DERIVED_DATA.map((task) => new BackgroundThread(database, { source, task }, log))
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
  readonly #work: Readonly<{ source: BackgroundSource; task: DerivedData }>
  readonly #log: Log
  #worker: Worker | undefined
  #isBusy = false
  #restUntil = 0

  constructor(database: Sql, work: Readonly<{ source: BackgroundSource; task: DerivedData }>, log: Log) {
    this.#database = database
    this.#work = work
    this.#log = log
  }

  async startIfDue(): Promise<void> {
    if (this.#isBusy || performance.now() < this.#restUntil) return
    if (!(await isDue(this.#database, this.#work.task))) return
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
    this.#restUntil = performance.now() + REST_FACTOR * answer.ms
    this.#log.info({ task, ms: Math.round(answer.ms) }, 'done in the background')
  }
}
