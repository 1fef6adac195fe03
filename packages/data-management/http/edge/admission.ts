/**
 * The checks that a request with a valid key must pass before its body is read: requests per minute, concurrent uploads
 * and daily quota.
 *
 *   head ─▶ key ─▶ scope ─▶ rate ─▶ uploads ─▶ quota ─▶ (the route: backlog, disk space, fields, 100-continue, body)
 */
import { Problem } from '@splitcart/shared/problem.ts'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { principalOf } from '../auth/authentication.ts'
import type { Services } from '../services.ts'
import { freshnessContext, runQuery } from '../threads/query-context.ts'
import { Quotas } from './quotas.ts'
import type { ServerLimits } from './server-limits.ts'
import { TokenBuckets } from './token-buckets.ts'

/**
 * Counts one request against the key's limit per minute, or throws `too_many_requests`. `refund` takes one back: the
 * upload of a new file does not count, since other limits apply to it.
 */
export type RequestCounter = ((keyId: string, steadyMs: number) => void) &
  Readonly<{ refund: (keyId: string, steadyMs: number) => void }>

/** Creates a counter of requests per key and minute. */
export function openRequestCounter({ requestsPerMinuteMax }: ServerLimits): RequestCounter {
  if (requestsPerMinuteMax === Number.POSITIVE_INFINITY) return Object.assign(() => {}, { refund: () => {} })
  const requests = new TokenBuckets(requestsPerMinuteMax)
  const take = (keyId: string, now: number) => {
    const waitMs = requests.take(keyId, now)
    if (waitMs === 0) return
    const retryAfterSeconds = Math.max(1, Math.ceil(waitMs / 1000))
    throw new Problem('too_many_requests', `more than ${requestsPerMinuteMax} in a minute`, { retryAfterSeconds })
  }
  return Object.assign(take, { refund: (keyId: string, now: number) => requests.refund(keyId, now) })
}

/** Adds hooks that check every request of a route with scopes. */
export function addAdmissionChecks(
  server: FastifyInstance,
  services: Services,
  limits: ServerLimits,
  countRequest: RequestCounter,
): void {
  const { inbox, queries } = services
  const uploads = new UploadsInProgress(limits.uploadsAtOnceMax)
  const quotas = new Quotas(
    (keyId, since) => runQuery(queries, 'sent', { keyId, since }, { keyId: null, now: inbox.now() }),
    limits,
    freshnessContext(services).zone,
  )
  server.addHook('onRequest', async (request, reply) => {
    const { scopes, takesUploads } = request.routeOptions.config
    if (scopes === undefined) return
    const { keyId } = principalOf(request)
    countRequest(keyId, inbox.steady())
    if (!takesUploads || (request.method !== 'POST' && request.method !== 'PATCH')) return
    uploads.enter(keyId, reply)
    // A PATCH is not checked: an upload that was opened within the quota may be finished.
    if (request.method === 'POST') await quotas.check(keyId, uploads.otherUploadsOf(keyId), inbox.now())
  })
  server.addHook('onResponse', async (request, reply) => {
    const { isFreeWhenNew } = request.routeOptions.config
    if (isFreeWhenNew && reply.statusCode === 201) countRequest.refund(principalOf(request).keyId, inbox.steady())
  })
}

/** Counts the uploads in progress per key. */
class UploadsInProgress {
  readonly #max: number
  readonly #open = new Map<string, number>()

  constructor(max: number) {
    this.#max = max
  }

  otherUploadsOf(keyId: string): number {
    return (this.#open.get(keyId) ?? 1) - 1
  }

  /** Counts an upload until it is answered or its connection closes. Throws `too_many_uploads`. */
  enter(keyId: string, reply: FastifyReply): void {
    const open = this.#open.get(keyId) ?? 0
    if (open >= this.#max) throw new Problem('too_many_uploads', `${open} are on their way, ${this.#max} may be`)
    // The connection is closed already: no `close` event would follow to stop counting.
    if (reply.raw.destroyed) return
    this.#open.set(keyId, open + 1)
    reply.raw.once('close', () => {
      const left = this.#open.get(keyId)! - 1
      if (left === 0) this.#open.delete(keyId)
      else this.#open.set(keyId, left)
    })
  }
}
