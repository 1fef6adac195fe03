/** Limits answers that clients do not read: in time for each, and in bytes for all together. */
import type { Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { ServerLimits } from './server-limits.ts'

const CHECK_MS = 1_000

/** Enforces the limits on a server. Call the returned function with each answer when it begins. */
export function limitUnread(
  server: Server,
  { unreadMsMax, unreadBytesMax }: ServerLimits,
): (response: ServerResponse) => void {
  const open = new Map<Socket, ServerResponse>()
  // Called after a socket was idle for this long. A connection whose answer is still being prepared stays open.
  server.setTimeout(unreadMsMax, (socket) => {
    if (!open.has(socket) || socket.writableLength > 0) socket.destroy()
  })
  const timer = setInterval(() => closeLargest([...open.keys()], unreadBytesMax), CHECK_MS).unref()
  server.once('close', () => clearInterval(timer))
  return (response) => {
    const { socket } = response.req
    open.set(socket, response)
    response.once('close', () => {
      if (open.get(socket) === response) open.delete(socket)
    })
  }
}

/** Ends connections, those with the most unread bytes first, until the total is within the limit. */
function closeLargest(sockets: readonly Socket[], bytesMax: number): void {
  let bytes = sockets.reduce((sum, socket) => sum + socket.writableLength, 0)
  if (bytes <= bytesMax) return
  const bySize = sockets.toSorted((one, other) => other.writableLength - one.writableLength)
  for (const socket of bySize) {
    if (bytes <= bytesMax) return
    bytes -= socket.writableLength
    socket.destroy()
  }
}
