/**
 * Authentication and scopes: every route but the open ones names its scopes and refuses principals without one of them.
 *
 *   X-API-Key, X-Internal-API-Key,
 *   Authorization ─▶ key ─────────────────────────┐
 *   cookie ─▶ wanted by our own page? ─▶ session ─┴─▶ principal ─▶ scope
 */
import { isIP } from 'node:net'
import { Problem } from '@splitcart/shared/problem.ts'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ReceivingContext } from '../../inbox/accept.ts'
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
    /** A request that creates something new (201) does not count against the key's limit per minute. */
    isFreeWhenNew?: true
    /** A session alone is not enough: the request must bring a key. */
    wantsKey?: true
  }
  interface FastifyRequest {
    principal: Principal | null
  }
}

/** Finds the principal of a request. */
export type Authenticator = Readonly<{
  /** The principal of a key. Throws the answer to a wrong key, which counts as a failure of the address. */
  ofKey: (text: string | undefined, request: FastifyRequest) => Promise<Principal>
  /** The principal of the key, or else of the session, in a request. Throws as `ofKey` does. */
  ofRequest: (request: FastifyRequest) => Promise<Principal>
  /** Checks again during a long answer; undefined: key or session has ended. Never counts as a failure. */
  revalidate: (request: FastifyRequest) => Promise<Principal | undefined>
  /** The answer to a wrong code; counts as a failure of the address, like a wrong key. */
  ofWrongCode: (refusal: Problem, request: FastifyRequest) => Problem
  /** The key or session token of a request; empty if it has none. */
  credentialOf: (request: FastifyRequest) => string
}>

/** Makes an authenticator for keys and sessions, which counts failures per address. */
export function openAuthenticator(
  { ledger: { keys, sessions }, now, steady }: ReceivingContext,
  limits: ServerLimits,
): Authenticator {
  const failures = new Failures(limits.failuresPerMinuteMax)
  const mayComeFrom = addressCheck()
  const known = (principal: Principal | undefined, request: FastifyRequest) => {
    if (principal === undefined || !mayComeFrom(principal, request))
      throw failures.answerTo(addressOf(request), steady())
    return principal
  }
  const ofKey = async (text: string | undefined, request: FastifyRequest) => {
    // A request without a key is no attempt at guessing one, so it does not count as a failure.
    if (text === undefined) throw new Problem('key_refused')
    return known(await keys.authenticate(text, now()), request)
  }
  const ofRequest = async (request: FastifyRequest) => {
    const text = apiKeyIn(request)
    const token = text === undefined ? sessionIn(request) : undefined
    if (token === undefined) return ofKey(text, request)
    checkSameSite(request)
    return known((await sessions.find(token, now()))?.principal, request)
  }
  const revalidate = async (request: FastifyRequest) => {
    const text = apiKeyIn(request)
    const found = text === undefined ? sessions.find(sessionIn(request) ?? '', now()) : undefined
    const principal = text === undefined ? (await found)?.principal : await keys.authenticate(text, now())
    return principal !== undefined && mayComeFrom(principal, request) ? principal : undefined
  }
  const credentialOf = (request: FastifyRequest) => apiKeyIn(request) ?? sessionIn(request) ?? ''
  const ofWrongCode = (refusal: Problem, request: FastifyRequest) =>
    failures.answerTo(addressOf(request), steady(), refusal)
  return { ofKey, ofRequest, revalidate, ofWrongCode, credentialOf }
}

// A client with a stolen key learns only that it is refused; the log has the reason, once a minute per key and address.
function addressCheck(): (principal: Principal, request: FastifyRequest) => boolean {
  const lines = new TokenBuckets(1)
  return ({ keyId, onlyFrom }, request) => {
    const address = addressOf(request)
    if (onlyFrom === null || membership(onlyFrom)(address)) return true
    if (lines.take(`${keyId} ${countedAddress(address)}`, performance.now()) === 0)
      request.log.warn({ key: keyId, address }, 'key used from an address that it is not for')
    return false
  }
}

/** Authenticates each request, and checks its scope, before anything else of it is read. */
export function authenticate(
  server: FastifyInstance,
  { ledger: { keys }, now }: ReceivingContext,
  authenticator: Authenticator,
): void {
  server.decorateRequest('principal', null)
  server.addHook('onRequest', async (request) => {
    const { scopes, wantsKey } = request.routeOptions.config
    if (scopes === undefined) return
    const principal = await authenticator.ofRequest(request)
    checkScope(principal, scopes)
    if (wantsKey && apiKeyIn(request) === undefined)
      throw new Problem('key_wanted', 'the request brings a session only')
    request.principal = principal
    await keys.recordUse(principal.keyId, addressOf(request), now())
  })
}

/** Throws `scope_missing` unless the principal has one of the scopes. */
export function checkScope(principal: Principal, scopes: readonly Scope[]): void {
  if (!scopes.some((scope) => principal.scopes.has(scope)))
    throw new Problem('scope_missing', `this needs a key with the scope ${scopes.join(' or ')}`)
}

/** The principal of a request whose route requires a scope. */
export function principalOf(request: FastifyRequest): Principal {
  if (request.principal === null) throw new Error(`${request.routeOptions.url} asks for no scope`)
  return request.principal
}

/** The principal's name and key id, as the audit log shows them. */
export function nameOf({ name, keyId }: Principal): string {
  return `${name} (${keyId})`
}

/** The client's address when a trusted proxy sends an invalid one. It matches no `onlyFrom` of a key. */
const ADDRESS_UNKNOWN = 'unknown'

/** The client's address. If a trusted proxy sends an invalid one, the proxy's own address is never used instead. */
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

/** The key of a request, from whichever field has it; a request with two different keys was refused at its head. */
export function apiKeyIn({ headers }: Pick<FastifyRequest, 'headers'>): string | undefined {
  return keysIn((name) => headers[name]?.toString())[0]
}

/** The session token of a request. A session never authorises an upload: uploads are for machines. */
function sessionIn(request: FastifyRequest): string | undefined {
  return request.routeOptions.config.takesUploads ? undefined : tokenIn(request)
}
