/**
 * Who may do what: every route but the open ones names the scopes it asks for, and is refused without one of them.
 *
 *   X-API-Key, X-Internal-API-Key,
 *   Authorization ─▶ key ─────────────────────────┐
 *   cookie ─▶ wanted by our own page? ─▶ session ─┴─▶ principal ─▶ scope
 */
import { isIP } from 'node:net'
import { Problem } from '@splitcart/shared/problem.ts'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Receiving } from '../../inbox/accept.ts'
import type { Principal, Scope } from '../../ledger/keys.ts'
import { Failures } from '../edge/failures.ts'
import { keysIn } from '../edge/head.ts'
import { countedAddress, membership, type ServerLimits } from '../edge/server-limits.ts'
import { TokenBuckets } from '../edge/token-buckets.ts'
import { checkSameSite } from './same-site.ts'
import { tokenIn } from './session-cookie.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Any one of these scopes is enough; none: the route is open. */
    scopes?: readonly Scope[]
    /** The route takes uploads: its POST and PATCH carry bodies that are worth limiting. */
    takesUploads?: true
    /** What it takes that was not here before counts as no request. */
    isFreeWhenNew?: true
    /** A session alone is not enough: the request brings a key. */
    wantsKey?: true
  }
  interface FastifyRequest {
    principal: Principal | null
  }
}

/** Finds out who sends a request. */
export type Authenticator = Readonly<{
  /** The owner of a key. Throws what a wrong key is answered; that counts against the address. */
  ofKey: (text: string | undefined, request: FastifyRequest) => Promise<Principal>
  /** The owner of the key, or else of the session, that a request brings. Throws the same. */
  ofRequest: (request: FastifyRequest) => Promise<Principal>
  /** The owner by now, while a long answer is on its way; undefined: the key or session has ended. Counts against nobody. */
  revalidate: (request: FastifyRequest) => Promise<Principal | undefined>
  /** What a wrong code is answered; it counts against the address as a wrong key does. */
  ofWrongCode: (refusal: Problem, request: FastifyRequest) => Problem
  /** What a request proves itself with. */
  credentialOf: (request: FastifyRequest) => string
}>

/** Recognises keys and sessions, and counts what is wrong. */
export function openAuthenticator(
  { ledger: { keys, sessions }, now, steady }: Receiving,
  limits: ServerLimits,
): Authenticator {
  const failures = new Failures(limits.failuresPerMinuteMax)
  const mayComeFrom = comingFrom()
  const known = (principal: Principal | undefined, request: FastifyRequest) => {
    if (principal === undefined || !mayComeFrom(principal, request))
      throw failures.answerTo(addressOf(request), steady())
    return principal
  }
  const ofKey = async (text: string | undefined, request: FastifyRequest) => {
    // Who sends none guesses none: this counts against nobody.
    if (text === undefined) throw new Problem('key_refused')
    return known(await keys.authenticate(text, now()), request)
  }
  const ofRequest = async (request: FastifyRequest) => {
    const text = keyIn(request)
    const token = text === undefined ? sessionIn(request) : undefined
    if (token === undefined) return ofKey(text, request)
    checkSameSite(request)
    return known((await sessions.find(token, now()))?.principal, request)
  }
  const revalidate = async (request: FastifyRequest) => {
    const text = keyIn(request)
    const found = text === undefined ? sessions.find(sessionIn(request) ?? '', now()) : undefined
    const principal = text === undefined ? (await found)?.principal : await keys.authenticate(text, now())
    return principal !== undefined && mayComeFrom(principal, request) ? principal : undefined
  }
  const credentialOf = (request: FastifyRequest) => keyIn(request) ?? sessionIn(request) ?? ''
  const ofWrongCode = (refusal: Problem, request: FastifyRequest) =>
    failures.answerTo(addressOf(request), steady(), refusal)
  return { ofKey, ofRequest, revalidate, ofWrongCode, credentialOf }
}

// Whoever has stolen a key is told no more than that it is not accepted; the log tells who has to know, once a minute.
function comingFrom(): (principal: Principal, request: FastifyRequest) => boolean {
  const lines = new TokenBuckets(1)
  return ({ keyId, onlyFrom }, request) => {
    const address = addressOf(request)
    if (onlyFrom === null || membership(onlyFrom)(address)) return true
    if (lines.take(`${keyId} ${countedAddress(address)}`, performance.now()) === 0)
      request.log.warn({ key: keyId, address }, 'key used from an address that it is not for')
    return false
  }
}

/** Checks who sends a request before anything else of it is looked at. */
export function authenticate(
  server: FastifyInstance,
  { ledger: { keys }, now }: Receiving,
  authenticator: Authenticator,
): void {
  server.decorateRequest('principal', null)
  server.addHook('onRequest', async (request) => {
    const { scopes, wantsKey } = request.routeOptions.config
    if (scopes === undefined) return
    const principal = await authenticator.ofRequest(request)
    checkScope(principal, scopes)
    if (wantsKey && keyIn(request) === undefined) throw new Problem('key_wanted', 'the request brings a session only')
    request.principal = principal
    await keys.noteUse(principal.keyId, addressOf(request), now())
  })
}

/** Throws `scope_missing` unless the principal has one of the scopes. */
export function checkScope(principal: Principal, scopes: readonly Scope[]): void {
  if (!scopes.some((scope) => principal.scopes.has(scope)))
    throw new Problem('scope_missing', `this needs a key with the scope ${scopes.join(' or ')}`)
}

/** The principal of a request whose route asks for a scope. */
export function principalOf(request: FastifyRequest): Principal {
  if (request.principal === null) throw new Error(`${request.routeOptions.url} asks for no scope`)
  return request.principal
}

/** Who did something, as the audit tells it to people. */
export function nameOf({ name, keyId }: Principal): string {
  return `${name} (${keyId})`
}

/** What stands for the address of who sends a request when a trusted proxy has said something that is none. No key is for it. */
export const ADDRESS_UNKNOWN = 'unknown'

/** Where a request comes from. What a trusted proxy says in place of an address is never taken for the proxy's own. */
export function addressOf({ ip, headers, socket }: Pick<FastifyRequest, 'ip' | 'headers' | 'socket'>): string {
  if (isIP(ip) === 0) return withoutPort(ip)
  const told = headers['x-forwarded-for']
  const isEmpty = told !== undefined && String(told).split(',').at(-1)?.trim() === ''
  return isEmpty && ip === socket.remoteAddress ? ADDRESS_UNKNOWN : ip
}

function withoutPort(text: string): string {
  const address = /^\[(.+)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? ''
  return isIP(address) === 0 ? ADDRESS_UNKNOWN : address
}

/** The text of the key that a request brings, in whichever field: a request with two different ones comes no further than its head. */
export function keyIn({ headers }: Pick<FastifyRequest, 'headers'>): string | undefined {
  return keysIn((name) => headers[name]?.toString())[0]
}

/** The session that a request brings. Uploads are for machines: none authorises one. */
function sessionIn(request: FastifyRequest): string | undefined {
  return request.routeOptions.config.takesUploads ? undefined : tokenIn(request)
}
