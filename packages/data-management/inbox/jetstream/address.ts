/** Reads the address of a fleet's inbox (INBOX_URL). */
import { isDecodable } from '@splitcart/shared/setting-readers.ts'

// The port of NATS.
const DEFAULT_PORT = 4222
// The most copies without `replicas` in the address.
const DEFAULT_REPLICAS_MAX = 3
const PORT_MAX = 65_535
const FORM = 'nats://host1,host2,host3, with ?replicas=3&monitor=8222 where these are to be other ones'

/**
 * The NATS servers of an inbox, each as host:port. `monitorPort`: the HTTP port at which each of them tells its
 * settings; undefined if none was given.
 */
export type JetStreamAddress = Readonly<{
  servers: readonly string[]
  /** How many servers should have a copy of everything. */
  replicas: number
  monitorPort: number | undefined
  login: Readonly<{ user: string; pass: string }> | undefined
  tls: boolean
}>

/**
 * Reads `nats://[user:password@]host[:port],host…[?replicas=N][&monitor=PORT]`, or `tls://…`. Throws an error whose
 * message is the expected form.
 */
export function jetStreamAddressOf(address: string): JetStreamAddress {
  const [, scheme, login, hosts = '', query] =
    /^(nats|tls):\/\/(?:([^@/]*)@)?([^/?]+)\/?(?:\?(.*))?$/.exec(address) ?? []
  const servers = hosts.split(',').map(hostAndPortOf)
  const options = new URLSearchParams(query)
  const replicas = options.get('replicas') ?? String(Math.min(DEFAULT_REPLICAS_MAX, servers.length))
  const monitor = options.get('monitor')
  if (scheme === undefined || servers.includes('')) throw new Error(FORM)
  const fault = faultOfPorts(servers) ?? faultOfOptions(options)
  if (fault !== undefined) throw new Error(`${FORM}, and ${fault}`)
  if (!isDecodable(login ?? '')) throw new Error('%25 for each "%" of the user name and the password')
  // Only the first colon separates: a password may have more of them.
  const [, user = '', pass = ''] = (/^([^:]*):?(.*)$/.exec(login ?? '') ?? []).map(decodeURIComponent)
  return {
    servers,
    replicas: Number(replicas),
    monitorPort: monitor === null ? undefined : Number(monitor),
    login: login === undefined ? undefined : { user, pass },
    tls: scheme === 'tls',
  }
}

function faultOfPorts(servers: readonly string[]): string | undefined {
  const wrong = servers.find((server) => !isPort(server.slice(server.lastIndexOf(':') + 1)))
  return wrong === undefined ? undefined : `a port of 1 to ${PORT_MAX} in ${wrong}`
}

function faultOfOptions(options: URLSearchParams): string | undefined {
  for (const [name, value] of options) {
    if (name !== 'replicas' && name !== 'monitor') return `no option "${name}"`
    if (options.getAll(name).length > 1) return `${name} once`
    if (name === 'replicas' && !/^[1-5]$/.test(value)) return 'replicas of 1 to 5'
    if (name === 'monitor' && !isPort(value)) return `monitor of 1 to ${PORT_MAX}`
  }
  return undefined
}

function isPort(text: string): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= PORT_MAX
}

function hostAndPortOf(host: string): string {
  const { name, port } = /^(?<name>[\w.-]+|\[[0-9a-fA-F:]+\])(?::(?<port>\d{1,5}))?$/.exec(host)?.groups ?? {}
  return name === undefined ? '' : `${name}:${port ?? DEFAULT_PORT}`
}
