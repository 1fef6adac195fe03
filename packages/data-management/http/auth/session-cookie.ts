/** The session cookie. Scripts cannot read it (HttpOnly), and other sites cannot cause it to be sent (SameSite). */
import type { FastifyReply, FastifyRequest } from 'fastify'

const COOKIE_NAME = 'splitcart_session'
// Browsers accept the prefix `__Host-` only over https and from this host, so no other host of the domain can set it.
const COOKIE_NAME_OVER_HTTPS = `__Host-${COOKIE_NAME}`
const TOKEN = /^[A-Za-z0-9_-]{43}$/

/** The session token of a request. None if there are two cookies: another host of the domain may have set one. */
export function cookieTokenIn(request: Pick<FastifyRequest, 'headers' | 'protocol'>): string | undefined {
  const name = cookieName(request)
  const values = (request.headers.cookie ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1))
  const [token = ''] = values
  return values.length === 1 && TOKEN.test(token) ? token : undefined
}

/** Sets the cookie for as long as the session lasts. */
export function setSessionCookie(request: FastifyRequest, reply: FastifyReply, token: string, seconds: number): void {
  reply.header('set-cookie', `${cookieName(request)}=${token}; Max-Age=${seconds}; ${cookieAttributes(request)}`)
}

/** Deletes the cookie. */
export function clearSessionCookie(request: FastifyRequest, reply: FastifyReply): void {
  reply.header('set-cookie', `${cookieName(request)}=; Max-Age=0; ${cookieAttributes(request)}`)
}

/** Over https, also if a trusted proxy reports it, the cookie is `Secure`: browsers never send it over plain http. */
function cookieAttributes({ protocol }: FastifyRequest): string {
  return `Path=/; HttpOnly; SameSite=Strict${protocol === 'https' ? '; Secure' : ''}`
}

function cookieName({ protocol }: Pick<FastifyRequest, 'protocol'>): string {
  return protocol === 'https' ? COOKIE_NAME_OVER_HTTPS : COOKIE_NAME
}
