/**
 * Keeps up to date in the background what follows from the catalogue: which pairs are suggested, and what changed. All listings are compared
 * again when one of them says something new: half a second for some thousand, a minute for hundreds of thousands. So each of the threads
 * rests for a while after it has worked.
 */
import { Worker } from 'node:worker_threads'
import type { Log } from '@splitcart/shared/log.ts'
import { hasUncountedChanges } from '../catalogue/queries/count-changes.ts'
import { mayHaveNewPairs } from '../catalogue/queries/suggestions.ts'
import type { Sql } from '../database/sql.ts'
import type { BackgroundSource, BackgroundTask, FromBackground } from './background-thread.ts'

const THREAD = new URL('background-thread.ts', import.meta.url)

type Kind = Readonly<{ restTimes: number; hasWork: (database: Sql) => Promise<boolean> }>

/** What is done; a thread rests so many times as long as it has worked. */
const TASKS: Readonly<Record<BackgroundTask, Kind>> = {
  'suggested pairs': { restTimes: 10, hasWork: mayHaveNewPairs },
  'changes of price': { restTimes: 10, hasWork: hasUncountedChanges },
}

/** The threads. Each is started when there is something to do, and ends when this is disposed of. */
export class Background implements AsyncDisposable {
  readonly #threads: readonly BackgroundThread[]

  constructor(database: Sql, place: BackgroundSource, log: Log) {
    const tasks = Object.keys(TASKS) as BackgroundTask[]
    this.#threads = tasks.map((task) => new BackgroundThread(database, { place, task }, log))
  }

  /** Has each of them look whether there is something to do, unless it does so or rests. */
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
    // It keeps the process from ending no more than any other thing that can be done later.
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
