/**
 * Runs each export in its own worker thread, over a read-only connection:
 *
 *   begin ─▶ thread: records ─▶ lines ─▶ gzip ─▶ does the client read fast? ─ yes ─▶ chunk ─▶ taken ─▶ chunk …
 *                                                      └─ no ─▶ temporary file ─────┘
 *
 * Invariants:
 *  1. One chunk at a time is in transit: memory grows neither with the size of the export nor with a slow client.
 *  2. The database is read at full speed: no read transaction stays open for a slow client.
 *  3. If the client disconnects, its export and the thread end.
 */
import { Worker } from 'node:worker_threads'
import { Problem } from '@splitcart/shared/problem.ts'
import type { ExportMessage, ExportSource, ExportTask } from './export-thread.ts'

const THREAD = new URL('export-thread.ts', import.meta.url)
const AT_ONCE_MAX = 2
const BUSY_SECONDS = 10
const HEAP = { maxOldGenerationSizeMb: 96, maxYoungGenerationSizeMb: 4 }

/** Starts exports. */
export interface ExportRunner extends AsyncDisposable {
  /** Starts an export for a key and awaits its first chunk. Throws `exports_busy` and `too_many_requests`. */
  begin(order: ExportTask, keyId: string): Promise<AsyncGenerator<Uint8Array>>
}

/** The export threads. One idle thread is kept for reuse; after `prepare`, there is always an idle or busy one. */
export class ExportThreads implements ExportRunner {
  readonly #source: ExportSource
  readonly #busy = new Map<Worker, string>()
  readonly #free = new Set<Worker>()
  #isClosed = false
  #isPrepared = false

  constructor(place: ExportSource) {
    this.#source = place
  }

  async begin(task: ExportTask, keyId: string): Promise<AsyncGenerator<Uint8Array>> {
    if (this.#isClosed) throw new Problem('stopping')
    const retryAfterSeconds = BUSY_SECONDS
    if ([...this.#busy.values()].includes(keyId))
      throw new Problem('too_many_requests', 'an export of this key is under way', { retryAfterSeconds })
    if (this.#busy.size >= AT_ONCE_MAX) throw new Problem('exports_busy', `${AT_ONCE_MAX} are`, { retryAfterSeconds })
    const worker = this.#acquire(keyId)
    const chunks = this.#chunksOf(worker, task)
    const first = await chunks.next()
    return this.#allChunks(first, chunks)
  }

  /** Starts a thread in advance: this takes longer than reading the first records of an export. */
  prepare(): void {
    this.#isPrepared = true
    this.#keepOneIdle()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    const all = [...this.#busy.keys(), ...this.#free]
    this.#free.clear()
    await Promise.all(all.map((worker) => worker.terminate()))
  }

  #acquire(keyId: string): Worker {
    const [free] = this.#free
    const worker = free ?? this.#start()
    this.#free.delete(worker)
    this.#busy.set(worker, keyId)
    return worker
  }

  #start(): Worker {
    const worker = new Worker(THREAD, { workerData: this.#source, resourceLimits: HEAP })
    worker.unref()
    // A thread that ends while idle, for example without its database, is dropped; the next export reports the reason.
    worker.on('error', () => this.#free.delete(worker)).on('exit', () => this.#free.delete(worker))
    return worker
  }

  #keepOneIdle(): void {
    if (this.#isPrepared && !this.#isClosed && this.#free.size + this.#busy.size === 0) this.#free.add(this.#start())
  }

  async *#allChunks(first: IteratorResult<Uint8Array>, chunks: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
    try {
      if (first.done === true) return
      yield first.value
      yield* chunks
    } finally {
      await chunks.return(undefined)
    }
  }

  async *#chunksOf(worker: Worker, task: ExportTask): AsyncGenerator<Uint8Array> {
    let isWhole = false
    try {
      for (let request: ExportTask | 'taken' = task; ; request = 'taken') {
        const message = await exchange(worker, request)
        if ('chunk' in message) yield message.chunk
        else if ('problem' in message) throw new Problem(message.problem.code, message.problem.detail)
        else if ('failure' in message) throw new Error(message.failure)
        else {
          isWhole = true
          return
        }
      }
    } finally {
      this.#busy.delete(worker)
      if (isWhole && this.#free.size === 0 && !this.#isClosed) this.#free.add(worker)
      else await worker.terminate()
      this.#keepOneIdle()
    }
  }
}

/** Sends a message to a thread and returns its reply; throws if the thread ends instead. */
function exchange(worker: Worker, request: ExportTask | 'taken'): Promise<ExportMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<ExportMessage>()
  const ended = () => reject(new Error('the thread of an export has ended'))
  worker.once('message', resolve).once('error', reject).once('exit', ended)
  worker.postMessage(request)
  return promise.finally(() => worker.off('message', resolve).off('error', reject).off('exit', ended))
}
