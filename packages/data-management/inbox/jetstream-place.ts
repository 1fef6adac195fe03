/** Where a fleet's inbox is, as INBOX_URL says it, and the connection to it. */

import { type ConnectionOptions, connect, errors, type NatsConnection } from '@nats-io/transport-node'
import { Problem } from '@splitcart/shared/problem.ts'

const PORT = 4222
const REPLICAS_MAX = 3
const CONNECT_MS_MAX = 5_000
const RECONNECT_MS = 500
// Of a server that is cut off nothing is heard: after two of these without an answer another one is taken.
const PING_MS = 5_000

/** The servers of a JetStream. `monitorPort`: where each of them tells its settings over HTTP, if it does. */
export type JetStreamPlace = Readonly<{
  servers: readonly string[]
  /** How many servers are to have a copy of everything. */
  replicas: number
  monitorPort: number | undefined
  login: Readonly<{ user: string; pass: string }> | undefined
  tls: boolean
}>

/** Reads `nats://[user:password@]host[:port],host…[?replicas=N][&monitor=PORT]`, or `tls://…`. Throws what it expects instead. */
export function jetStreamPlaceOf(address: string): JetStreamPlace {
  const [, scheme, login, hosts = '', query] =
    /^(nats|tls):\/\/(?:([^@/]*)@)?([^/?]+)\/?(?:\?(.*))?$/.exec(address) ?? []
  const servers = hosts.split(',').map(serverOf)
  const wishes = new URLSearchParams(query)
  const replicas = wishes.get('replicas') ?? String(Math.min(REPLICAS_MAX, servers.length))
  const monitor = wishes.get('monitor')
  const isRight = /^[1-5]$/.test(replicas) && (monitor === null || /^\d{1,5}$/.test(monitor))
  if (scheme === undefined || servers.includes('') || !isRight)
    throw new Error('nats://host1,host2,host3, with ?replicas=3&monitor=8222 where these are to be other ones')
  const [user = '', pass = ''] = (login ?? '').split(':').map(decodeURIComponent)
  return {
    servers,
    replicas: Number(replicas),
    monitorPort: monitor === null ? undefined : Number(monitor),
    login: login === undefined ? undefined : { user, pass },
    tls: scheme === 'tls',
  }
}

function serverOf(host: string): string {
  const { name, port } = /^(?<name>[\w.-]+|\[[0-9a-fA-F:]+\])(?::(?<port>\d{1,5}))?$/.exec(host)?.groups ?? {}
  return name === undefined ? '' : `${name}:${port ?? PORT}`
}

/** Connects to whichever server answers, and for as long as the connection is open to another one when that does not any more. */
export async function connectTo({ servers, login, tls }: JetStreamPlace): Promise<NatsConnection> {
  const options: ConnectionOptions = {
    servers: [...servers],
    name: 'splitcart',
    timeout: CONNECT_MS_MAX,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_MS,
    pingInterval: PING_MS,
    ...login,
    ...(tls && { tls: {} }),
  }
  try {
    return await connect(options)
  } catch (error) {
    throw inboxProblemOf(error)
  }
}

const OF_THE_LINE = Object.values(errors)

/** An error of JetStream or of the line to it as a problem; any other as it is. */
export function inboxProblemOf(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  // Not all kinds of errors of JetStream are exported; their names have it in common.
  const isKnown = error.name.startsWith('JetStream') || OF_THE_LINE.some((kind) => error instanceof kind)
  return isKnown ? new Problem('inbox_unreachable', error.message, { cause: error }) : error
}
