/** Answers requests with what the threads beside this one find out. */
import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { principalOf } from '../auth/authentication.ts'
import type { Services } from '../services.ts'
import { type Asker, askFor, type QuestionName } from './reading.ts'

type About = Pick<Services, 'questions' | 'inbox'>

/** Asks in the name of who sent the request, and answers it with the answer. */
export async function answerWith(
  { questions, inbox }: About,
  request: FastifyRequest,
  reply: FastifyReply,
  [name, question]: readonly [QuestionName, object],
): Promise<FastifyReply> {
  const answer = await questions.ask(name, question, askerOf(request, reply, inbox.now()))
  return reply.type('application/json; charset=utf-8').send(answer)
}

/** Who sent a request, for as long as there is somebody to answer. */
export function askerOf(request: FastifyRequest, reply: FastifyReply, now: number): Asker {
  const gone = new AbortController()
  reply.raw.once('close', () => gone.abort())
  return { keyId: principalOf(request).keyId, now, signal: gone.signal }
}

/** Some lines of a long answer, and where the next ones begin; null: there are none. */
export type Lines<Place> = Readonly<{ text: string; next: Place | null }>

/** A long answer of lines, asked for a portion at a time: each when the one before has been read. */
export async function* linesOf(
  { questions }: Pick<Services, 'questions'>,
  [name, question]: readonly [QuestionName, object],
  asker: Asker,
): AsyncGenerator<string> {
  for (let after: unknown; after !== null; ) {
    const lines: Lines<unknown> = await askFor(questions, name, { ...question, after }, asker)
    after = lines.next
    if (lines.text !== '') yield lines.text
  }
}

/** The stream of a long answer. Its first portion is there: what is wrong with the question has been thrown by now. */
export async function readableOf(lines: AsyncGenerator<string>): Promise<Readable> {
  const first = await lines.next()
  async function* all() {
    if (first.done === true) return
    yield first.value
    yield* lines
  }
  return Readable.from(all(), { objectMode: false })
}
