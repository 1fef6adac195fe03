/** The HTTP or HTTPS server under Fastify, with time limits, and problem documents for malformed requests. */
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Socket } from 'node:net'
import { Problem } from '@splitcart/shared/problem.ts'
import { faultOfHead } from './head.ts'
import { oneAtATime } from './one-at-a-time.ts'
import { answerWithProblem, endAndDrain, endSocket, logRefusal } from './plain-answer.ts'
import type { RefusalLog } from './refusals.ts'
import type { ServerLimits } from './server-limits.ts'
import { limitSockets } from './sockets.ts'
import { limitUnread } from './unread-answers.ts'

const KEEP_ALIVE_MS = 10_000
const HANDSHAKE_MS_MAX = 10_000
const HEAD_BYTES_MAX = 16 * 1024
// Interval at which Node checks for connections that exceed a time limit; its default is 30 seconds.
const LATE_CHECK_MS = 1_000

/** Creates the server. `handle` gets only requests that passed `faultOfHead`. */
export function openHttpServer(handle: RequestListener, limits: ServerLimits, refusals: RefusalLog): Server {
  const server = createNodeServer(limits)
  const watch = limitUnread(server, limits)
  const receive = oneAtATime((request, response) => {
    watch(response)
    request.socket.destroySoon = () => endAndDrain(request)
    const fault = faultOfHead(request)
    if (fault === undefined) handle(request, response)
    else answerWithProblem(response, fault, logRefusal(refusals, request.socket, fault, request.method))
  })
  server.maxHeadersCount = 0
  server.on('request', receive)
  // By default Node would answer 100 Continue before the key is checked.
  server.on('checkContinue', receive)
  server.on('checkExpectation', receive)
  server.on('connect', (_request: IncomingMessage, socket: Socket) =>
    refuse(socket, new Problem('method_not_allowed', 'this is no proxy'), refusals),
  )
  limitSockets(server, limits)
  return server
}

function createNodeServer({ headMsMax, tls }: ServerLimits): Server {
  const options: ServerOptions = {
    // No limit on the whole request: a large upload may take hours. Its minimum speed is enforced while it is read.
    requestTimeout: 0,
    headersTimeout: headMsMax,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: Math.min(LATE_CHECK_MS, headMsMax),
    maxHeaderSize: HEAD_BYTES_MAX,
    // `faultOfHead` checks this, with a better message.
    requireHostHeader: false,
  }
  if (tls === undefined) return createServer(options)
  const secured = { ...options, ...tls, minVersion: 'TLSv1.2', handshakeTimeout: HANDSHAKE_MS_MAX } as const
  return createTlsServer({ ...secured, ALPNProtocols: ['http/1.1'] }) as unknown as Server
}

/** Answers bytes that could not be parsed as a request, unless an answer is being sent already. */
export function answerClientError(error: Error & { code?: string }, socket: Socket, refusals: RefusalLog): void {
  const response = (socket as Socket & { _httpMessage?: ServerResponse })._httpMessage
  if (!socket.writable || error.code === 'ECONNRESET' || response?.headersSent) socket.destroy()
  else refuse(socket, clientErrorProblem(error), refusals)
}

function refuse(socket: Socket, problem: Problem, refusals: RefusalLog): void {
  endSocket(socket, problem, { requestId: logRefusal(refusals, socket, problem) })
}

function clientErrorProblem({ code }: { code?: string }): Problem {
  if (code === 'HPE_HEADER_OVERFLOW') return new Problem('head_too_large', `more than ${HEAD_BYTES_MAX} bytes`)
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return new Problem('head_late')
  return new Problem('request_invalid', 'this is no HTTP')
}
