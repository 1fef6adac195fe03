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
import type { BackgroundSource, BackgroundTask, FromBackground } from './background-thread.ts'

const THREAD = new URL('background-thread.ts', import.meta.url)

type Kind = Readonly<{ restTimes: number; hasWork: (database: Sql) => Promise<boolean> }>

/** The tasks. After its work a thread rests `restTimes` times as long as the work took. */
const TASKS: Readonly<Record<BackgroundTask, Kind>> = {
  'suggested pairs': { restTimes: 10, hasWork: mayHaveNewPairs },
  'changes of price': { restTimes: 10, hasWork: hasUncountedChanges },
}

/** One thread per task, started when there is first something to do, and ended by dispose. */
export class Background implements AsyncDisposable {
  readonly #threads: readonly BackgroundThread[]

  constructor(database: Sql, place: BackgroundSource, log: Log) {
    const tasks = Object.keys(TASKS) as BackgroundTask[]
    this.#threads = tasks.map((task) => new BackgroundThread(database, { place, task }, log))
  }

  /** Starts work on each thread that has any and neither works nor rests. Does not wait for it. */
  async look(): Promise<void> {
    for (const thread of this.#threads) await thread.look()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const thread of this.#threads) await thread[Symbol.asyncDispose]()
  }
}

class BackgroundThread implements AsyncDisposable {
  readonly #database: Sql
  readonly #work: Readonly<{ place: BackgroundSource; task: BackgroundTask }>
  readonly #log: Log
  #worker: Worker | undefined
  #isLooking = false
  #restUntil = 0

  constructor(database: Sql, work: Readonly<{ place: BackgroundSource; task: BackgroundTask }>, log: Log) {
    this.#database = database
    this.#work = work
    this.#log = log
  }

  async look(): Promise<void> {
    const { hasWork } = TASKS[this.#work.task]
    if (this.#isLooking || performance.now() < this.#restUntil || !(await hasWork(this.#database))) return
    this.#isLooking = true
    this.#worker ??= this.#started()
    this.#worker.postMessage('look')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker?.terminate()
  }

  #started(): Worker {
    const { task } = this.#work
    const worker = new Worker(THREAD, { workerData: this.#work, resourceLimits: { maxYoungGenerationSizeMb: 16 } })
    worker.on('message', (said: FromBackground) => this.#hear(said))
    worker.on('error', (error) => this.#log.warn({ err: error, task }, 'a thread in the background has ended'))
    worker.on('exit', () => {
      this.#worker = undefined
      this.#isLooking = false
    })
    // The work can be done later, so it must not keep the process alive.
    worker.unref()
    return worker
  }

  #hear(said: FromBackground): void {
    const { task } = this.#work
    this.#isLooking = false
    if ('failure' in said) {
      this.#log.warn({ task, problem: said.failure }, 'not done in the background; it is tried again')
      return
    }
    if (!said.hasWorked) return
    this.#restUntil = performance.now() + TASKS[task].restTimes * said.ms
    this.#log.info({ task, ms: Math.round(said.ms) }, 'done in the background')
  }
}
