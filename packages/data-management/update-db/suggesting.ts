/**
 * Keeps the suggested pairs up to date in the background. All listings are compared again when one of them says something new: half a
 * second for some thousand, minutes for hundreds of thousands. So the thread rests ten times as long as it has worked.
 */
import { Worker } from 'node:worker_threads'
import type { Log } from '@splitcart/shared/log.ts'
import { mayHaveNewPairs } from '../catalogue/queries/suggestions.ts'
import type { Sql } from '../database/sql.ts'
import type { FromSuggesting, SuggestPlace } from './suggest-thread.ts'

const THREAD = new URL('suggest-thread.ts', import.meta.url)
const REST_TIMES = 10

/** The thread. It is started when there is something to look for, and ends when this is disposed of. */
export class Suggesting implements AsyncDisposable {
  readonly #database: Sql
  readonly #place: SuggestPlace
  readonly #log: Log
  #worker: Worker | undefined
  #isLooking = false
  #restUntil = 0

  constructor(database: Sql, place: SuggestPlace, log: Log) {
    this.#database = database
    this.#place = place
    this.#log = log
  }

  /** Has it look for pairs where there may be others, unless it does so or rests. */
  async look(): Promise<void> {
    if (this.#isLooking || performance.now() < this.#restUntil || !(await mayHaveNewPairs(this.#database))) return
    this.#isLooking = true
    this.#worker ??= this.#started()
    this.#worker.postMessage('look')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker?.terminate()
  }

  #started(): Worker {
    const worker = new Worker(THREAD, { workerData: this.#place, resourceLimits: { maxYoungGenerationSizeMb: 16 } })
    worker.on('message', (said: FromSuggesting) => this.#hear(said))
    worker.on('error', (error) => this.#log.warn({ err: error }, 'the thread that finds suggested pairs has ended'))
    worker.on('exit', () => {
      this.#worker = undefined
      this.#isLooking = false
    })
    // It keeps the process from ending no more than any other thing that can be done later.
    worker.unref()
    return worker
  }

  #hear(said: FromSuggesting): void {
    this.#isLooking = false
    if ('failure' in said) {
      this.#log.warn({ problem: said.failure }, 'suggested pairs could not be found; they are looked for again')
      return
    }
    if (!said.hasLooked) return
    this.#restUntil = performance.now() + REST_TIMES * said.ms
    this.#log.info({ ms: Math.round(said.ms) }, 'suggested pairs found')
  }
}
