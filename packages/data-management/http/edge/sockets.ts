/** Limits the open connections, in total and per address. Further ones are refused before a byte is read. */
import type { Server, Socket } from 'node:net'
import { Problem } from '@splitcart/shared/problem.ts'
import { endSocket } from './plain-answer.ts'
import { addressLimitKey, networkMatcher, type ServerLimits } from './server-limits.ts'

// Refused connections are not counted, so they must close soon.
const LINGER_MS = 100

type Listener = (this: Server, socket: Socket) => void

/** Checks each new connection before the server's own `connection` listeners get it. */
export function limitSockets(server: Server, limits: ServerLimits): void {
  const serve = server.listeners('connection') as Listener[]
  const isProxy = networkMatcher(limits.trustedProxies)
  const open = new Map<string, number>()
  let all = 0
  server.removeAllListeners('connection')
  server.on('connection', (socket: Socket) => {
    const address = addressLimitKey(socket.remoteAddress)
    const ofAddress = open.get(address) ?? 0
    const fault = limitFault(all, isProxy(address) ? 0 : ofAddress, limits)
    if (fault !== undefined) return refuse(socket, fault, limits)
    all++
    open.set(address, ofAddress + 1)
    socket.once('close', () => {
      all--
      const left = open.get(address)! - 1
      if (left === 0) open.delete(address)
      else open.set(address, left)
    })
    for (const each of serve) each.call(server, socket)
  })
}

function limitFault(all: number, own: number, { socketsMax, socketsPerAddressMax }: ServerLimits): string | undefined {
  if (all >= socketsMax) return `${all} are open, ${socketsMax} may be`
  return own >= socketsPerAddressMax ? `${own} of this address are open, ${socketsPerAddressMax} may be` : undefined
}

function refuse(socket: Socket, detail: string, { tls }: ServerLimits): void {
  socket.on('error', () => {})
  // Before the TLS handshake no answer can be sent.
  if (tls !== undefined) socket.destroy()
  // Neither logged nor given a request id: a client that opens thousands must not fill the disk.
  else endSocket(socket, new Problem('too_many_connections', detail), { lingerMs: LINGER_MS })
}
