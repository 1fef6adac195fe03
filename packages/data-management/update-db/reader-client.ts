/**
 * Reads files in a worker thread: with two processors, the lines of one file are parsed while the rows of earlier files
 * are written to the database (figures: bench/README.md).
 */
import { Worker } from 'node:worker_threads'
import { DamagedFile } from '@splitcart/shared/packed/damage.ts'
import { ListingCache } from '../catalogue/load/listing-cache.ts'
import { memoryBytesOf, type RowBatch } from '../catalogue/load/row-batch.ts'
import type { Reader, ReadRequest } from './reader.ts'
import type { FileRequest, ReaderAnswer, ReaderCommand } from './reader-worker.ts'

/** How many bytes of batches are read ahead, give or take a batch: several files of known labels, or most of a new one. */
export const BYTES_AHEAD_MAX = 2 * 1024 * 1024
// After a file as large as this the thread ends: the next file has little use for what it caches, and the load needs the memory.
const LARGE_BYTES = 64 * 1024 * 1024
const THREAD = new URL('reader-worker.ts', import.meta.url)

/**
 * Reads files in a worker thread, started at once and ended by dispose. The thread also ends after a large file, or when
 * it crashes; the next file starts a new one.
 */
export class ReaderClient implements Reader, AsyncDisposable {
  readonly cache = new ListingCache()
  readonly #largeBytes: number
  #worker: Worker | undefined
  // The files that were sent to the thread, in order, without those that have been read.
  readonly #files: FileRequest[] = []
  #expected = 0
  #answers: ReaderAnswer[] = []
  #wakeUp = () => {}

  /** `largeBytes`: from which size on a file is large. */
  constructor({ largeBytes = LARGE_BYTES }: Readonly<{ largeBytes?: number }> = {}) {
    this.#largeBytes = largeBytes
    this.#worker = this.#startThread()
  }

  expect(request: ReadRequest): void {
    const { stored, lineBytesMax, onlyFor = null, repair = null } = request
    if (stored === undefined || this.#files.some((file) => isSameRequest(file, request))) return
    const file = { stored, lineBytesMax, onlyFor, repair }
    this.#files.push(file)
    this.#expected++
    this.#send({ file })
  }

  async *batches(request: ReadRequest): AsyncGenerator<RowBatch> {
    this.#worker?.ref()
    // Files read ahead but not wanted have used numbers too: skip them.
    while (this.#files[0] !== undefined && !isSameRequest(this.#files[0], request)) await this.#skip()
    // Only now: the thread may have ended while it skipped.
    this.#worker ??= this.#startThread()
    const worker = this.#worker
    worker.ref()
    this.expect(request)
    let isRead = false
    let bytes = 0
    try {
      for (;;) {
        const batch = await this.#next()
        isRead = batch === undefined
        if (batch === undefined) return
        bytes += batch.bytes
        yield batch
      }
    } catch (error) {
      isRead = true
      throw error
    } finally {
      if (!isRead) await this.#skip()
      worker.unref()
      if (bytes >= this.#largeBytes) await this.#endThread()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker?.terminate()
  }

  #startThread(): Worker {
    const worker = new Worker(THREAD, { resourceLimits: { maxYoungGenerationSizeMb: 4 } })
    const isCurrent = () => worker === this.#worker
    worker.on('message', (message: ReaderAnswer) => isCurrent() && this.#receive(message))
    const end = () => {
      if (isCurrent()) this.#worker = undefined
      this.#wakeUp()
    }
    worker.on('error', ({ message }) => {
      if (isCurrent()) this.#receive({ failure: { message, code: '', isDamaged: false } })
      end()
    })
    worker.on('exit', end)
    // It keeps the process alive only while somebody waits for it.
    worker.unref()
    this.#forget()
    this.#expected = this.#files.length
    worker.postMessage({ moreBytes: BYTES_AHEAD_MAX } satisfies ReaderCommand)
    for (const file of this.#files) worker.postMessage({ file } satisfies ReaderCommand)
    return worker
  }

  /** Ends the thread. */
  async #endThread(): Promise<void> {
    const worker = this.#worker
    this.#worker = undefined
    this.#forget()
    await worker?.terminate()
  }

  /** Forgets what a thread that has ended has read ahead and numbered. */
  #forget(): void {
    this.#answers = []
    this.cache.forget()
  }

  /** Discards what was read ahead of the first file. */
  async #skip(): Promise<void> {
    this.#send({ skip: this.#expected - this.#files.length + 1 })
    while ((await this.#next().catch(() => undefined)) !== undefined);
  }

  /** The next batch of the first file; undefined at its end. Throws when it cannot be read. */
  async #next(): Promise<RowBatch | undefined> {
    while (this.#answers.length === 0) {
      if (this.#worker === undefined) {
        this.#files.shift()
        throw new Error('The thread that reads files has ended.')
      }
      await new Promise<void>((resolve) => (this.#wakeUp = resolve))
    }
    const answer = this.#answers.shift()!
    if ('batch' in answer) {
      this.#send({ moreBytes: memoryBytesOf(answer.batch) })
      this.cache.add(answer.batch)
      return answer.batch
    }
    this.#files.shift()
    if ('failure' in answer) throw restoreError(answer.failure)
    return undefined
  }

  #receive(message: ReaderAnswer): void {
    this.#answers.push(message)
    this.#wakeUp()
  }

  #send(message: ReaderCommand): void {
    this.#worker?.postMessage(message)
  }
}

function isSameRequest({ stored: one, onlyFor, repair }: FileRequest, request: ReadRequest): boolean {
  const { stored: other, onlyFor: wanted = null, repair: repairing = null } = request
  const isRead = String(onlyFor) === String(wanted) && JSON.stringify(repair) === JSON.stringify(repairing)
  return one.path === other?.path && one.sha256 === other.sha256 && isRead
}

function restoreError({ message, code, isDamaged }: Extract<ReaderAnswer, { failure: object }>['failure']): Error {
  const error = isDamaged ? new DamagedFile(message) : new Error(message)
  return code === '' ? error : Object.assign(error, { code })
}
