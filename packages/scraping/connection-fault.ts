/** Explains why a request got no response: the network, a proxy, or the server's certificate. */
import { codeOf } from '@splitcart/shared/disk.ts'
import { Problem } from '@splitcart/shared/problem.ts'

const UNKNOWN_SIGNER = 'is signed by nobody whom this machine knows'

const CERTIFICATE_FAULTS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'has expired',
  CERT_NOT_YET_VALID: 'is not valid yet',
  CERT_REVOKED: 'was revoked',
  DEPTH_ZERO_SELF_SIGNED_CERT: UNKNOWN_SIGNER,
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_SIGNER,
  UNABLE_TO_GET_ISSUER_CERT: UNKNOWN_SIGNER,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_SIGNER,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_SIGNER,
  ERR_TLS_CERT_ALTNAME_INVALID: 'is for another name',
}
const CLOCK_CODES = new Set(['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID'])
// Error codes when a TLS client connects to a plain http port.
const PLAIN_HTTP_CODES = new Set([
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_SSL_PACKET_LENGTH_TOO_LONG',
  'ERR_SSL_HTTP_REQUEST',
])

/** Converts the error of a request without a response to a Problem; returns anything but an Error unchanged. */
export function connectionFault(url: URL, cause: unknown, now: number): unknown {
  if (!(cause instanceof Error)) return cause
  const chain = causesOf(cause)
  const proxyStatus = chain.map(({ message }) => /Proxy response \((\d+)\)/.exec(message)?.[1]).find(Boolean)
  if (proxyStatus !== undefined) return new Problem('proxy_refused', refusalOf(url, Number(proxyStatus)), { cause })
  const reason = chain[1] ?? cause
  const code = codeOf(reason)
  const fault = CERTIFICATE_FAULTS[code]
  if (fault !== undefined) {
    const clock = CLOCK_CODES.has(code) ? `; the clock of this machine says ${new Date(now).toISOString()}` : ''
    const names = 'reason' in reason && typeof reason.reason === 'string' ? ` (${reason.reason})` : ''
    return new Problem('certificate_refused', `that of ${url.host} ${fault}${names}${clock}`, { cause })
  }
  const said = PLAIN_HTTP_CODES.has(code)
    ? 'what answers there does not speak https'
    : reason.message || code || reason.name
  return new Problem('server_unreachable', `${url.host}: ${said}`, { cause })
}

function refusalOf(url: URL, status: number): string {
  if (status === 407) return `on the way to ${url.host} it asks for a user name and a password (407)`
  return `it does not lead to ${url.host} (${status})`
}

function causesOf(error: Error): Error[] {
  return error.cause instanceof Error ? [error, ...causesOf(error.cause)] : [error]
}
