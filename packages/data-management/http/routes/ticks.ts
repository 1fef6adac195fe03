/** `POST /api/attention/tick` and `/api/attention/untick`: tick off an entry that needs attention, and undo that. */
import { isDate } from '@splitcart/shared/date.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ZonedNow } from '../../catalogue/queries/freshness.ts'
import { ActiveTicks, type Tick, type Tickable } from '../../ledger/ticks.ts'
import { shortSentence } from '../../notices/look-parts.ts'
import { nameOf, principalOf } from '../auth/authentication.ts'
import { bodyOf, MAY_CHANGE } from '../edge/parameters.ts'
import type { Services } from '../services.ts'
import { momentOf, type Reading, runQuery } from '../threads/reading.ts'
import {
  TICK,
  TICK_BODY,
  type TickBody,
  type TicksView,
  type TickView,
  UNTICK_BODY,
  type UntickBody,
} from './ticks-schema.ts'

const TICKS_SHOWN_MAX = 100

/** Detail of the problem when there is no such tick to undo. */
export const NOT_TICKED = 'nothing of this kind and subject is ticked off'

/** Adds the routes. */
export function ticksRoutes(server: FastifyInstance, services: Services): void {
  const { ledger, now } = services.inbox
  const tick = bodyOf(TICK_BODY, {
    summary: 'Tick off what needs attention, until it changes, and no longer than to a date',
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
      const isTaken = await ledger.ticks.remove(request.body, nameOf(principalOf(request)), now())
      if (!isTaken) throw new Problem('not_found', NOT_TICKED)
      return reply.code(204).send()
    },
  )
}

/** The ticks in force now. */
export async function ticksNow(reading: Reading): Promise<ActiveTicks> {
  return new ActiveTicks(await reading.inbox.ledger.ticks.list(), momentOf(reading))
}

/** The newest `TICKS_SHOWN_MAX` ticks as the API returns them, and the number of all. */
export function ticksView(ticks: readonly Tick[]): TicksView {
  return { ticked: ticks.slice(0, TICKS_SHOWN_MAX).map(tickView), ticked_count: ticks.length }
}

/** A tick, as the API returns it. */
function tickView({ kind, subject, text, until, at, who }: Tick): TickView {
  return { kind, subject, text, until, at: new Date(at).toISOString(), who }
}

async function tickOff(services: Services, request: FastifyRequest<{ Body: TickBody }>): Promise<TickView> {
  const { kind, subject } = request.body
  const { now } = services.inbox
  const asker = { keyId: principalOf(request).keyId, now: now() }
  const { found } = await runQuery<{ found: Tickable | null }>(services.queries, 'tickable', { kind, subject }, asker)
  return tickFound(services, request.body, found, nameOf(principalOf(request)))
}

/** Ticks off the entry that was found; throws `not_found` if it is null. */
export async function tickFound(
  reading: Reading,
  { kind, until }: TickBody,
  found: Tickable | null,
  who: string,
): Promise<TickView> {
  if (until !== null) checkDay(until, momentOf(reading))
  if (found === null) throw new Problem('not_found', 'nothing of this kind and subject needs attention now')
  const tick = { kind, ...found, text: shortSentence(found.text), until, at: reading.inbox.now(), who }
  await reading.inbox.ledger.ticks.set(tick)
  return tickView(tick)
}

/** Throws `request_invalid` unless the date is in the future in the server's time zone. */
function checkDay(until: string, { now, zone }: ZonedNow): void {
  if (!isDate(until)) throw new Problem('request_invalid', 'body/until is no day of the calendar')
  const today = zone.dateAt(now)
  if (until <= today)
    throw new Problem('request_invalid', `body/until is not to come: in ${zone.name} it is ${today} already`)
}
