/**
 * Runs queries in worker threads: SQLite is synchronous, and a slow query must not block the main thread.
 *
 *   ask ─▶ has the key time left? ─▶ wait for a turn ─▶ a thread ─▶ answer
 *                                     └─ gone meanwhile, or too long: stopped
 *
 * Invariants:
 *  1. A key uses one thread at a time, so that one is left to others, and has a limited thread time per minute.
 *  2. Queries of the server itself never wait for those of keys: they have a thread of their own.
 *  3. A query ends in time, counted from when its thread is ready: it stops itself where it checks its limits, or else
 *     its thread is terminated and replaced; so is a thread that takes too much memory.
 */
import { Worker } from 'node:worker_threads'
import { Problem } from '@splitcart/shared/problem.ts'
import { TokenBuckets } from '../edge/token-buckets.ts'
import type { FromThread, ThreadSource, ToThread } from './query-thread.ts'
import type { Asker, QueryName, QueryRunner } from './reading.ts'
import { RoundRobin } from './round-robin.ts'

const THREAD = new URL('query-thread.ts', import.meta.url)
const THREADS_FOR_KEYS = 2
const WAITING_MAX = 256
const WAITING_PER_KEY_MAX = 32
const THREAD_MS_PER_MINUTE = 30_000
const MS_MAX = 10_000
const RECORDS_MAX = 1_000_000
// Extra time for a query to end after it was told to stop; then its thread is terminated.
const GRACE_MS = 1_000
// A busy machine takes long to start a thread: that time does not count as the query's.
const START_MS_MAX = 60_000
const HEAP_MIB_MAX = 192
const YOUNG_MIB_MAX = 8
// Owner of the server's own queries; no key has this id.
const SERVER_OWNER = ''

type Answer = Uint8Array<ArrayBuffer>

type Pending = Readonly<{
  owner: string
  query: ToThread
  resolve: (answer: Answer) => void
  reject: (error: unknown) => void
}>

type Thread = {
  worker: Worker
  stop: Int32Array
  pending: Pending | undefined
  isReady: boolean
  startedAt: number
  late?: NodeJS.Timeout
}

/** Where the threads read, and their limits; by default those of the constants above. */
export type QueryThreadsOptions = Omit<ThreadSource, 'stop' | 'msMax' | 'recordsMax'> &
  Partial<Pick<ThreadSource, 'msMax' | 'recordsMax'>> &
  Readonly<{ threadMsPerMinute?: number; heapMiBMax?: number; startMsMax?: number }>

/** The pool of query threads. They start when needed and end on disposal. */
export class QueryThreads implements QueryRunner {
  readonly #place: Omit<ThreadSource, 'stop'>
  readonly #threads = new Set<Thread>()
  readonly #turns = new RoundRobin<Pending>()
  readonly #work: TokenBuckets
  readonly #heapMiBMax: number
  readonly #startMsMax: number
  #isClosed = false

  constructor({ threadMsPerMinute, heapMiBMax, startMsMax, ...place }: QueryThreadsOptions) {
    this.#heapMiBMax = heapMiBMax ?? HEAP_MIB_MAX
    this.#startMsMax = startMsMax ?? START_MS_MAX
    this.#place = { msMax: MS_MAX, recordsMax: RECORDS_MAX, ...place }
    this.#work = new TokenBuckets(threadMsPerMinute ?? THREAD_MS_PER_MINUTE)
  }

  async run(name: QueryName, parameters: object, { keyId, now, signal }: Asker): Promise<Answer> {
    const owner = keyId ?? SERVER_OWNER
    if (this.#isClosed) throw new Problem('stopping')
    if (owner !== SERVER_OWNER) this.#checkWork(owner)
    signal?.throwIfAborted()
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    const pending = { owner, query: { name, parameters, now }, resolve, reject }
    const stop = () => this.#stop(pending)
    signal?.addEventListener('abort', stop, { once: true })
    this.#turns.add(owner, pending)
    this.#goOn()
    return promise.finally(() => signal?.removeEventListener('abort', stop))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    for (let next = this.#turns.next(() => true); next !== undefined; next = this.#turns.next(() => true))
      next.reject(new Problem('stopping'))
    await Promise.all([...this.#threads].map((thread) => this.#end(thread, new Problem('stopping'))))
  }

  #checkWork(owner: string): void {
    const waitMs = this.#work.take(owner, performance.now())
    if (waitMs > 0) {
      const retryAfterSeconds = Math.max(1, Math.ceil(waitMs / 1000))
      throw new Problem('too_many_requests', 'answering them took too long', { retryAfterSeconds })
    }
    if (this.#turns.of(owner) >= WAITING_PER_KEY_MAX || this.#turns.size >= WAITING_MAX)
      throw new Problem('too_many_requests', `${this.#turns.of(owner)} of this key wait for an answer`)
  }

  /** Gives waiting queries to free threads. */
  #goOn(): void {
    for (;;) {
      const busy = [...this.#threads].flatMap(({ pending }) => pending?.owner ?? [])
      const ofKeys = busy.filter((owner) => owner !== SERVER_OWNER)
      const pending =
        this.#turns.next((owner) => owner === SERVER_OWNER && !busy.includes(SERVER_OWNER)) ??
        this.#turns.next(
          (owner) => owner !== SERVER_OWNER && ofKeys.length < THREADS_FOR_KEYS && !ofKeys.includes(owner),
        )
      if (pending === undefined) return
      this.#give(this.#free(), pending)
    }
  }

  #free(): Thread {
    return [...this.#threads].find(({ pending }) => pending === undefined) ?? this.#start()
  }

  #start(): Thread {
    const stop = new Int32Array(new SharedArrayBuffer(4))
    const resourceLimits = { maxOldGenerationSizeMb: this.#heapMiBMax, maxYoungGenerationSizeMb: YOUNG_MIB_MAX }
    const worker = new Worker(THREAD, { workerData: { ...this.#place, stop }, resourceLimits })
    const thread: Thread = { worker, stop, pending: undefined, isReady: false, startedAt: 0 }
    worker.unref()
    worker.on('message', (said: FromThread) => this.#handle(thread, said))
    worker.on('error', (error) => void this.#end(thread, this.#causeOf(error)))
    worker.on('exit', () => void this.#end(thread, new Error('a thread that runs queries has ended')))
    this.#threads.add(thread)
    return thread
  }

  #give(thread: Thread, pending: Pending): void {
    thread.pending = pending
    Atomics.store(thread.stop, 0, 0)
    this.#time(thread)
    thread.worker.postMessage(pending.query)
  }

  /** Starts the time limit of a thread: that of its query or, until it is ready, that of its start. */
  #time(thread: Thread): void {
    thread.startedAt = performance.now()
    clearTimeout(thread.late)
    const msMax = thread.isReady ? this.#place.msMax + GRACE_MS : this.#startMsMax
    thread.late = setTimeout(() => this.#endLate(thread), msMax).unref()
  }

  #handle(thread: Thread, said: FromThread): void {
    if ('ready' in said) {
      thread.isReady = true
      if (thread.pending !== undefined) this.#time(thread)
      return
    }
    const pending = this.#settle(thread)
    if ('answer' in said) pending?.resolve(said.answer)
    else if ('problem' in said) pending?.reject(new Problem(said.problem.code, said.problem.detail))
    else pending?.reject(new Error(said.failure))
    this.#goOn()
  }

  /** Detaches the thread's query and charges its time to the key; the time of starting the thread is not charged. */
  #settle(thread: Thread): Pending | undefined {
    const { pending } = thread
    clearTimeout(thread.late)
    thread.pending = undefined
    if (pending !== undefined && pending.owner !== SERVER_OWNER && thread.isReady)
      this.#work.spend(pending.owner, performance.now() - thread.startedAt, performance.now())
    return pending
  }

  #stop(pending: Pending): void {
    if (this.#turns.remove(pending.owner, pending)) pending.reject(new Problem('answer_late', 'nobody waits'))
    const thread = [...this.#threads].find((each) => each.pending === pending)
    if (thread === undefined) return
    Atomics.store(thread.stop, 0, 1)
    if (!thread.isReady) return
    clearTimeout(thread.late)
    thread.late = setTimeout(() => this.#endLate(thread), GRACE_MS).unref()
  }

  #endLate(thread: Thread): void {
    const late = thread.isReady
      ? `more than ${this.#place.msMax} ms`
      : `the thread that answers it was not ready within ${this.#startMsMax} ms`
    void this.#end(thread, new Problem('answer_late', late))
  }

  /** A query that exceeds the memory of its thread is refused like one that takes too long. */
  #causeOf(error: unknown): unknown {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_WORKER_OUT_OF_MEMORY') return error
    return new Problem('answer_late', `more than ${this.#heapMiBMax} MiB of memory`)
  }

  async #end(thread: Thread, error: unknown): Promise<void> {
    if (!this.#threads.delete(thread)) return
    this.#settle(thread)?.reject(error)
    this.#goOn()
    await thread.worker.terminate()
  }
}
