/**
 * Whether what a browser asks for was wanted by the page of this server, and not by a page of somebody else that the browser shows as
 * well: a cookie goes along either way. Browsers say who asked in `Sec-Fetch-Site`, and in `Origin` where they do not.
 */
import { Problem } from '@splitcart/shared/problem.ts'
import type { FastifyRequest } from 'fastify'

type Asked = Pick<FastifyRequest, 'headers' | 'method' | 'host'>

/** Throws `cross_site` unless a request that brings a cookie only looks, or says that it comes from here. */
export function checkSameSite(request: Asked): void {
  if (request.method === 'GET' || request.method === 'HEAD') return
  if (whence(request) !== 'here') throw new Problem('cross_site')
}

/** Throws `cross_site` when a request says that it comes from elsewhere; a program says nothing. */
export function checkNotForeign(request: Asked): void {
  if (whence(request) === 'elsewhere') throw new Problem('cross_site')
}

function whence({ headers, host }: Asked): 'here' | 'elsewhere' | 'unknown' {
  const { 'sec-fetch-site': site, origin } = headers
  // A page of another host of the same domain is somebody else's, too.
  if (site !== undefined) return site === 'same-origin' ? 'here' : 'elsewhere'
  if (origin === undefined) return 'unknown'
  return URL.canParse(origin) && new URL(origin).host === host ? 'here' : 'elsewhere'
}
