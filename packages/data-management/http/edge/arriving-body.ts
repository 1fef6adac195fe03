/**
 * Reads the body of a resumable upload. If the connection breaks, stalls or is too slow, the body ends without an
 * error, so that the bytes received so far are written and the client can resume after them.
 */
import type { IncomingMessage } from 'node:http'
import { Problem } from '@splitcart/shared/problem.ts'
import { Pace, type PaceLimits } from '../../inbox/pace.ts'

/** The body of one request of a resumable upload. */
export class ArrivingBody {
  readonly #request: IncomingMessage
  readonly #pace: Pace
  readonly #onFirstRead: () => void
  /** Why the body ended early, if it stalled or was too slow. */
  lateProblem: Problem | undefined

  /** `onFirstRead` is called before the first byte is read. */
  constructor(request: IncomingMessage, limits: PaceLimits, wanted: () => void) {
    this.#request = request
    this.#pace = new Pace(limits)
    this.#onFirstRead = wanted
  }

  async *chunks(): AsyncGenerator<Buffer> {
    this.#onFirstRead()
    // Destroying the request at the end would cut the connection that the answer needs.
    const chunks = this.#request.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>
    for (;;) {
      const next = await this.#next(chunks)
      if (next === undefined || next.done) return
      yield next.value
    }
  }

  async #next(chunks: AsyncIterator<Buffer>): Promise<IteratorResult<Buffer> | undefined> {
    const { promise, resolve } = Promise.withResolvers<IteratorResult<Buffer> | undefined>()
    this.#pace.wait(({ code, detail }) => {
      this.lateProblem = new Problem(code, `${detail}; what came before is kept`)
      resolve(undefined)
    })
    chunks.next().then(resolve, () => resolve(undefined))
    const next = await promise
    this.#pace.received(next === undefined || next.done ? 0 : next.value.length)
    return next
  }
}
