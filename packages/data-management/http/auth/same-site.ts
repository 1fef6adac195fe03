/**
 * Protection against cross-site request forgery: a cookie is sent along even if a foreign page caused the request.
 * Browsers say in `Sec-Fetch-Site` whether this site caused it; where that is missing, `Origin` is compared.
 */
import { Problem } from '@splitcart/shared/problem.ts'
import type { FastifyRequest } from 'fastify'

type RequestHead = Pick<FastifyRequest, 'headers' | 'method' | 'host'>

/** Throws `cross_site` unless a request with a cookie is GET or HEAD, or states that it comes from this site. */
export function checkSameSite(request: RequestHead): void {
  if (request.method === 'GET' || request.method === 'HEAD') return
  if (requestOrigin(request) !== 'here') throw new Problem('cross_site')
}

/** Throws `cross_site` if a request states that it comes from another site; programs state nothing and pass. */
export function checkNotForeign(request: RequestHead): void {
  if (requestOrigin(request) === 'elsewhere') throw new Problem('cross_site')
}

function requestOrigin({ headers, host }: RequestHead): 'here' | 'elsewhere' | 'unknown' {
  const { 'sec-fetch-site': site, origin } = headers
  // `same-site` counts as elsewhere: it means another host of the same domain.
  if (site !== undefined) return site === 'same-origin' ? 'here' : 'elsewhere'
  if (origin === undefined) return 'unknown'
  return URL.canParse(origin) && new URL(origin).host === host ? 'here' : 'elsewhere'
}
