/**
 * Runs queries in worker threads: SQLite is synchronous, and a slow query must not block the main thread.
 *
 *   run ─▶ has the key thread time left? ─▶ queue ─▶ thread ─▶ answer
 *                                             └─ stopped: the client disconnected, or the query took too long
 *
 * Invariants:
 *  1. A key uses one thread at a time, so that another is left for other keys; its thread time per minute is limited.
 *  2. Queries of the server itself never wait for those of keys: they have their own thread.
 *  3. A query has a time limit, from when its thread is ready. It stops where it checks its limits; otherwise its
 *     thread is terminated and replaced. So is a thread that uses too much memory.
 */
import { Worker } from 'node:worker_threads'
import { Problem } from '@splitcart/shared/problem.ts'
import { TokenBuckets } from '../edge/token-buckets.ts'
import type { Asker, QueryName, QueryRunner } from './query-context.ts'
import type { AnswerMessage, QueryMessage, QueryThreadSource } from './query-thread.ts'
import { RoundRobin } from './round-robin.ts'

const THREAD = new URL('query-thread.ts', import.meta.url)
const THREADS_FOR_KEYS = 2
const WAITING_MAX = 256
const WAITING_PER_KEY_MAX = 32
const THREAD_MS_PER_MINUTE = 30_000
const MS_MAX = 10_000
const RECORDS_MAX = 1_000_000
// How long a query may go on after it was told to stop; then its thread is terminated.
const GRACE_MS = 1_000
// On a busy machine a thread starts slowly: the time of its start does not count as time of the query.
const START_MS_MAX = 60_000
const HEAP_MIB_MAX = 192
const YOUNG_MIB_MAX = 8
// The owner of the server's own queries; no key has this id.
const SERVER_OWNER = ''

type Answer = Uint8Array<ArrayBuffer>

type PendingQuery = Readonly<{
  owner: string
  query: QueryMessage
  resolve: (answer: Answer) => void
  reject: (error: unknown) => void
}>

type QueryThread = {
  worker: Worker
  stop: Int32Array
  pending: PendingQuery | undefined
  isReady: boolean
  startedAt: number
  timer?: NodeJS.Timeout
}

/** What the threads read, and their limits; the defaults are the constants above. */
export type QueryThreadsOptions = Omit<QueryThreadSource, 'stop' | 'msMax' | 'recordsMax'> &
  Partial<Pick<QueryThreadSource, 'msMax' | 'recordsMax'>> &
  Readonly<{ threadMsPerMinute?: number; heapMiBMax?: number; startMsMax?: number }>

/** The pool of query threads. They start when needed and end on disposal. */
export class QueryThreads implements QueryRunner {
  readonly #source: Omit<QueryThreadSource, 'stop'>
  readonly #threads = new Set<QueryThread>()
  readonly #queue = new RoundRobin<PendingQuery>()
  readonly #threadTime: TokenBuckets
  readonly #heapMiBMax: number
  readonly #startMsMax: number
  #isClosed = false

  constructor({ threadMsPerMinute, heapMiBMax, startMsMax, ...place }: QueryThreadsOptions) {
    this.#heapMiBMax = heapMiBMax ?? HEAP_MIB_MAX
    this.#startMsMax = startMsMax ?? START_MS_MAX
    this.#source = { msMax: MS_MAX, recordsMax: RECORDS_MAX, ...place }
    this.#threadTime = new TokenBuckets(threadMsPerMinute ?? THREAD_MS_PER_MINUTE)
  }

  async run(name: QueryName, parameters: object, { keyId, now, signal }: Asker): Promise<Answer> {
    const owner = keyId ?? SERVER_OWNER
    if (this.#isClosed) throw new Problem('stopping')
    if (owner !== SERVER_OWNER) this.#checkThreadTime(owner)
    signal?.throwIfAborted()
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    const pending = { owner, query: { name, parameters, now }, resolve, reject }
    const stop = () => this.#stop(pending)
    signal?.addEventListener('abort', stop, { once: true })
    this.#queue.add(owner, pending)
    this.#dispatch()
    return promise.finally(() => signal?.removeEventListener('abort', stop))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    for (let next = this.#queue.next(() => true); next !== undefined; next = this.#queue.next(() => true))
      next.reject(new Problem('stopping'))
    await Promise.all([...this.#threads].map((thread) => this.#end(thread, new Problem('stopping'))))
  }

  #checkThreadTime(owner: string): void {
    const waitMs = this.#threadTime.take(owner, performance.now())
    if (waitMs > 0) {
      const retryAfterSeconds = Math.max(1, Math.ceil(waitMs / 1000))
      throw new Problem('too_many_requests', 'answering them took too long', { retryAfterSeconds })
    }
    if (this.#queue.of(owner) >= WAITING_PER_KEY_MAX || this.#queue.size >= WAITING_MAX)
      throw new Problem('too_many_requests', `${this.#queue.of(owner)} of this key wait for an answer`)
  }

  /** Assigns queued queries to free threads. */
  #dispatch(): void {
    for (;;) {
      const busy = [...this.#threads].flatMap(({ pending }) => pending?.owner ?? [])
      const ofKeys = busy.filter((owner) => owner !== SERVER_OWNER)
      const pending =
        this.#queue.next((owner) => owner === SERVER_OWNER && !busy.includes(SERVER_OWNER)) ??
        this.#queue.next(
          (owner) => owner !== SERVER_OWNER && ofKeys.length < THREADS_FOR_KEYS && !ofKeys.includes(owner),
        )
      if (pending === undefined) return
      this.#assign(this.#freeThread(), pending)
    }
  }

  #freeThread(): QueryThread {
    return [...this.#threads].find(({ pending }) => pending === undefined) ?? this.#start()
  }

  #start(): QueryThread {
    const stop = new Int32Array(new SharedArrayBuffer(4))
    const resourceLimits = { maxOldGenerationSizeMb: this.#heapMiBMax, maxYoungGenerationSizeMb: YOUNG_MIB_MAX }
    const worker = new Worker(THREAD, { workerData: { ...this.#source, stop }, resourceLimits })
    const thread: QueryThread = { worker, stop, pending: undefined, isReady: false, startedAt: 0 }
    worker.unref()
    worker.on('message', (said: AnswerMessage) => this.#handle(thread, said))
    worker.on('error', (error) => void this.#end(thread, this.#causeOf(error)))
    worker.on('exit', () => void this.#end(thread, new Error('a thread that runs queries has ended')))
    this.#threads.add(thread)
    return thread
  }

  #assign(thread: QueryThread, pending: PendingQuery): void {
    thread.pending = pending
    Atomics.store(thread.stop, 0, 0)
    this.#startTimer(thread)
    thread.worker.postMessage(pending.query)
  }

  /** Starts the timer of a thread: for its query or, until the thread is ready, for its start. */
  #startTimer(thread: QueryThread): void {
    thread.startedAt = performance.now()
    clearTimeout(thread.timer)
    const msMax = thread.isReady ? this.#source.msMax + GRACE_MS : this.#startMsMax
    thread.timer = setTimeout(() => this.#endLate(thread), msMax).unref()
  }

  #handle(thread: QueryThread, said: AnswerMessage): void {
    if ('ready' in said) {
      thread.isReady = true
      if (thread.pending !== undefined) this.#startTimer(thread)
      return
    }
    const pending = this.#settle(thread)
    if ('answer' in said) pending?.resolve(said.answer)
    else if ('problem' in said) pending?.reject(new Problem(said.problem.code, said.problem.detail))
    else pending?.reject(new Error(said.failure))
    this.#dispatch()
  }

  /** Detaches the thread's query and charges its time to the key; the time of starting the thread is not charged. */
  #settle(thread: QueryThread): PendingQuery | undefined {
    const { pending } = thread
    clearTimeout(thread.timer)
    thread.pending = undefined
    if (pending !== undefined && pending.owner !== SERVER_OWNER && thread.isReady)
      this.#threadTime.spend(pending.owner, performance.now() - thread.startedAt, performance.now())
    return pending
  }

  #stop(pending: PendingQuery): void {
    if (this.#queue.remove(pending.owner, pending)) pending.reject(new Problem('answer_late', 'nobody waits'))
    const thread = [...this.#threads].find((each) => each.pending === pending)
    if (thread === undefined) return
    Atomics.store(thread.stop, 0, 1)
    if (!thread.isReady) return
    clearTimeout(thread.timer)
    thread.timer = setTimeout(() => this.#endLate(thread), GRACE_MS).unref()
  }

  #endLate(thread: QueryThread): void {
    const late = thread.isReady
      ? `more than ${this.#source.msMax} ms`
      : `the thread that answers it was not ready within ${this.#startMsMax} ms`
    void this.#end(thread, new Problem('answer_late', late))
  }

  /** Turns the error of a thread that ran out of memory into the problem of a query that takes too long. */
  #causeOf(error: unknown): unknown {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_WORKER_OUT_OF_MEMORY') return error
    return new Problem('answer_late', `more than ${this.#heapMiBMax} MiB of memory`)
  }

  async #end(thread: QueryThread, error: unknown): Promise<void> {
    if (!this.#threads.delete(thread)) return
    this.#settle(thread)?.reject(error)
    this.#dispatch()
    await thread.worker.terminate()
  }
}
