/** A TCP proxy between a sender and a server that counts what passes and, at set byte counts, does something bad. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** What happens when so many bytes have come from the sender. */
export type Blow = Readonly<{ at: number; strike: () => void }>

export type CuttingProxy = AsyncDisposable & {
  readonly url: string
  /** Where connections are passed on to. */
  target: number
  /** The bytes that came from senders. */
  readonly sentBytes: number
  /** What is still to happen, in the order of its byte counts. */
  blows: Blow[]
  /** Breaks every connection, as a line that goes dead. */
  cut: () => void
}

// No line is faster than a server can write: what waits in buffers when a line is cut would be counted as sent.
const BYTES_PER_MS = 30_000

async function pass(sender: Socket, receiver: Socket, hear: (bytes: number) => void): Promise<void> {
  for await (const chunk of sender as AsyncIterable<Buffer>) {
    hear(chunk.length)
    if (!receiver.write(chunk)) await once(receiver, 'drain')
    await sleep(chunk.length / BYTES_PER_MS)
  }
  receiver.end()
}

export async function openCuttingProxy(): Promise<CuttingProxy> {
  const pairs = new Set<readonly [Socket, Socket]>()
  const state = { target: 0, sentBytes: 0, blows: [] as Blow[] }
  const server = createServer((sender) => {
    const receiver = connect(state.target, '127.0.0.1')
    const pair = [sender, receiver] as const
    pairs.add(pair)
    const end = (): void => {
      pairs.delete(pair)
      for (const socket of pair) socket.destroy()
    }
    for (const socket of pair) socket.on('error', end).on('close', end)
    pass(sender, receiver, (bytes) => {
      state.sentBytes += bytes
      while (state.blows[0] !== undefined && state.sentBytes >= state.blows[0].at) state.blows.shift()!.strike()
    }).catch(end)
    receiver.pipe(sender)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const cut = () => {
    for (const pair of pairs) for (const socket of pair) socket.resetAndDestroy()
  }
  const close = async () => {
    server.close()
    cut()
  }
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return Object.assign(state, { url, cut, [Symbol.asyncDispose]: close })
}
