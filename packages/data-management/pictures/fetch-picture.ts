/**
 * Fetches a picture from a URL in a row. Such a URL is not trusted: only https; only addresses of the public internet,
 * checked after the name is resolved and for each redirect; limited bytes and time; no credentials; only pictures.
 */
import { get } from 'node:https'
import type { LookupFunction } from 'node:net'
import { isIP } from 'node:net'
import { type PictureType, pictureTypeOf } from './picture-type.ts'

/** The bytes of a picture, and its media type. */
export type Picture = Readonly<{ bytes: Buffer; type: PictureType }>

/** An IP address that a host name resolves to; `family`: 4 or 6. */
export type ResolvedAddress = Readonly<{ address: string; family: number }>

/** The network access, replaceable in tests. */
export type Internet = Readonly<{
  resolve: (host: string) => Promise<readonly ResolvedAddress[]>
  isAllowed: (address: string) => boolean
  /** The trusted certificate authorities; default: those of Node. */
  ca?: string
}>

/** A picture could not be fetched; the message says why. */
export class NoPicture extends Error {
  override readonly name = 'NoPicture'
}

const BYTES_MAX = 2 * 1024 * 1024
const MS_MAX = 8_000
const REDIRECTS_MAX = 3
const REDIRECTS = new Set([301, 302, 303, 307, 308])
// Servers that honour `accept` send no web page in place of a missing picture.
const HEADERS = { accept: 'image/avif,image/webp,image/png,image/jpeg,image/gif', 'accept-encoding': 'identity' }

/** Fetches a picture. Throws `NoPicture`. */
export async function fetchPicture(address: string, internet: Internet): Promise<Picture> {
  const signal = AbortSignal.timeout(MS_MAX)
  let url = parseUrl(address)
  for (let hop = 0; hop <= REDIRECTS_MAX; hop++) {
    const addresses = await withDeadline(signal, publicAddressesOf(url, internet))
    const got = await fetchOnce(url, { addresses, ca: internet.ca, signal })
    if (typeof got !== 'string') return checkedPicture(got)
    url = parseUrl(got, url)
  }
  throw new NoPicture(`it leads on more than ${REDIRECTS_MAX} times`)
}

function parseUrl(text: string, base?: URL): URL {
  const url = URL.parse(text, base?.href)
  if (url === null) throw new NoPicture('its address is none')
  if (url.protocol !== 'https:') throw new NoPicture('its address is not https')
  if (url.username !== '' || url.password !== '') throw new NoPicture('its address has a user in it')
  return url
}

async function publicAddressesOf(url: URL, { resolve, isAllowed }: Internet): Promise<readonly ResolvedAddress[]> {
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const family = isIP(host)
  const addresses = family === 0 ? await resolveHost(host, resolve) : [{ address: host, family }]
  if (addresses.length === 0 || !addresses.every(({ address }) => isAllowed(address)))
    throw new NoPicture('its host is not on the public internet')
  return addresses
}

async function resolveHost(host: string, resolve: Internet['resolve']): Promise<readonly ResolvedAddress[]> {
  try {
    return await resolve(host)
  } catch {
    throw new NoPicture('its host is not known')
  }
}

async function withDeadline<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>()
  const end = () => late.reject(new NoPicture('it took too long'))
  signal.addEventListener('abort', end)
  try {
    return await Promise.race([promise, late.promise])
  } finally {
    signal.removeEventListener('abort', end)
  }
}

type FetchOptions = Readonly<{ addresses: readonly ResolvedAddress[]; ca: string | undefined; signal: AbortSignal }>

/** The bytes, or the location of a redirect. Connects to the checked addresses, without resolving the name again. */
async function fetchOnce(url: URL, { addresses, ca, signal }: FetchOptions): Promise<Buffer | string> {
  const lookup: LookupFunction = (_host, options, done) =>
    options.all ? done(null, [...addresses]) : done(null, addresses[0]!.address, addresses[0]!.family)
  const { promise, resolve, reject } = Promise.withResolvers<Buffer | string>()
  const request = get(url, { lookup, ca, signal, agent: false, headers: HEADERS }, (response) => {
    const { statusCode = 0, headers } = response
    const refuse = (why: string) => {
      request.destroy()
      reject(new NoPicture(why))
    }
    if (REDIRECTS.has(statusCode) && headers.location !== undefined) {
      request.destroy()
      return resolve(headers.location)
    }
    if (statusCode !== 200) return refuse(`its shop answers ${statusCode}`)
    if (Number(headers['content-length'] ?? 0) > BYTES_MAX) return refuse('it is too large')
    const parts: Buffer[] = []
    let length = 0
    response.on('data', (part: Buffer) => {
      length += part.length
      if (length > BYTES_MAX) return refuse('it is too large')
      parts.push(part)
    })
    response.on('end', () => resolve(Buffer.concat(parts)))
    response.on('error', () => refuse('its shop broke off'))
  })
  request.on('error', () => reject(new NoPicture(signal.aborted ? 'it took too long' : 'its shop cannot be reached')))
  return await promise
}

function checkedPicture(bytes: Buffer): Picture {
  const type = pictureTypeOf(bytes)
  if (type === undefined) throw new NoPicture('what its shop answers is no picture')
  return { bytes, type }
}
