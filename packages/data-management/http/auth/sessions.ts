/** `/api/sessions`: an administrator lists the open sessions and ends them. */
import { Problem } from '@splitcart/shared/problem.ts'
import type { FastifyInstance } from 'fastify'
import { MAY_CHANGE } from '../edge/parameters.ts'
import type { Services } from '../services.ts'
import { auditName, principalOf } from './authentication.ts'
import { SESSIONS_RESPONSE, type SessionsView } from './session-schema.ts'

const SESSIONS_MAX = 1_000

/** Adds the routes. */
export function sessionsRoutes(server: FastifyInstance, { inbox: { ledger, now } }: Services): void {
  const list = { summary: 'Who is signed in, the newest first', response: { 200: SESSIONS_RESPONSE } }
  server.get('/api/sessions', { config: MAY_CHANGE, schema: list }, async (): Promise<SessionsView> => {
    const open = await ledger.sessions.list(now(), SESSIONS_MAX)
    const sessions = open.map(({ id, keyId, name, openedAt, endsAt }) => ({
      id,
      key_id: keyId,
      name,
      signed_in_at: new Date(openedAt).toISOString(),
      expires_at: new Date(endsAt).toISOString(),
    }))
    return { sessions }
  })

  const end = { summary: 'Sign a browser out', response: { 204: { type: 'null' } } }
  const options = { config: MAY_CHANGE, schema: end }
  server.delete<{ Params: { id: string } }>('/api/sessions/:id', options, async (request, reply) => {
    const about = await ledger.sessions.endById(request.params.id)
    if (about === undefined) throw new Problem('not_found', 'no session has this id')
    await ledger.audit({ at: now(), who: auditName(principalOf(request)), what: 'session ended', about })
    return reply.code(204).send()
  })
}
