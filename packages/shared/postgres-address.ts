/** Addresses of PostgreSQL: how they are read, what is left out where they are shown, and that the way there is encrypted. */
import { isLoopback } from './loopback.ts'

// The client of PostgreSQL takes all of these for verify-full, and warns that it will not for ever.
const WEAK_SSLMODE = /([?&]sslmode=)(?:prefer|require|verify-ca)(?=&|$)/

/** A URL of an address: a user before a socket has no host behind the "@". Null where it is none. */
export function urlOfPostgres(address: string): URL | null {
  return URL.parse(address.replace('@/', '@localhost/'))
}

/** The address with the mode in which the client connects: beyond this machine encrypted, unless it says something else itself. */
export function encrypted(address: string): string {
  const url = urlOfPostgres(address)
  if (url === null) return address
  if (url.searchParams.has('sslmode')) return address.replace(WEAK_SSLMODE, '$1verify-full')
  const host = url.searchParams.get('host') ?? url.hostname
  const isHere = host === '' || host.startsWith('/') || isLoopback(host)
  return isHere ? address : `${address}${address.includes('?') ? '&' : '?'}sslmode=verify-full`
}

/** The address with who may have signed the server's certificate, where it is encrypted and says nothing of that itself. */
export function signedBy(address: string, authority: string | undefined): string {
  const parameters = urlOfPostgres(address)?.searchParams
  if (authority === undefined || parameters === undefined || parameters.has('sslrootcert')) return address
  if (parameters.get('sslmode') !== 'verify-full') return address
  return `${address}&sslrootcert=${encodeURIComponent(authority)}`
}

/** An address of whatever kind without the password that may be in it, before its host or among its parameters. */
export function withoutPassword(address: string): string {
  return address.replace(/:\/\/.*@/, '://…@').replace(/([?&](?:ssl)?pass(?:word)?=)[^&]*/gi, '$1…')
}
