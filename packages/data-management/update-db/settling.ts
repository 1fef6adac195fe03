/**
 * Settles loaded files: records the result in the ledger and moves the file. That takes as long as loading and waits for
 * the disk, so it runs concurrently with the next load, file by file, in order. After a crash the next pass completes
 * it: the load is on record.
 */

/** The most loaded files that are not moved yet; each costs only its names in memory. */
const AHEAD_MAX = 4

/** Runs work in the background, in the order in which it is added. */
export class SettleQueue implements AsyncDisposable {
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
