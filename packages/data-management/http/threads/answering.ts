/** Answers requests with the results of queries that run in worker threads. */
import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { principalOf } from '../auth/authentication.ts'
import type { Services } from '../services.ts'
import { type Asker, type QueryName, runQuery } from './query-context.ts'

type QueryServices = Pick<Services, 'queries' | 'inbox'>

/** Runs a query for the key of a request, and sends the result as JSON. */
export async function answerWithQuery(
  { queries, inbox }: QueryServices,
  request: FastifyRequest,
  reply: FastifyReply,
  [name, parameters]: readonly [QueryName, object],
): Promise<FastifyReply> {
  const answer = await queries.run(name, parameters, askerOf(request, reply, inbox.now()))
  return reply.type('application/json; charset=utf-8').send(answer)
}

/** The asker for the queries of a request. Its signal aborts when the connection closes. */
export function askerOf(request: FastifyRequest, reply: FastifyReply, now: number): Asker {
  const gone = new AbortController()
  reply.raw.once('close', () => gone.abort())
  return { keyId: principalOf(request).keyId, now, signal: gone.signal }
}

/** A batch of lines of a long answer, and the cursor of the next batch; null: this is the last one. */
export type LineBatch<Cursor> = Readonly<{ text: string; next: Cursor | null }>

/** The lines of a long answer, queried in batches: each when the previous one has been read. */
export async function* queryLines(
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

/** Turns lines into a stream. Waits for the first batch, so that an invalid query throws before the answer begins. */
export async function streamOf(lines: AsyncGenerator<string>): Promise<Readable> {
  const first = await lines.next()
  async function* all() {
    if (first.done === true) return
    yield first.value
    yield* lines
  }
  return Readable.from(all(), { objectMode: false })
}
