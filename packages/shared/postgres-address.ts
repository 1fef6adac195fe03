/** PostgreSQL URLs: parsing, hiding the password for display, and enforcing encryption. */
import { isLoopback } from './loopback.ts'

// The PostgreSQL client treats all of these as verify-full, and warns that this will change.
const WEAK_SSLMODE = /([?&]sslmode=)(?:prefer|require|verify-ca)(?=&|$)/

const ADDRESS_PARTS = /^(?<before>postgres(?:ql)?:\/\/(?:[^/?#]*@)?)(?<hosts>[^/?#]*)(?<after>.*)$/

/**
 * Splits an address with several hosts (libpq's "Specifying Multiple Hosts") into one per host, in order, each with its
 * own port or the default.
 */
export function splitHosts(address: string): readonly string[] {
  const { before = '', hosts = '', after = '' } = ADDRESS_PARTS.exec(address)?.groups ?? {}
  return hosts.includes(',') ? hosts.split(',').map((host) => `${before}${host}${after}`) : [address]
}

/** Whether the connection must be to a writable host: the default if there are several (`target_session_attrs`). */
export function mustBeWritable(address: string): boolean {
  const several = splitHosts(address)
  const said = parsePostgresUrl(several[0]!)?.searchParams.get('target_session_attrs')
  return said === undefined || said === null ? several.length > 1 : said !== 'any'
}

/** Parses an address; null if it is no URL. A socket address has no host after the "@": localhost is inserted. */
export function parsePostgresUrl(address: string): URL | null {
  return URL.parse(address.replace('@/', '@localhost/'))
}

/**
 * The address with `sslmode=verify-full` if a host is beyond this machine. A mode that it sets stays, but prefer,
 * require and verify-ca become verify-full, as the client treats them anyway.
 */
export function withEncryption(address: string): string {
  const urls = splitHosts(address).map(parsePostgresUrl)
  if (urls.some((url) => url?.searchParams.has('sslmode'))) return address.replace(WEAK_SSLMODE, '$1verify-full')
  return urls.every(isThisMachine) ? address : `${address}${address.includes('?') ? '&' : '?'}sslmode=verify-full`
}

function isThisMachine(url: URL | null): boolean {
  if (url === null) return true
  const host = url.searchParams.get('host') ?? url.hostname
  return host === '' || host.startsWith('/') || isLoopback(host)
}

/** Adds `sslrootcert`, the CA that must have signed the server's certificate, if encrypted and not yet set. */
export function withRootCertificate(address: string, authority: string | undefined): string {
  const parameters = parsePostgresUrl(splitHosts(address)[0]!)?.searchParams
  if (authority === undefined || parameters === undefined || parameters.has('sslrootcert')) return address
  if (parameters.get('sslmode') !== 'verify-full') return address
  return `${address}&sslrootcert=${encodeURIComponent(authority)}`
}

/** Any address with the password hidden: before the host, with the user name, and among the parameters. */
export function withoutPassword(address: string): string {
  return address.replace(/:\/\/.*@/, '://…@').replace(/([?&](?:ssl)?pass(?:word)?=)[^&]*/gi, '$1…')
}
