/** Parsers of setting values. Each throws an Error whose message is what it expects. */
import { isIP } from 'node:net'
import { homedir } from 'node:os'
import { faultOfKind, PRODUCTS } from './kinds.ts'
import { parsePostgresUrl, splitHosts } from './postgres-address.ts'
import { TimeZone } from './time-zone.ts'

const KIB = 1024
const MIB = 1024 * KIB

/** Any text. */
export function text(value: string): string {
  return value
}

/** An API key of any length: a sender accepts any key it was given. The server checks the strength of its own. */
export function key(value: string): string {
  if (!/^[\x21-\x7e]+$/.test(value)) throw new Error('printable ASCII characters without spaces')
  return value
}

/**
 * The path of a file or folder. Control characters are refused: in `.env`, a double-quoted `"C:\\new"` holds a line
 * break. A leading ~ is this user's home; other shell expansions are refused, as they would name a new folder here.
 */
export function path(value: string): string {
  if (/\p{Cc}/u.test(value)) throw new Error('a path without line breaks and tabs (in .env, without quotes)')
  if (/^~(?=$|[\\/])/.test(value)) return homedir() + value.slice(1)
  if (value.startsWith('~')) throw new Error('a path; ~ may stand for the home of this user only')
  if (/%[A-Za-z_][\w()]*%|^\$(?:\w|\{)/.test(value))
    throw new Error('a whole path; %NAME% and $NAME are not replaced here')
  return value
}

/** An http or https address without a password in it. */
export function url(value: string): URL {
  const parsed = URL.canParse(value) ? new URL(value) : undefined
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol)) throw new Error('an http or https address')
  if (parsed.username !== '' || parsed.password !== '') throw new Error('an address without user name and password')
  return parsed
}

/** The URL of a proxy; http:// is the default scheme. It may contain a user name and a password. */
export function proxy(value: string): URL {
  const address = value.includes('://') ? value : `http://${value}`
  const parsed = URL.canParse(address) ? new URL(address) : undefined
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol))
    throw new Error('the http or https address of a proxy')
  if (!isDecodable(parsed.username) || !isDecodable(parsed.password))
    throw new Error('the address of a proxy with %25 for each "%" of the user name and the password')
  return parsed
}

/** Whether a part of a URL is validly percent-encoded, as its consumers will decode it. */
export function isDecodable(part: string): boolean {
  try {
    decodeURIComponent(part)
    return true
  } catch {
    return false
  }
}

/** The address of a database: `sqlite:<path>`, or a PostgreSQL URL with one or more hosts. */
export function database(value: string): string {
  if (!/^(sqlite:.|postgres(ql)?:\/\/.)/.test(value)) throw new Error('sqlite:<path> or postgres://<host>/<database>')
  if (value.startsWith('sqlite:')) return `sqlite:${path(value.slice('sqlite:'.length))}`
  const addresses = splitHosts(value)
  if (!addresses.every((address) => isOfPostgres(address, addresses.length > 1)))
    throw new Error(
      'postgres://<user>:<password>@<host>:<port>,<host>:<port>/<database>, and in the password %23 for "#", %2F for "/" and %40 for "@"',
    )
  const said = parsePostgresUrl(addresses[0]!)?.searchParams.get('target_session_attrs') ?? null
  if (said !== null && !SESSION_ATTRS.includes(said))
    throw new Error(`an address whose target_session_attrs is ${SESSION_ATTRS.join(', ')}: loads write`)
  return value
}

const SESSION_ATTRS = ['read-write', 'primary', 'any']

function isOfPostgres(address: string, isOneOfSeveral: boolean): boolean {
  const url = parsePostgresUrl(address)
  if (url === null || url.hash !== '') return false
  return !isOneOfSeveral || (url.hostname !== '' && !url.searchParams.has('host') && !url.searchParams.has('port'))
}

/** Names of kinds of files, separated by commas. `products` is always included. */
export function kinds(value: string): readonly string[] {
  const names = value.split(',').map((name) => name.trim())
  for (const name of names) {
    const fault = faultOfKind(name)
    if (fault !== undefined)
      throw new Error(`names of kinds with commas between them; ${JSON.stringify(name)} ${fault}`)
  }
  return [...new Set([PRODUCTS, ...names])]
}

/** Where the inbox is: a folder, or the NATS servers of a fleet. */
export function inbox(value: string): string {
  if (!/^(file:.|(nats|tls):\/\/.)/.test(value)) throw new Error('file:<data dir> or nats://<host>,<host>,<host>')
  return value.startsWith('file:') ? `file:${path(value.slice('file:'.length))}` : value
}

/** Makes the reader of a whole number from `min` to `max`. */
export function wholeNumber(min: number, max: number = Number.MAX_SAFE_INTEGER): (value: string) => number {
  return (value) => {
    const number = /^\d+$/.test(value) ? Number(value) : Number.NaN
    if (!(number >= min && number <= max))
      throw new Error(`a whole number from ${min}${max < Number.MAX_SAFE_INTEGER ? ` to ${max}` : ''}`)
    return number
  }
}

/** Bytes per second, with suffixes as in curl and wget: k is 1024 bytes. Less than 1k is refused as a typing error. */
export function rate(value: string): number {
  const { digits = '', unit = '' } = /^(?<digits>\d{1,9})(?<unit>[kKmM]?)$/.exec(value)?.groups ?? {}
  const bytes = Number(digits) * ({ k: KIB, m: MIB }[unit.toLowerCase()] ?? 1)
  if (bytes < KIB) throw new Error('bytes a second, at least 1k, such as 500k or 2M')
  return bytes
}

/** A share from 0 to 1. */
export function share(value: string): number {
  const number = /^(0|1|0?\.\d+|1\.0+)$/.test(value) ? Number(value) : Number.NaN
  if (!(number >= 0 && number <= 1)) throw new Error('a share from 0 to 1')
  return number
}

/** Makes the reader of a setting that is one of `words`. */
export function oneOf<const Word extends string>(words: readonly Word[]): (value: string) => Word {
  return (value) => {
    if (!(words as readonly string[]).includes(value)) throw new Error(`one of ${words.join(', ')}`)
    return value as Word
  }
}

/** A time zone by its IANA name, in canonical spelling. Offsets are refused: they have no daylight saving. */
export function timeZone(value: string): string {
  const isName = /^[A-Za-z]/.test(value) && !/\s/.test(value)
  try {
    if (isName) return new TimeZone(value).name
  } catch {}
  throw new Error('the name of a time zone, such as Australia/Sydney or UTC')
}

/** A currency by its code in ISO 4217. */
export function currency(value: string): string {
  if (Intl.supportedValuesOf('currency').includes(value)) return value
  throw new Error('the code of a currency, such as AUD')
}

/** IP addresses and networks (CIDR), separated by commas. */
export function networks(value: string): readonly string[] {
  const parts = value.split(',').map((part) => part.trim())
  if (!parts.every(isAddressOrNetwork)) throw new Error('IP addresses and networks, such as 127.0.0.1,10.0.0.0/8')
  return parts
}

/** Whether a text is an IP address or a network in CIDR notation. */
export function isAddressOrNetwork(part: string): boolean {
  const { address = '', length } = /^(?<address>[^/]+)(?:\/(?<length>\d{1,3}))?$/.exec(part)?.groups ?? {}
  const version = isIP(address)
  return version !== 0 && Number(length ?? 0) <= (version === 4 ? 32 : 128)
}
