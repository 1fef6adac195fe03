/** The session cookie. Scripts cannot read it (HttpOnly), and other sites cannot cause it to be sent (SameSite). */
import type { FastifyReply, FastifyRequest } from 'fastify'

const NAME = 'splitcart_session'
// Browsers accept the prefix `__Host-` only over https and from this very host, so no sibling host can set the cookie.
const NAME_OVER_HTTPS = `__Host-${NAME}`
const TOKEN = /^[A-Za-z0-9_-]{43}$/

/** The session token of a request. None if there are two cookies: a sibling host may have set one of them. */
export function tokenIn(request: Pick<FastifyRequest, 'headers' | 'protocol'>): string | undefined {
  const name = nameFor(request)
  const values = (request.headers.cookie ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1))
  const [token = ''] = values
  return values.length === 1 && TOKEN.test(token) ? token : undefined
}

/** Sets the cookie for as long as the session lasts. */
export function setToken(request: FastifyRequest, reply: FastifyReply, token: string, seconds: number): void {
  reply.header('set-cookie', `${nameFor(request)}=${token}; Max-Age=${seconds}; ${attributesFor(request)}`)
}

/** Deletes the cookie. */
export function clearToken(request: FastifyRequest, reply: FastifyReply): void {
  reply.header('set-cookie', `${nameFor(request)}=; Max-Age=0; ${attributesFor(request)}`)
}

/** Over https, also if a trusted proxy reports it, the cookie is `Secure`: browsers never send it over plain http. */
function attributesFor({ protocol }: FastifyRequest): string {
  return `Path=/; HttpOnly; SameSite=Strict${protocol === 'https' ? '; Secure' : ''}`
}

function nameFor({ protocol }: Pick<FastifyRequest, 'protocol'>): string {
  return protocol === 'https' ? NAME_OVER_HTTPS : NAME
}
