/**
 * A body of which every byte that arrives is worth keeping: when the connection is cut, stands still or is too slow, it just ends, so
 * that what came so far is written, and the sender goes on from there.
 */
import type { IncomingMessage } from 'node:http'
import { Problem } from '@splitcart/shared/problem.ts'
import { Pace, type PaceLimits } from '../../inbox/pace.ts'

/** The body of one request. */
export class ArrivingBody {
  readonly #request: IncomingMessage
  readonly #pace: Pace
  readonly #wanted: () => void
  /** Why it ended, when it kept us waiting too long. */
  late: Problem | undefined

  /** `wanted` is called when the first byte is asked for. */
  constructor(request: IncomingMessage, limits: PaceLimits, wanted: () => void) {
    this.#request = request
    this.#pace = new Pace(limits)
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
    this.#pace.wait(({ code, detail }) => {
      this.late = new Problem(code, `${detail}; what came before is kept`)
      resolve(undefined)
    })
    chunks.next().then(resolve, () => resolve(undefined))
    const next = await promise
    this.#pace.came(next === undefined || next.done ? 0 : next.value.length)
    return next
  }
}
