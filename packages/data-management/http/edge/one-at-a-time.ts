/**
 * One request of a connection at a time. Node hands on every request that it has read, whether or not anybody reads the answers;
 * here the next one waits until the answer before it has left, and meanwhile nothing more is read.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

// Whoever sends more before he has an answer wants something else than answers.
const WAITING_MAX = 32

/** Handles the requests of each connection one after the other. */
export function oneAtATime(handle: RequestListener): RequestListener {
  const waiting = new WeakMap<Socket, (() => void)[]>()
  const begin = (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request
    // Behind the last answer of a connection nothing is a request.
    if (socket.destroyed || socket.writableEnded) return
    response.once('close', () => goOn(socket))
    handle(request, response)
  }
  const goOn = (socket: Socket) => {
    const queue = waiting.get(socket) ?? []
    const next = queue.shift()
    // What comes last may have a body that is still to be read.
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
    } else if (queue.length < WAITING_MAX) {
      queue.push(() => begin(request, response))
      socket.pause()
    } else socket.destroy()
  }
}
