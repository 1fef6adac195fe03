/**
 * A body of which every byte that arrives is worth keeping: when the connection is cut or stands still too long it just ends, so
 * that what came so far is written, and the sender goes on from there.
 */
import type { IncomingMessage } from 'node:http'
import { Problem } from '@splitcart/shared/problem.ts'

/** The body of one request. */
export class ArrivingBody {
  readonly #request: IncomingMessage
  readonly #idleMsMax: number
  readonly #wanted: () => void
  /** Why it ended, when nothing came for too long. */
  late: Problem | undefined

  /** `wanted` is called when the first byte is asked for. */
  constructor(request: IncomingMessage, idleMsMax: number, wanted: () => void) {
    this.#request = request
    this.#idleMsMax = idleMsMax
    this.#wanted = wanted
  }

  async *chunks(): AsyncGenerator<Buffer> {
    this.#wanted()
    // Not destroyed at the end: that would cut the connection on which the answer is to go.
    const chunks = this.#request.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>
    for (;;) {
      const next = await this.#next(chunks)
      if (next === undefined || next.done) return
      yield next.value
    }
  }

  async #next(chunks: AsyncIterator<Buffer>): Promise<IteratorResult<Buffer> | undefined> {
    const { promise, resolve } = Promise.withResolvers<IteratorResult<Buffer> | undefined>()
    const timer = setTimeout(() => {
      this.late = new Problem('body_late', `no byte for ${this.#idleMsMax / 1000} s; what came before is kept`)
      resolve(undefined)
    }, this.#idleMsMax)
    chunks.next().then(resolve, () => resolve(undefined))
    try {
      return await promise
    } finally {
      clearTimeout(timer)
    }
  }
}
