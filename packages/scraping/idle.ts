/** Gives up a request when nothing has moved for a while; however long it takes, one that moves is left alone. */
export class Idle implements Disposable {
  readonly #controller = new AbortController()
  readonly #idleMsMax: number
  readonly #stop: AbortSignal | undefined
  readonly #timer: NodeJS.Timeout
  #end: NodeJS.Timeout | undefined

  /** `stop`: gives it up as well. */
  constructor(idleMsMax: number, stop?: AbortSignal) {
    this.#stop = stop
    this.#idleMsMax = idleMsMax
    const reason = new Error(`nothing moved for ${Math.round(idleMsMax / 1000)} s`)
    this.#timer = setTimeout(() => this.#controller.abort(reason), idleMsMax)
  }

  /** Aborts, with a sentence as its reason. */
  get signal(): AbortSignal {
    const { signal } = this.#controller
    return this.#stop === undefined ? signal : AbortSignal.any([signal, this.#stop])
  }

  moved(): void {
    this.#timer.refresh()
  }

  /** From now on it ends, also when it moves: after twice the time in which something has to move. */
  mustEnd(): void {
    const msMax = 2 * this.#idleMsMax
    const reason = new Error(`the answer did not end within ${Math.round(msMax / 1000)} s`)
    this.#end = setTimeout(() => this.#controller.abort(reason), msMax)
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
    clearTimeout(this.#end)
  }
}
