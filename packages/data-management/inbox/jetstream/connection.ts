/** The connection to the NATS servers of a fleet, and what its errors mean. */
import { type ConnectionOptions, connect, errors, type NatsConnection } from '@nats-io/transport-node'
import { Problem } from '@splitcart/shared/problem.ts'
import type { JetStreamAddress } from './address.ts'

const CONNECT_MS_MAX = 5_000
const RECONNECT_MS = 500
// Of a server that is cut off nothing is heard: after two of these without an answer another one is taken.
const PING_MS = 5_000

/** Connects to whichever server answers, and for as long as the connection is open to another one when that does not any more. */
export async function connectTo({ servers, login, tls }: JetStreamAddress): Promise<NatsConnection> {
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
