/** Aborts a request when no byte has moved for `idleMsMax`, however long the request has taken. */
export class IdleTimeout implements Disposable {
  readonly #controller = new AbortController()
  readonly #idleMsMax: number
  readonly #stop: AbortSignal | undefined
  readonly #timer: NodeJS.Timeout
  #end: NodeJS.Timeout | undefined

  /** `stop`: aborts the request as well. */
  constructor(idleMsMax: number, stop?: AbortSignal) {
    this.#stop = stop
    this.#idleMsMax = idleMsMax
    const reason = new Error(`nothing moved for ${Math.round(idleMsMax / 1000)} s`)
    this.#timer = setTimeout(() => this.#controller.abort(reason), idleMsMax)
  }

  /** The signal for the request; its reason is an Error with a sentence. */
  get signal(): AbortSignal {
    const { signal } = this.#controller
    return this.#stop === undefined ? signal : AbortSignal.any([signal, this.#stop])
  }

  restart(): void {
    this.#timer.refresh()
  }

  /** Sets a deadline from now on, even if bytes move: twice `idleMsMax`. */
  setDeadline(): void {
    const msMax = 2 * this.#idleMsMax
    const reason = new Error(`the answer did not end within ${Math.round(msMax / 1000)} s`)
    this.#end = setTimeout(() => this.#controller.abort(reason), msMax)
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
    clearTimeout(this.#end)
  }
}
