/** A slow and long line between a sender and a server: one way of so many bits a second that all share, and a delay. Loses nothing. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** `delayMs`: there and back. */
export type Line = Readonly<{ bitsPerSecond: number; delayMs: number; target: number }>

const CHUNK_BYTES = 1_500

/** Opens the line; dispose of it. `sentBytes`: what has gone over it from senders. */
export async function openSlowProxy({ bitsPerSecond, delayMs, target }: Line) {
  const state = { sentBytes: 0 }
  let freeAt = 0
  const carry = async (from: Socket, to: Socket, isUp: boolean) => {
    for await (const all of from as AsyncIterable<Buffer>)
      for (let at = 0; at < all.length; at += CHUNK_BYTES) {
        const chunk = all.subarray(at, at + CHUNK_BYTES)
        if (isUp) {
          freeAt = Math.max(freeAt, performance.now()) + (chunk.length * 8000) / bitsPerSecond
          await sleep(freeAt - performance.now())
          state.sentBytes += chunk.length
        }
        setTimeout(() => to.write(chunk), delayMs / 2)
      }
    setTimeout(() => to.end(), delayMs / 2)
  }
  const sockets = new Set<Socket>()
  const server = createServer(async (sender) => {
    // Nothing is sent before a connection is answered.
    await sleep(delayMs)
    const receiver = connect(target, '127.0.0.1')
    for (const socket of [sender, receiver])
      sockets.add(socket.on('error', () => {}).on('close', () => sockets.delete(socket)))
    void carry(sender, receiver, true).catch(() => receiver.destroy())
    void carry(receiver, sender, false).catch(() => sender.destroy())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const close = async () => {
    server.close()
    for (const socket of sockets) socket.destroy()
  }
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return Object.assign(state, { url, [Symbol.asyncDispose]: close })
}
