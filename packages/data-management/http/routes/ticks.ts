/** `POST /api/attention/tick` and `/api/attention/untick`: tick off an entry of the overview, and undo that. */
import { isDate } from '@splitcart/shared/date.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ZonedNow } from '../../catalogue/queries/freshness.ts'
import { ActiveTicks, type Tick, type Tickable } from '../../ledger/ticks.ts'
import { shortSentence } from '../../notices/condition-input.ts'
import { auditName, principalOf } from '../auth/authentication.ts'
import { MAY_CHANGE, withBody } from '../edge/parameters.ts'
import type { Services } from '../services.ts'
import { freshnessContext, type QueryContext, runQuery } from '../threads/query-context.ts'
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

/** The problem detail if there is no tick to remove. */
export const NOT_TICKED = 'nothing of this kind and subject is ticked off'

/** Adds the routes. */
export function ticksRoutes(server: FastifyInstance, services: Services): void {
  const { ledger, now } = services.inbox
  const tick = withBody(TICK_BODY, {
    summary: 'Tick off what needs attention, until it changes, and no longer than to a date',
    response: { 201: TICK },
  })
  server.post<{ Body: TickBody }>('/api/attention/tick', { ...tick, config: MAY_CHANGE }, async (request, reply) =>
    reply.code(201).send(await tickOff(services, request)),
  )

  const untick = withBody(UNTICK_BODY, { summary: 'Take a tick back', response: { 204: { type: 'null' } } })
  server.post<{ Body: UntickBody }>(
    '/api/attention/untick',
    { ...untick, config: MAY_CHANGE },
    async (request, reply) => {
      const isTaken = await ledger.ticks.remove(request.body, auditName(principalOf(request)), now())
      if (!isTaken) throw new Problem('not_found', NOT_TICKED)
      return reply.code(204).send()
    },
  )
}

/** The ticks that are in force now. */
export async function activeTicks(context: QueryContext): Promise<ActiveTicks> {
  return new ActiveTicks(await context.inbox.ledger.ticks.list(), freshnessContext(context))
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
  return tickEntry(services, request.body, found, auditName(principalOf(request)))
}

/** Ticks off an entry; throws `not_found` if it is null. */
export async function tickEntry(
  context: QueryContext,
  { kind, until }: TickBody,
  found: Tickable | null,
  who: string,
): Promise<TickView> {
  if (until !== null) checkFutureDate(until, freshnessContext(context))
  if (found === null) throw new Problem('not_found', 'nothing of this kind and subject needs attention now')
  const tick = { kind, ...found, text: shortSentence(found.text), until, at: context.inbox.now(), who }
  await context.inbox.ledger.ticks.set(tick)
  return tickView(tick)
}

/** Throws `request_invalid` unless the date is in the future in the server's time zone. */
function checkFutureDate(until: string, { now, zone }: ZonedNow): void {
  if (!isDate(until)) throw new Problem('request_invalid', 'body/until is no day of the calendar')
  const today = zone.dateAt(now)
  if (until <= today)
    throw new Problem('request_invalid', `body/until is not to come: in ${zone.name} it is ${today} already`)
}
