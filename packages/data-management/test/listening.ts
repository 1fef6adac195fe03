/** Listens to the events of a server. */
import assert from 'node:assert/strict'
import type { Receiver } from './receiver.ts'

export type Heard = Readonly<{ id: string | undefined; event: string; data: Record<string, unknown> }>

/** A connection that listens. `next` waits for the next event of a kind, throwing away those before it. */
export type Listening = AsyncDisposable &
  Readonly<{
    response: Response
    next: (event?: string) => Promise<Heard>
    /** Resolves when the server ends the stream. */
    ended: () => Promise<void>
    comments: () => number
  }>

const WAIT_MS_MAX = 10_000

/** Opens a connection with headers that say who listens. */
export async function listen(receiver: Pick<Receiver, 'url'>, headers: Record<string, string>): Promise<Listening> {
  const stop = new AbortController()
  const response = await fetch(`${receiver.url}/api/events`, {
    headers: { Accept: 'text/event-stream', ...headers },
    signal: stop.signal,
  })
  assert.equal(response.status, 200)
  let comments = 0
  const blocks = blocksOf(response)
  const next = async (event?: string): Promise<Heard> => {
    for (;;) {
      const { done, value: block = '' } = await inTime(blocks.next())
      assert.ok(!done, 'the stream has ended')
      if (block.startsWith(':')) comments++
      else if (event === undefined || block.includes(`event: ${event}\n`)) return heardIn(block)
    }
  }
  const ended = async () => {
    while (!(await inTime(blocks.next())).done);
  }
  const close = async () => stop.abort()
  return { response, next, ended, comments: () => comments, [Symbol.asyncDispose]: close }
}

async function* blocksOf(response: Response): AsyncGenerator<string> {
  let text = ''
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      yield `${text.slice(0, end)}\n`
      text = text.slice(end + 2)
    }
  }
}

function heardIn(block: string): Heard {
  const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1]
  return { id: field('id'), event: field('event') ?? '', data: JSON.parse(field('data') ?? '') }
}

async function inTime<T>(promise: Promise<T>): Promise<T> {
  let late: NodeJS.Timeout | undefined
  const tooLate = new Promise<never>((_, reject) => {
    late = setTimeout(() => reject(new Error(`nothing was heard for ${WAIT_MS_MAX} ms`)), WAIT_MS_MAX)
  })
  return Promise.race([promise, tooLate]).finally(() => clearTimeout(late))
}
