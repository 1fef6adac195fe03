/**
 * Authentication and scopes: a route without `scopes` is open; any other refuses principals with none of its scopes.
 *
 *   X-API-Key, X-Internal-API-Key,
 *   Authorization ─▶ key ─────────────────────────┐
 *   cookie ─▶ sent by our own page? ─▶ session ───┴─▶ principal ─▶ scope
 */
import { isIP } from 'node:net'
import { Problem } from '@splitcart/shared/problem.ts'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ReceivingContext } from '../../inbox/accept.ts'
import type { Principal, Scope } from '../../ledger/keys.ts'
import { FailureLimiter } from '../edge/failures.ts'
import { keysIn } from '../edge/head.ts'
import { addressLimitKey, networkMatcher, type ServerLimits } from '../edge/server-limits.ts'
import { TokenBuckets } from '../edge/token-buckets.ts'
import { checkSameSite } from './same-site.ts'
import { cookieTokenIn } from './session-cookie.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Any one of these scopes is enough; none: the route is open. */
    scopes?: readonly Scope[]
    /** The route takes uploads: a session is not enough for it, and other limits apply to its bodies. */
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

/** Finds out who a request comes from. */
export type Authenticator = Readonly<{
  /** The principal of a key's text. A wrong key throws, and counts as a failure of the client's address. */
  authenticateKey: (text: string | undefined, request: FastifyRequest) => Promise<Principal>
  /** The principal of the key in a request, or else of its session. Throws like `authenticateKey`. */
  authenticateRequest: (request: FastifyRequest) => Promise<Principal>
  /** The principal, checked again during a long answer; undefined: the key or session has ended. Counts no failure. */
  revalidate: (request: FastifyRequest) => Promise<Principal | undefined>
  /** Counts a wrong one-time code as a failure of the client's address; returns the problem to answer with. */
  problemOfWrongCode: (refusal: Problem, request: FastifyRequest) => Problem
  /** The key or session token of a request; empty if it has none. */
  credentialOf: (request: FastifyRequest) => string
}>

/** Creates an authenticator for keys and sessions. It counts failures per address. */
export function openAuthenticator(
  { ledger: { keys, sessions }, now, steady }: ReceivingContext,
  limits: ServerLimits,
): Authenticator {
  const failures = new FailureLimiter(limits.failuresPerMinuteMax)
  const mayComeFrom = addressCheck()
  const checked = (principal: Principal | undefined, request: FastifyRequest) => {
    if (principal === undefined || !mayComeFrom(principal, request))
      throw failures.problemOfFailure(clientIp(request), steady())
    return principal
  }
  const authenticateKey = async (text: string | undefined, request: FastifyRequest) => {
    // A request without a key is no attempt at guessing one, so it does not count as a failure.
    if (text === undefined) throw new Problem('key_refused')
    return checked(await keys.authenticate(text, now()), request)
  }
  const authenticateRequest = async (request: FastifyRequest) => {
    const text = apiKeyIn(request)
    const token = text === undefined ? sessionTokenOf(request) : undefined
    if (token === undefined) return authenticateKey(text, request)
    checkSameSite(request)
    return checked((await sessions.find(token, now()))?.principal, request)
  }
  const revalidate = async (request: FastifyRequest) => {
    const text = apiKeyIn(request)
    const found = text === undefined ? sessions.find(sessionTokenOf(request) ?? '', now()) : undefined
    const principal = text === undefined ? (await found)?.principal : await keys.authenticate(text, now())
    return principal !== undefined && mayComeFrom(principal, request) ? principal : undefined
  }
  const credentialOf = (request: FastifyRequest) => apiKeyIn(request) ?? sessionTokenOf(request) ?? ''
  const problemOfWrongCode = (refusal: Problem, request: FastifyRequest) =>
    failures.problemOfFailure(clientIp(request), steady(), refusal)
  return { authenticateKey, authenticateRequest, revalidate, problemOfWrongCode, credentialOf }
}

// The client learns only that its key is refused; the log has the reason, once a minute per key and address.
function addressCheck(): (principal: Principal, request: FastifyRequest) => boolean {
  const lines = new TokenBuckets(1)
  return ({ keyId, onlyFrom }, request) => {
    const address = clientIp(request)
    if (onlyFrom === null || networkMatcher(onlyFrom)(address)) return true
    if (lines.take(`${keyId} ${addressLimitKey(address)}`, performance.now()) === 0)
      request.log.warn({ key: keyId, address }, 'key used from an address that it is not for')
    return false
  }
}

/** Adds a hook that authenticates each request and checks its scopes, before its body is read. */
export function addAuthentication(
  server: FastifyInstance,
  { ledger: { keys }, now }: ReceivingContext,
  authenticator: Authenticator,
): void {
  server.decorateRequest('principal', null)
  server.addHook('onRequest', async (request) => {
    const { scopes, wantsKey } = request.routeOptions.config
    if (scopes === undefined) return
    const principal = await authenticator.authenticateRequest(request)
    checkScope(principal, scopes)
    if (wantsKey && apiKeyIn(request) === undefined)
      throw new Problem('key_wanted', 'the request brings a session only')
    request.principal = principal
    await keys.recordUse(principal.keyId, clientIp(request), now())
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

/** The name and key id of a principal, as one text for the audit log. */
export function auditName({ name, keyId }: Principal): string {
  return `${name} (${keyId})`
}

/** Stands for the client's address if a trusted proxy sends an invalid one. It matches no key's `onlyFrom`. */
const ADDRESS_UNKNOWN = 'unknown'

/** The client's IP address. If a trusted proxy sends an invalid one, the proxy's own address is not used instead. */
export function clientIp({ ip, headers, socket }: Pick<FastifyRequest, 'ip' | 'headers' | 'socket'>): string {
  if (isIP(ip) === 0) return withoutPort(ip)
  const told = headers['x-forwarded-for']
  const isEmpty = told !== undefined && String(told).split(',').at(-1)?.trim() === ''
  return isEmpty && ip === socket.remoteAddress ? ADDRESS_UNKNOWN : ip
}

function withoutPort(text: string): string {
  const address = /^\[(.+)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? ''
  return isIP(address) === 0 ? ADDRESS_UNKNOWN : address
}

/** The key in the header fields of a request. Requests with two different keys were refused before (`faultOfHead`). */
export function apiKeyIn({ headers }: Pick<FastifyRequest, 'headers'>): string | undefined {
  return keysIn((name) => headers[name]?.toString())[0]
}

/** The session token of a request; undefined on upload routes: uploads need a key. */
function sessionTokenOf(request: FastifyRequest): string | undefined {
  return request.routeOptions.config.takesUploads ? undefined : cookieTokenIn(request)
}
