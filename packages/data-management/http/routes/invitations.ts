/** `/api/invitations`: creates one-time codes, each of which a machine exchanges for a key. */
import { Problem } from '@splitcart/shared/problem.ts'
import { isoTime } from '@splitcart/shared/time.ts'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { type Authenticator, auditName, clientIp, principalOf } from '../auth/authentication.ts'
import { checkNotForeign } from '../auth/same-site.ts'
import { withBody } from '../edge/parameters.ts'
import type { Services } from '../services.ts'
import { madeKeyView, NEEDS_KEY, newKeyOf } from './keys.ts'
import {
  CODE_BODY,
  INVITATION_SCHEMA,
  MADE_KEY_SCHEMA,
  type MadeKeyView,
  NEW_KEY_BODY,
  type NewKeyBody,
} from './keys-schema.ts'

type WithCode = { Body: { code: string } }

/** Adds the routes. A wrong code counts as a failure of the address, like a wrong key. */
export function invitationsRoutes(server: FastifyInstance, services: Services, authenticator: Authenticator): void {
  const { ledger, now } = services.inbox
  const invite = withBody(NEW_KEY_BODY, {
    summary: 'Make a one-time code for a key; it can be taken once, for ten minutes',
    response: { 201: INVITATION_SCHEMA },
  })
  server.post<{ Body: NewKeyBody }>('/api/invitations', { ...invite, config: NEEDS_KEY }, async (request, reply) => {
    const at = now()
    const wanted = newKeyOf(request.body, at)
    const { code, expiresAt } = await ledger.invitations.create(wanted, at, auditName(principalOf(request)))
    return reply.code(201).send({ code, created_at: isoTime(at), expires_at: isoTime(expiresAt) })
  })

  const take = withBody(CODE_BODY, { summary: 'Take the key of a one-time code', response: { 201: MADE_KEY_SCHEMA } })
  server.post<WithCode>('/api/invitations/take', take, async (request, reply) => {
    checkNotForeign(request)
    return reply.code(201).send(await redeemCode(services, authenticator, request))
  })
}

async function redeemCode(
  services: Services,
  authenticator: Authenticator,
  request: FastifyRequest<WithCode>,
): Promise<MadeKeyView> {
  const { ledger, now } = services.inbox
  try {
    return await madeKeyView(services, await ledger.invitations.redeem(request.body.code, clientIp(request), now()))
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'code_refused') throw error
    throw authenticator.problemOfWrongCode(error, request)
  }
}
