/**
 * What is left to do with a file once it is loaded: the ledger is told, the file is put away. It takes as long as loading does and waits
 * for the disk, so it is done beside the next load, one file after the other and in their order. A crash meanwhile is mended by doing
 * the rest: the load is on record.
 */

/** The most loaded files that are not moved yet; each costs only its names in memory. */
const AHEAD_MAX = 4

/** Work that is done in the order in which it comes, beside other work. */
export class Settling implements AsyncDisposable {
  readonly #waiting = new Set<Promise<void>>()
  #last: Promise<void> = Promise.resolve()

  /** Queues `work` behind all earlier work; its errors go to `failed`. Waits while the queue is full. */
  async add(work: () => Promise<void>, failed: (error: unknown) => void): Promise<void> {
    const done = this.#last.then(work).catch(failed)
    this.#last = done
    this.#waiting.add(done)
    void done.then(() => this.#waiting.delete(done))
    while (this.#waiting.size > AHEAD_MAX) await Promise.race(this.#waiting)
  }

  /** Waits until all is done. */
  async end(): Promise<void> {
    await this.#last
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.end()
  }
}
