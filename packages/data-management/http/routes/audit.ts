/** `GET /api/audit`: the audit log, which tells who did what with keys, held uploads and loads. */

import type { FastifyInstance } from 'fastify'
import { objectOf } from '../edge/object-schema.ts'
import { MAY_CHANGE, NEWEST_FIRST_PAGE_QUERY, TIME } from '../edge/parameters.ts'
import type { Services } from '../services.ts'

const TEXT_OR_NULL = { anyOf: [{ type: 'null' }, { type: 'string' }] } as const

const RESPONSE = objectOf({
  entries: {
    type: 'array',
    items: objectOf({
      id: { type: 'integer' },
      at: TIME,
      who: { type: 'string' },
      what: { type: 'string' },
      about: { type: 'string' },
      detail: TEXT_OR_NULL,
    }),
  },
  next: { anyOf: [{ type: 'null' }, { type: 'integer' }] },
})

type Query = { before?: number; limit: number }

/** Adds the route. */
export function auditRoutes(server: FastifyInstance, { inbox }: Services): void {
  const schema = {
    summary: 'The audit, the newest first',
    querystring: NEWEST_FIRST_PAGE_QUERY,
    response: { 200: RESPONSE },
  }
  server.get<{ Querystring: Query }>('/api/audit', { config: MAY_CHANGE, schema }, async (request) => {
    const { before = Number.MAX_SAFE_INTEGER, limit } = request.query
    const found = await inbox.ledger.auditEntries(before, limit)
    const entries = found.map((entry) => ({ ...entry, at: new Date(entry.at).toISOString() }))
    return { entries, next: found.length === limit ? found.at(-1)!.id : null }
  })
}
