/** The cookie that a session lives in. Scripts cannot read it, and no other site makes a browser send it. */
import type { FastifyReply, FastifyRequest } from 'fastify'

const NAME = 'splitcart_session'
// Browsers take a cookie of this name from this very host and over https only: no host beside ours can plant one.
const NAME_OVER_HTTPS = `__Host-${NAME}`
const TOKEN = /^[A-Za-z0-9_-]{43}$/

/** The token that a request brings. None where there are two: somebody who has a host beside ours has put one before the other. */
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

/** Gives a browser the token, for as long as its session lasts. */
export function setToken(request: FastifyRequest, reply: FastifyReply, token: string, seconds: number): void {
  reply.header('set-cookie', `${nameFor(request)}=${token}; Max-Age=${seconds}; ${attributesFor(request)}`)
}

/** Takes the token from a browser. */
export function clearToken(request: FastifyRequest, reply: FastifyReply): void {
  reply.header('set-cookie', `${nameFor(request)}=; Max-Age=0; ${attributesFor(request)}`)
}

/** Over https, also where a proxy that is trusted says so, the browser never sends it in plain http. */
function attributesFor({ protocol }: FastifyRequest): string {
  return `Path=/; HttpOnly; SameSite=Strict${protocol === 'https' ? '; Secure' : ''}`
}

function nameFor({ protocol }: Pick<FastifyRequest, 'protocol'>): string {
  return protocol === 'https' ? NAME_OVER_HTTPS : NAME
}
