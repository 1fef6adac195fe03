/** `POST /api/attention/tick` and `/api/attention/untick`: a person ticks off what needs attention, and takes that back. */
import { isDate } from '@splitcart/shared/date.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { storeCalled } from '../catalogue/queries/store-page.ts'
import { type Tick, TicksNow } from '../ledger/ticks.ts'
import { shortSentence } from '../notices/looked.ts'
import { nameOf, senderOf } from './authentication.ts'
import { bodyOf, MAY_CHANGE } from './parameters.ts'
import type { Reading } from './reading.ts'
import type { Services } from './services.ts'
import { TICK, TICK_BODY, type TickBody, type TickView, UNTICK_BODY, type UntickBody } from './ticks-schema.ts'

/** Adds the routes. */
export function ticksRoutes(server: FastifyInstance, services: Services): void {
  const { ledger, now } = services.inbox
  const tick = bodyOf(TICK_BODY, {
    summary: 'Tick off what needs attention, until a date or until it changes',
    response: { 201: TICK },
  })
  server.post<{ Body: TickBody }>('/api/attention/tick', { ...tick, config: MAY_CHANGE }, async (request, reply) =>
    reply.code(201).send(await tickOff(services, request)),
  )

  const untick = bodyOf(UNTICK_BODY, { summary: 'Take a tick back', response: { 204: { type: 'null' } } })
  server.post<{ Body: UntickBody }>(
    '/api/attention/untick',
    { ...untick, config: MAY_CHANGE },
    async (request, reply) => {
      const isTaken = await ledger.ticks.takeBack(request.body, nameOf(senderOf(request)), now())
      if (!isTaken) throw new Problem('not_found', 'nothing of this kind and subject is ticked off')
      return reply.code(204).send()
    },
  )
}

/** The ticks that count now. */
export async function ticksNow({ inbox }: Pick<Reading, 'inbox'>): Promise<TicksNow> {
  return new TicksNow(await inbox.ledger.ticks.list(), inbox.now())
}

/** A tick, as it is answered. */
export function tickView({ kind, subject, text, until, at, who }: Tick): TickView {
  return { kind, subject, text, until, at: new Date(at).toISOString(), who }
}

async function tickOff(services: Services, request: FastifyRequest<{ Body: TickBody }>): Promise<TickView> {
  const { kind, subject, until } = request.body
  if (until !== null && !isDate(until)) throw new Problem('request_invalid', 'body/until is no day of the calendar')
  const seen = await seenOf(services, kind, subject)
  if (seen === undefined) throw new Problem('not_found', 'there is nothing of this kind and subject')
  const who = nameOf(senderOf(request))
  const tick = { kind, subject, mark: seen.mark, text: shortSentence(seen.text), until, at: services.inbox.now(), who }
  await services.inbox.ledger.ticks.set(tick)
  return tickView(tick)
}

type Seen = Pick<Tick, 'mark' | 'text'>

/** How something is now, and what it is called. Undefined: it is not there. */
async function seenOf(services: Services, kind: TickBody['kind'], subject: string): Promise<Seen | undefined> {
  if (kind === 'held' || kind === 'failed' || kind === 'rejects') return seenUpload(services, kind, subject)
  const names = namesIn(subject)
  if (kind === 'findings') return names?.length === 4 ? { mark: '', text: `${names[0]}: ${names[3]}` } : undefined
  const store = names?.length === 2 ? names.join('/') : undefined
  const found = store === undefined ? undefined : await storeCalled(services.catalogue.database, store)
  if (found === undefined || found.lastDate === null) return undefined
  return { mark: found.lastDate, text: `${store}, last ${found.lastDate}` }
}

async function seenUpload({ inbox }: Services, kind: 'held' | 'failed' | 'rejects', id: string) {
  const upload = await inbox.ledger.uploads.find(id)
  if (upload === undefined || (kind !== 'rejects' && upload.state !== kind)) return undefined
  return { mark: kind === 'rejects' ? '' : String(upload.settled_at), text: upload.filename }
}

function namesIn(subject: string): (string | null)[] | undefined {
  try {
    const names: unknown = JSON.parse(subject)
    return Array.isArray(names) && names.every((each) => each === null || typeof each === 'string') ? names : undefined
  } catch {
    return undefined
  }
}
