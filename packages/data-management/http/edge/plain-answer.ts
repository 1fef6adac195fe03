/** Answers without Fastify: to refused request heads, and to bytes that are not HTTP. */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { PROBLEM_MEDIA_TYPE, type Problem, toProblemDocument } from '@splitcart/shared/problem.ts'
import type { RefusalLog } from './refusals.ts'

// Closing a connection with unread bytes resets it and may lose the answer, so reading continues for this long.
const LINGER_MS = 1_000

const RETRY_AFTER_SECONDS = { soon: 2, slowly: 300 } as const

/** The seconds for the header `Retry-After`; undefined unless a later retry can succeed. */
export function retryAfterOf({ kind: { retry }, retryAfterSeconds }: Problem): number | undefined {
  if (retry !== 'soon' && retry !== 'slowly') return undefined
  return retryAfterSeconds ?? RETRY_AFTER_SECONDS[retry]
}

/** Logs a request that is refused before it is routed. Returns its new request id, for the answer. */
export function logRefusal(log: RefusalLog, { remoteAddress = '' }: Socket, problem: Problem, method = ''): string {
  const reqId = randomUUID()
  log.log({ reqId, address: remoteAddress, method, route: 'none' }, problem)
  return reqId
}

/** Answers a request with a problem document and `Connection: close`. */
export function answerWithProblem(response: ServerResponse, problem: Problem, requestId: string): void {
  const { body, fields } = problemParts(problem, requestId)
  response.writeHead(problem.kind.status, fields)
  response.end(body)
}

type EndOptions = Readonly<{ requestId?: string; lingerMs?: number }>

/** Writes a problem document to a connection without a parsed request, and ends the connection. */
export function endSocket(socket: Socket, problem: Problem, { requestId, lingerMs = LINGER_MS }: EndOptions): void {
  const { body, fields } = problemParts(problem, requestId)
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.end(`HTTP/1.1 ${problem.kind.status} ${problem.kind.title}\r\n${lines.join('')}\r\n${body}`)
  closeAfter(socket, lingerMs)
}

/** Ends the connection of an answered request, and discards the rest of its body for up to `LINGER_MS`. */
export function endAndDrain(request: IncomingMessage): void {
  const { socket } = request
  const closeWhenDone = () => {
    if (request.complete && socket.writableFinished) socket.destroy()
  }
  socket.end()
  socket.once('finish', closeWhenDone)
  request.once('end', closeWhenDone)
  closeAfter(socket, LINGER_MS)
  // The previous reader of the body may have stopped without removing its listeners.
  request.unpipe()
  request.removeAllListeners('readable')
  request.resume()
  closeWhenDone()
}

function closeAfter(socket: Socket, ms: number): void {
  const late = setTimeout(() => socket.destroy(), ms)
  socket.once('close', () => clearTimeout(late))
}

function problemParts(problem: Problem, requestId: string | undefined) {
  const body = JSON.stringify(toProblemDocument(problem, requestId))
  const retryAfter = retryAfterOf(problem)
  const fields: Record<string, string | number> = {
    'content-type': PROBLEM_MEDIA_TYPE,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    connection: 'close',
    ...(requestId !== undefined && { 'x-request-id': requestId }),
    ...(retryAfter === undefined ? {} : { 'retry-after': retryAfter }),
  }
  return { body, fields }
}
