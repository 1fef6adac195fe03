/** Work that is done one after the other, whoever asks for it. */
export class Mutex {
  #last: Promise<unknown> = Promise.resolve()

  /** Does something when all that was asked for before has ended, well or not. */
  run<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work)
    this.#last = done.catch(() => {})
    return done
  }
}
