/**
 * Handles one request of a connection at a time. Node would handle all pipelined requests at once, even if the client
 * reads no answers. Here, the next request waits until the previous answer is sent, and reading pauses meanwhile.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

// A client that pipelines more requests than this is disconnected.
const PIPELINED_MAX = 32

/** Wraps a listener so that it gets the requests of each connection one after the other. */
export function oneAtATime(handle: RequestListener): RequestListener {
  const waiting = new WeakMap<Socket, (() => void)[]>()
  const begin = (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request
    // After the last answer of a connection, further requests are ignored.
    if (socket.destroyed || socket.writableEnded) return
    response.once('close', () => goOn(socket))
    handle(request, response)
  }
  const goOn = (socket: Socket) => {
    const queue = waiting.get(socket) ?? []
    const next = queue.shift()
    // The last request in the queue may have a body that is still to be read.
    if (queue.length === 0) socket.resume()
    if (next === undefined) waiting.delete(socket)
    else next()
  }
  return (request, response) => {
    const { socket } = request
    const queue = waiting.get(socket)
    if (queue === undefined) {
      waiting.set(socket, [])
      begin(request, response)
    } else if (queue.length < PIPELINED_MAX) {
      queue.push(() => begin(request, response))
      socket.pause()
    } else socket.destroy()
  }
}
