/** Answers requests with the results of queries that run in worker threads. */
import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { principalOf } from '../auth/authentication.ts'
import type { Services } from '../services.ts'
import { type Asker, type QueryName, runQuery } from './reading.ts'

type About = Pick<Services, 'queries' | 'inbox'>

/** Runs a query on behalf of the request's key and sends the result as JSON. */
export async function answerWith(
  { queries, inbox }: About,
  request: FastifyRequest,
  reply: FastifyReply,
  [name, parameters]: readonly [QueryName, object],
): Promise<FastifyReply> {
  const answer = await queries.run(name, parameters, askerOf(request, reply, inbox.now()))
  return reply.type('application/json; charset=utf-8').send(answer)
}

/** The asker of a request; its signal aborts when the connection closes. */
export function askerOf(request: FastifyRequest, reply: FastifyReply, now: number): Asker {
  const gone = new AbortController()
  reply.raw.once('close', () => gone.abort())
  return { keyId: principalOf(request).keyId, now, signal: gone.signal }
}

/** One batch of the lines of a long answer, and where the next batch begins; null: this was the last. */
export type LineBatch<Cursor> = Readonly<{ text: string; next: Cursor | null }>

/** A long answer, queried one batch at a time: each when the previous one has been read. */
export async function* linesOf(
  { queries }: Pick<Services, 'queries'>,
  [name, parameters]: readonly [QueryName, object],
  asker: Asker,
): AsyncGenerator<string> {
  for (let after: unknown; after !== null; ) {
    const batch: LineBatch<unknown> = await runQuery(queries, name, { ...parameters, after }, asker)
    after = batch.next
    if (batch.text !== '') yield batch.text
  }
}

/** A long answer as a stream. The first batch is awaited, so an invalid query throws before the answer begins. */
export async function readableOf(lines: AsyncGenerator<string>): Promise<Readable> {
  const first = await lines.next()
  async function* all() {
    if (first.done === true) return
    yield first.value
    yield* lines
  }
  return Readable.from(all(), { objectMode: false })
}
