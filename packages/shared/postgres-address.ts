/** Addresses of PostgreSQL: how they are read, what is left out where they are shown, and that the way there is encrypted. */
import { isLoopback } from './loopback.ts'

// The client of PostgreSQL takes all of these for verify-full, and warns that it will not for ever.
const WEAK_SSLMODE = /([?&]sslmode=)(?:prefer|require|verify-ca)(?=&|$)/

const PARTS = /^(?<before>postgres(?:ql)?:\/\/(?:[^/?#]*@)?)(?<hosts>[^/?#]*)(?<after>.*)$/

/**
 * An address for each machine that one names, in its order: libpq's "Specifying Multiple Hosts", each with a port of its own or the usual
 * one.
 */
export function addressesOf(address: string): readonly string[] {
  const { before = '', hosts = '', after = '' } = PARTS.exec(address)?.groups ?? {}
  return hosts.includes(',') ? hosts.split(',').map((host) => `${before}${host}${after}`) : [address]
}

/** Whether only a machine that can be written will do: of several one is looked for, unless the address says something else. */
export function mustBeWritable(address: string): boolean {
  const several = addressesOf(address)
  const said = urlOfPostgres(several[0]!)?.searchParams.get('target_session_attrs')
  return said === undefined || said === null ? several.length > 1 : said !== 'any'
}

/** A URL of an address: a user before a socket has no host behind the "@". Null where it is none. */
export function urlOfPostgres(address: string): URL | null {
  return URL.parse(address.replace('@/', '@localhost/'))
}

/** The address with the mode in which the client connects: beyond this machine encrypted, unless it says something else itself. */
export function encrypted(address: string): string {
  const urls = addressesOf(address).map(urlOfPostgres)
  if (urls.some((url) => url?.searchParams.has('sslmode'))) return address.replace(WEAK_SSLMODE, '$1verify-full')
  return urls.every(isHere) ? address : `${address}${address.includes('?') ? '&' : '?'}sslmode=verify-full`
}

function isHere(url: URL | null): boolean {
  if (url === null) return true
  const host = url.searchParams.get('host') ?? url.hostname
  return host === '' || host.startsWith('/') || isLoopback(host)
}

/** The address with who may have signed the server's certificate, where it is encrypted and says nothing of that itself. */
export function signedBy(address: string, authority: string | undefined): string {
  const parameters = urlOfPostgres(addressesOf(address)[0]!)?.searchParams
  if (authority === undefined || parameters === undefined || parameters.has('sslrootcert')) return address
  if (parameters.get('sslmode') !== 'verify-full') return address
  return `${address}&sslrootcert=${encodeURIComponent(authority)}`
}

/** An address of whatever kind without the password that may be in it, before its host or among its parameters. */
export function withoutPassword(address: string): string {
  return address.replace(/:\/\/.*@/, '://…@').replace(/([?&](?:ssl)?pass(?:word)?=)[^&]*/gi, '$1…')
}
