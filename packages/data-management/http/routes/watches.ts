/** `/api/watches`: products that people watch. Notices are sent when their prices change. */

import { Problem } from '@splitcart/shared/problem.ts'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Static } from 'typebox'
import { WATCH_RULES, WATCHES_MAX, type WatchRecord, type WatchRule } from '../../ledger/watches.ts'
import { type WatchBaseline, watchedProductId } from '../../notices/watched.ts'
import { auditName, principalOf } from '../auth/authentication.ts'
import { objectOf } from '../edge/object-schema.ts'
import {
  CENTS_OR_NULL,
  COUNT,
  COUNT_OR_NULL,
  MAY_CHANGE,
  NO_QUERY,
  TIME,
  withBody,
  withQuery,
} from '../edge/parameters.ts'
import type { Services } from '../services.ts'
import { answerWithQuery, askerOf } from '../threads/answering.ts'
import { type QueryContext, runQuery } from '../threads/query-context.ts'

const CENTS_MAX = 100_000_000

const WATCH = objectOf({
  id: COUNT,
  /** The product's current id; null: its listing no longer exists. */
  product_id: COUNT_OR_NULL,
  name: { type: 'string' },
  /** When it notifies. target: at or below target_cents; low: lower than ever; any: any change; stock: sold again. */
  rule: { enum: WATCH_RULES },
  target_cents: CENTS_OR_NULL,
  /** The lowest price at the last check. */
  lowest_cents: CENTS_OR_NULL,
  lowest_ever_cents: CENTS_OR_NULL,
  who: { type: 'string' },
  created_at: TIME,
})

const LIST_RESPONSE = objectOf({ watches: { type: 'array', items: WATCH } })

const BODY = {
  type: 'object',
  additionalProperties: false,
  required: ['product_id', 'rule'],
  properties: {
    product_id: { type: 'integer', minimum: 1 },
    rule: { enum: WATCH_RULES },
    target_cents: { type: 'integer', minimum: 1, maximum: CENTS_MAX },
  },
} as const

type Body = { product_id: number; rule: WatchRule; target_cents?: number }

/** A watch, as the API returns it. */
export type WatchView = Static<typeof WATCH>
/** All watches, as the API returns them. */
export type WatchList = Static<typeof LIST_RESPONSE>

/** Adds the routes. */
export function watchesRoutes(server: FastifyInstance, services: Services): void {
  const { ledger, now } = services.inbox
  const list = withQuery(NO_QUERY, { summary: 'Watched products, the newest first', response: { 200: LIST_RESPONSE } })
  server.get('/api/watches', list, (request, reply) => answerWithQuery(services, request, reply, ['watches', {}]))

  const summary = 'Watch a product; in place of a watch of the same rule on it'
  const add = withBody(BODY, { summary, response: { 201: WATCH } })
  server.post<{ Body: Body }>('/api/watches', { ...add, config: MAY_CHANGE }, async (request, reply) => {
    checkTarget(request.body)
    const asker = askerOf(request, reply, now())
    const begun = await runQuery<WatchBaseline>(
      services.queries,
      'watchBaseline',
      { productId: request.body.product_id },
      asker,
    )
    return reply.code(201).send(await addWatch(services, request, begun))
  })

  const end = { summary: 'End a watch', response: { 204: { type: 'null' } } }
  server.delete<{ Params: { id: string } }>(
    '/api/watches/:id',
    { config: MAY_CHANGE, schema: end },
    async (request, reply) => {
      const id = /^\d{1,15}$/.test(request.params.id) ? Number(request.params.id) : 0
      if (!(await ledger.watches.end(id, auditName(principalOf(request)), now())))
        throw new Problem('not_found', 'no watch has this id')
      return reply.code(204).send()
    },
  )
}

function checkTarget({ rule, target_cents }: Body): void {
  if ((rule === 'target') !== (target_cents !== undefined))
    throw new Problem('request_invalid', 'body/target_cents goes with the rule target, and with no other')
}

async function addWatch(
  { inbox }: Services,
  request: FastifyRequest<{ Body: Body }>,
  baseline: WatchBaseline,
): Promise<WatchView> {
  const { product_id, rule, target_cents: target } = request.body
  const wanted = { ...baseline, rule, target_cents: target ?? null }
  const who = auditName(principalOf(request))
  const made = await inbox.ledger.watches.add({ ...wanted, who, created_at: inbox.now() })
  if (made === undefined)
    throw new Problem('request_invalid', `${WATCHES_MAX} products are watched already; end a watch first`)
  return watchView(made, product_id)
}

/** All watches. */
export async function watchList(context: QueryContext): Promise<WatchList> {
  const watches: WatchView[] = []
  for (const watch of await context.inbox.ledger.watches.list())
    watches.push(watchView(watch, await watchedProductId(context, watch)))
  return { watches }
}

function watchView(
  { id, name, rule, target_cents, seen, who, created_at }: WatchRecord,
  productId: number | null,
): WatchView {
  return {
    id,
    product_id: productId,
    name,
    rule,
    target_cents,
    lowest_cents: seen.lowest,
    lowest_ever_cents: seen.ever,
    who,
    created_at: new Date(created_at).toISOString(),
  }
}
