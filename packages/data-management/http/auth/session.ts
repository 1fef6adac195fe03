/** `/api/session`: a browser signs in with a key, asks which key is signed in, and signs out. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type Principal, SCOPES } from '../../ledger/keys.ts'
import type { RequestCounter } from '../edge/admission.ts'
import { withBody } from '../edge/parameters.ts'
import type { Services } from '../services.ts'
import { freshnessContext } from '../threads/query-context.ts'
import { type Authenticator, auditName, checkScope, clientIp, principalOf } from './authentication.ts'
import { checkNotForeign, checkSameSite } from './same-site.ts'
import { clearSessionCookie, cookieTokenIn, setSessionCookie } from './session-cookie.ts'
import { SESSION_RESPONSE, type SessionView, SIGN_IN_BODY, type SignIn } from './session-schema.ts'
import { sessionsRoutes } from './sessions.ts'

const MAY_SIGN_IN = ['read', 'admin'] as const

/** Adds the routes. Signing in counts against the request limit of the key, like other requests. */
export function sessionRoutes(
  server: FastifyInstance,
  services: Services,
  authenticator: Authenticator,
  countRequest: RequestCounter,
): void {
  const { steady } = services.inbox
  const signIn = withBody(SIGN_IN_BODY, { summary: 'Sign in with a key', response: { 201: SESSION_RESPONSE } })
  server.post<{ Body: SignIn }>('/api/session', signIn, async (request, reply) => {
    checkNotForeign(request)
    const principal = await authenticator.authenticateKey(request.body.key, request)
    countRequest(principal.keyId, steady())
    checkScope(principal, MAY_SIGN_IN)
    return reply.code(201).send(await openSession(services, principal, request, reply))
  })

  const schema = { summary: 'Who is signed in', response: { 200: SESSION_RESPONSE } }
  server.get('/api/session', { config: { scopes: SCOPES }, schema: schema }, async (request, reply) => {
    return answerSession(services, request, reply)
  })

  const left = { summary: 'Sign out', response: { 204: { type: 'null' } } }
  server.delete('/api/session', { schema: left }, async (request, reply) => {
    const token = cookieTokenIn(request)
    if (token !== undefined) {
      checkSameSite(request)
      await endSession(services, token, request)
    }
    clearSessionCookie(request, reply)
    return reply.code(204).send()
  })
  sessionsRoutes(server, services)
}

/** Always makes a new token: an attacker may know the previous one (session fixation). */
async function openSession(services: Services, principal: Principal, request: FastifyRequest, reply: FastifyReply) {
  const { ledger, now } = services.inbox
  const before = cookieTokenIn(request)
  if (before !== undefined) await endSession(services, before, request)
  const { token, expiresAt } = await ledger.sessions.open(principal.keyId, now())
  await auditSession(services, 'signed in', principal, request)
  setRenewedToken(services, token, expiresAt, { request, reply })
  return sessionView(services, principal, expiresAt)
}

async function answerSession(services: Services, request: FastifyRequest, reply: FastifyReply): Promise<SessionView> {
  const { ledger, now } = services.inbox
  const principal = principalOf(request)
  const token = cookieTokenIn(request)
  const session = token === undefined ? undefined : await ledger.sessions.find(token, now())
  if (token === undefined || session?.principal.keyId !== principal.keyId) {
    const key = await ledger.keys.findWorking(principal.keyId, now())
    return sessionView(services, principal, key?.expiresAt ?? now())
  }
  // This request has extended the session, so the cookie is sent again with the new expiry.
  setRenewedToken(services, token, session.expiresAt, { request, reply })
  return sessionView(services, principal, session.expiresAt)
}

async function endSession(services: Services, token: string, request: FastifyRequest): Promise<void> {
  const { ledger, now } = services.inbox
  const session = await ledger.sessions.find(token, now())
  if ((await ledger.sessions.end(token)) && session !== undefined)
    await auditSession(services, 'signed out', session.principal, request)
}

function auditSession({ inbox }: Services, what: string, principal: Principal, request: FastifyRequest): Promise<void> {
  const { keyId: about } = principal
  return inbox.ledger.audit({ at: inbox.now(), who: auditName(principal), what, about, detail: clientIp(request) })
}

type Exchange = Readonly<{ request: FastifyRequest; reply: FastifyReply }>

function setRenewedToken({ inbox }: Services, token: string, until: number, { request, reply }: Exchange): void {
  setSessionCookie(request, reply, token, Math.max(1, Math.round((until - inbox.now()) / 1000)))
}

function sessionView(services: Services, { keyId, name, scopes }: Principal, until: number): SessionView {
  const expires_at = until === Number.POSITIVE_INFINITY ? null : new Date(until).toISOString()
  return {
    key_id: keyId,
    name,
    scopes: [...scopes],
    expires_at,
    time_zone: freshnessContext(services).zone.name,
    currency: services.currency ?? null,
  }
}
