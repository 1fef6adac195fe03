/** The connection to the NATS servers of a fleet, and what its errors mean. */
import { type ConnectionOptions, connect, errors, type NatsConnection } from '@nats-io/transport-node'
import { Problem } from '@splitcart/shared/problem.ts'
import type { JetStreamAddress } from './address.ts'

const CONNECT_MS_MAX = 5_000
const RECONNECT_MS = 500
// A connection may be cut without notice: after two pings without an answer the client connects to another server.
const PING_MS = 5_000

/**
 * Connects to the first server that answers. If that one stops answering, the client reconnects to any of them, until
 * the connection is closed. Throws `inbox_unreachable`.
 */
export async function connectToNats({ servers, login, tls }: JetStreamAddress): Promise<NatsConnection> {
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

const CONNECTION_ERRORS = Object.values(errors)

/** An error of JetStream or of the connection as the problem `inbox_unreachable`; any other error unchanged. */
export function inboxProblemOf(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  // The library does not export all its error classes; their names all start with JetStream.
  const isKnown = error.name.startsWith('JetStream') || CONNECTION_ERRORS.some((kind) => error instanceof kind)
  return isKnown ? new Problem('inbox_unreachable', error.message, { cause: error }) : error
}
