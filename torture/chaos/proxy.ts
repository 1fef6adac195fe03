/**
 * A TCP proxy that harms what it carries, as its seed says.
 *
 * It knows nothing of HTTP. An exchange begins when the client speaks after the server has; each exchange may meet one fault on its
 * way up (the request does not arrive) and one on its way down (it arrived, and the answer is lost).
 */
import { once } from 'node:events'
import { type AddressInfo, createServer, connect as openSocket, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Chance } from '../../packages/data-management/test/random.ts'

const FAULTS = ['cut', 'reset', 'stall'] as const

type FaultKind = (typeof FAULTS)[number]

/** How often a fault of each kind really happened, in either direction. */
export type Harm = Record<`${'up' | 'down'} ${FaultKind}`, number>

export type ChaosProxy = AsyncDisposable &
  Readonly<{
    url: string
    harm: Harm
    /** The share of exchanges that meet a fault on each way, from 0 to 1; it may be changed while the proxy runs. */
    setShare: (share: number) => void
    /** Where connections go from now on. */
    setPort: (port: number) => void
    /** The SHA-256 of every upload that an answer which reached a client says is accepted. */
    accepted: ReadonlySet<string>
  }>

// Requests here have some 500 bytes of head and 2,000 of body, answers 1,200 bytes.
const UP_BYTES_MAX = 2_500
const DOWN_BYTES_MAX = 1_200
const HEAD_BYTES_MAX = 300
const STALL_MS_MAX = 100

type State = { port: number; share: number; readonly accepted: Set<string> }

/** Opens a proxy to a port of this machine. */
export async function openProxy(chance: Chance, port: number, share: number): Promise<ChaosProxy> {
  const state: State = { port, share, accepted: new Set() }
  const harm: Harm = { 'up cut': 0, 'up reset': 0, 'up stall': 0, 'down cut': 0, 'down reset': 0, 'down stall': 0 }
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = openSocket(state.port, '127.0.0.1')
    carry({ client, upstream, chance, state, harm })
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('close', () => sockets.delete(socket))
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    harm,
    accepted: state.accepted,
    setShare: (share) => (state.share = share),
    setPort: (port) => (state.port = port),
    [Symbol.asyncDispose]: async () => {
      server.close()
      for (const socket of sockets) socket.destroy()
      await once(server, 'close')
    },
  }
}

type Carried = Readonly<{ client: Socket; upstream: Socket; chance: Chance; state: State; harm: Harm }>

/** A fault that waits for its byte. */
type Due = Readonly<{ kind: FaultKind; at: number }>

type Way = { readonly name: 'up' | 'down'; readonly bytesMax: number; due: Due | undefined; bytes: number }

function carry({ client, upstream, chance, state, harm }: Carried): void {
  const up: Way = { name: 'up', bytesMax: UP_BYTES_MAX, due: undefined, bytes: 0 }
  const down: Way = { name: 'down', bytesMax: DOWN_BYTES_MAX, due: undefined, bytes: 0 }
  let hasServerSpoken = true
  const begin = (way: Way) => {
    way.bytes = 0
    const bytesMax = chance.is(0.5) ? HEAD_BYTES_MAX : way.bytesMax
    way.due = chance.is(state.share) ? { kind: chance.of(FAULTS), at: chance.between(0, bytesMax) } : undefined
  }
  const pass = async (way: Way, chunk: Buffer, to: Socket) => {
    const { due } = way
    const isDue = due !== undefined && way.bytes + chunk.length > due.at
    if (isDue) {
      way.due = undefined
      harm[`${way.name} ${due.kind}`]++
      to.write(chunk.subarray(0, due.at - way.bytes))
      if (due.kind === 'stall') await sleep(chance.between(1, STALL_MS_MAX))
      else return end(due.kind, client, upstream)
      to.write(chunk.subarray(due.at - way.bytes))
    } else to.write(chunk)
    way.bytes += chunk.length
    if (way.name === 'down') noteAccepted(chunk, state.accepted)
  }
  relay(client, upstream, (chunk) => {
    if (hasServerSpoken) for (const way of [up, down]) begin(way)
    hasServerSpoken = false
    return pass(up, chunk, upstream)
  })
  relay(upstream, client, (chunk) => {
    hasServerSpoken = true
    return pass(down, chunk, client)
  })
}

// An answer to an upload is small: it comes in one chunk.
function noteAccepted(chunk: Buffer, accepted: Set<string>): void {
  const text = chunk.toString('latin1')
  const sha256 = /^HTTP\/1\.1 20[01] .*"sha256":"([0-9a-f]{64})"/s.exec(text)?.[1]
  if (sha256 !== undefined) accepted.add(sha256)
}

function end(kind: FaultKind, client: Socket, upstream: Socket): void {
  for (const socket of [client, upstream])
    if (kind === 'reset') socket.resetAndDestroy()
    else socket.destroySoon()
}

/** Hands on what one side says, in its order; when it ends, so does the other. */
function relay(from: Socket, to: Socket, pass: (chunk: Buffer) => Promise<void> | void): void {
  from.on('error', () => to.destroy())
  from.on('close', () => to.destroy())
  const carryAll = async () => {
    for await (const chunk of from) await pass(chunk as Buffer)
    to.end()
  }
  carryAll().catch(() => to.destroy())
}
