/**
 * Reads files in a thread of its own: on two processors the lines of one file are parsed while the rows of the one before go into the
 * database. What that brings stands in bench/README.md.
 */
import { Worker } from 'node:worker_threads'
import { DamagedFile } from '@splitcart/shared/packed/damage.ts'
import type { RepairedBy } from '@splitcart/shared/truth/verdict.ts'
import { ListingMemory } from '../catalogue/load/listing-memory.ts'
import type { Portion } from '../catalogue/load/portion.ts'
import type { Stored } from '../inbox/stored.ts'
import type { Reader, ReadRequest } from './reader.ts'
import type { FromThread, ToThread } from './reader-worker.ts'

// As many as a file of one store has and some more: enough for the thread to have work, little enough for memory.
const PORTIONS_AHEAD_MAX = 4
const THREAD = new URL('reader-worker.ts', import.meta.url)

/** The thread. It is started at once, and ends when this is disposed of. */
export class ReaderClient implements Reader, AsyncDisposable {
  readonly memory = new ListingMemory()
  readonly #worker: Worker
  // The files that the thread has been told of, in order, without those that are done.
  readonly #files: Expected[] = []
  #expected = 0
  readonly #said: FromThread[] = []
  #wakeUp = () => {}
  #hasEnded = false

  constructor() {
    this.#worker = new Worker(THREAD, { resourceLimits: { maxYoungGenerationSizeMb: 4 } })
    this.#worker.on('message', (message: FromThread) => this.#take(message))
    this.#worker.on('error', ({ message }) => this.#take({ failure: { message, code: '', isDamaged: false } }))
    this.#worker.on('exit', () => {
      this.#hasEnded = true
      this.#wakeUp()
    })
    // It keeps the process alive only while somebody waits for it.
    this.#worker.unref()
    this.#say({ more: PORTIONS_AHEAD_MAX })
  }

  expect(order: ReadRequest): void {
    const { stored, lineBytesMax, onlyFor = null, repair = null } = order
    if (stored === undefined || this.#files.some((file) => isSame(file, order))) return
    this.#files.push({ stored, onlyFor, repair })
    this.#expected++
    this.#say({ file: { stored, lineBytesMax, onlyFor, repair } })
  }

  async *portions(order: ReadRequest): AsyncGenerator<Portion> {
    // Others were expected and are not wanted: their numbers count all the same.
    while (this.#files[0] !== undefined && !isSame(this.#files[0], order)) await this.#skip()
    this.expect(order)
    let isRead = false
    this.#worker.ref()
    try {
      for (;;) {
        const portion = await this.#next()
        isRead = portion === undefined
        if (portion === undefined) return
        yield portion
      }
    } catch (error) {
      isRead = true
      throw error
    } finally {
      if (!isRead) await this.#skip()
      this.#worker.unref()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate()
  }

  /** Takes what is read already of the first file, which nobody wants. */
  async #skip(): Promise<void> {
    this.#say({ leave: this.#expected - this.#files.length + 1 })
    while ((await this.#next().catch(() => undefined)) !== undefined);
  }

  /** The next portion of the first file; undefined at its end. Throws when it cannot be read. */
  async #next(): Promise<Portion | undefined> {
    while (this.#said.length === 0) {
      if (this.#hasEnded) throw new Error('The thread that reads files has ended.')
      await new Promise<void>((resolve) => (this.#wakeUp = resolve))
    }
    const said = this.#said.shift()!
    if ('portion' in said) {
      this.#say({ more: 1 })
      this.memory.note(said.portion)
      return said.portion
    }
    this.#files.shift()
    if ('failure' in said) throw errorOf(said.failure)
    return undefined
  }

  #take(message: FromThread): void {
    this.#said.push(message)
    this.#wakeUp()
  }

  #say(message: ToThread): void {
    this.#worker.postMessage(message)
  }
}

/** A file that the thread was told of, and what of it may be written. */
type Expected = Readonly<{ stored: Stored; onlyFor: readonly string[] | null; repair: RepairedBy | null }>

function isSame({ stored: one, onlyFor, repair }: Expected, order: ReadRequest): boolean {
  const { stored: other, onlyFor: wanted = null, repair: repairing = null } = order
  const isRead = String(onlyFor) === String(wanted) && JSON.stringify(repair) === JSON.stringify(repairing)
  return one.path === other?.path && one.sha256 === other.sha256 && isRead
}

function errorOf({ message, code, isDamaged }: Extract<FromThread, { failure: object }>['failure']): Error {
  const error = isDamaged ? new DamagedFile(message) : new Error(message)
  return code === '' ? error : Object.assign(error, { code })
}
