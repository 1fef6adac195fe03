/** Who may do what: every route but the health checks names the scope it asks for, and is refused without it. */

import { isIP } from 'node:net'
import { Problem } from '@splitcart/shared/problem.ts'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Inbox } from '../inbox/accept.ts'
import type { Scope, Sender } from '../ledger/keys.ts'
import type { Door } from './door.ts'
import { Failures } from './failures.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Any one of these scopes is enough; none: the route is open. */
    scopes?: readonly Scope[]
  }
  interface FastifyRequest {
    sender: Sender | null
  }
}

/** Checks the key of every request before anything else is looked at. */
export function authenticate(server: FastifyInstance, { ledger: { keys }, now }: Inbox, door: Door): void {
  const failures = new Failures(door.failuresPerMinuteMax)
  server.decorateRequest('sender', null)
  server.addHook('onRequest', async (request) => {
    const scopes = request.routeOptions.config.scopes
    if (scopes === undefined) return
    const text = keyIn(request)
    const sender = text === undefined ? undefined : await keys.authenticate(text, now())
    if (sender === undefined) throw failures.answerTo(addressOf(request), now())
    if (!scopes.some((scope) => sender.scopes.has(scope)))
      throw new Problem('scope_missing', `this needs a key with the scope ${scopes.join(' or ')}`)
    request.sender = sender
    await keys.noteUse(sender.keyId, addressOf(request), now())
  })
}

/** The sender of a request whose route asks for a scope. */
export function senderOf(request: FastifyRequest): Sender {
  if (request.sender === null) throw new Error(`${request.routeOptions.url} asks for no scope`)
  return request.sender
}

/** Where a request comes from. A trusted proxy may have said something that is no address. */
function addressOf(request: FastifyRequest): string {
  return isIP(request.ip) === 0 ? (request.socket.remoteAddress ?? '') : request.ip
}

/** The text of the key that a request brings, in either of the two fields. */
export function keyIn({ headers }: Pick<FastifyRequest, 'headers'>): string | undefined {
  const { 'x-api-key': key, authorization } = headers
  if (typeof key === 'string') return key
  return /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1]
}
