/** The limits of a server: how many requests, uploads and connections it accepts, and from which addresses. */
import { BlockList, isIP } from 'node:net'

/** The limits of a server, with its trusted proxies and TLS certificate; `UNLIMITED` has the defaults. */
export type ServerLimits = Readonly<{
  uploadsAtOnceMax: number
  requestsPerMinuteMax: number
  failuresPerMinuteMax: number
  filesPerDayMax: number
  bytesPerDayMax: number
  socketsMax: number
  socketsPerAddressMax: number
  headMsMax: number
  /** The longest time for which a client may read no byte of its answer, and the most unread bytes of all answers. */
  unreadMsMax: number
  unreadBytesMax: number
  /** Addresses and networks of proxies whose X-Forwarded-For is trusted. */
  trustedProxies: readonly string[]
  /** Certificate chain and private key, as PEM; undefined: plain http. */
  tls: Readonly<{ cert: string; key: string }> | undefined
}>

/** The default limits: only of time and memory. */
export const UNLIMITED: ServerLimits = {
  uploadsAtOnceMax: Number.POSITIVE_INFINITY,
  requestsPerMinuteMax: Number.POSITIVE_INFINITY,
  failuresPerMinuteMax: Number.POSITIVE_INFINITY,
  filesPerDayMax: Number.POSITIVE_INFINITY,
  bytesPerDayMax: Number.POSITIVE_INFINITY,
  socketsMax: Number.POSITIVE_INFINITY,
  socketsPerAddressMax: Number.POSITIVE_INFINITY,
  headMsMax: 10_000,
  unreadMsMax: 60_000,
  unreadBytesMax: 64 * 1024 * 1024,
  trustedProxies: [],
  tls: undefined,
}

/** A function that tells whether an address is one of these addresses, or in one of these networks. */
export function networkMatcher(networks: readonly string[]): (address: string) => boolean {
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', length] = network.split('/')
    const family = familyOf(address)
    if (length === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(length), family)
  }
  return (address) => isIP(address) !== 0 && list.check(address, familyOf(address))
}

/** What limits count as one address: for IPv6 the /64 network, since one client can use all addresses of it. */
export function addressLimitKey(address: string | undefined): string {
  if (address === undefined) return ''
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped !== undefined) return mapped
  if (isIP(address) !== 6) return address
  const [front = '', back = ''] = address.replace(/%.*$/, '').split('::')
  const before = groupsIn(front)
  const after = groupsIn(back)
  const zeros = address.includes('::') ? Array<string>(Math.max(0, 8 - before.length - after.length)).fill('0') : []
  const network = [...before, ...zeros, ...after].slice(0, 4)
  return `${network.map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`
}

// A trailing IPv4 address stands for two groups; their values do not matter, as they are outside the /64.
function groupsIn(part: string): string[] {
  return part === '' ? [] : part.replace(/\d+\.\d+\.\d+\.\d+$/, '0:0').split(':')
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4'
}
