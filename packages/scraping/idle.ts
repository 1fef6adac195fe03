/** Gives up a request when nothing has moved for a while; however long it takes, one that moves is left alone. */
export class Idle implements Disposable {
  readonly #controller = new AbortController()
  readonly #timer: NodeJS.Timeout

  constructor(idleMsMax: number) {
    const reason = new Error(`nothing moved for ${Math.round(idleMsMax / 1000)} s`)
    this.#timer = setTimeout(() => this.#controller.abort(reason), idleMsMax)
  }

  /** Aborts, with a sentence as its reason. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  moved(): void {
    this.#timer.refresh()
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
  }
}
