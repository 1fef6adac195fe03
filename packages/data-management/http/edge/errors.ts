/** Turns thrown errors into answers: a problem document, or a 500 that reveals nothing of the internals. */
import { PROBLEM_MEDIA_TYPE, Problem, type ProblemCode, toProblemDocument } from '@splitcart/shared/problem.ts'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { ENCODINGS } from '../../inbox/decode.ts'
import { keyIdOf } from '../../ledger/key-format.ts'
import { apiKeyIn, clientIp } from '../auth/authentication.ts'
import { retryAfterOf } from './plain-answer.ts'
import type { RefusalLog, RefusedRequest } from './refusals.ts'
import { traceOf } from './trace.ts'

/** Answers errors, unknown paths and wrong methods with problem documents. */
export function addErrorHandlers(server: FastifyInstance, refusals: RefusalLog): void {
  server.setErrorHandler<FastifyError>((error, request, reply) => answerError(error, request, reply, refusals))
  server.addHook('onClose', async () => refusals.stop())
  const routes: { method: string; pattern: RegExp }[] = []
  server.addHook('onRoute', ({ method, url }) => {
    for (const each of [method].flat()) routes.push({ method: each, pattern: routePattern(url) })
  })
  const refuse = (request: FastifyRequest, reply: FastifyReply, problem: Problem) =>
    sendProblem(request, reply, problem, refusals)
  server.setNotFoundHandler((request, reply) => {
    const [path = ''] = request.url.split('?')
    const allowed = new Set(routes.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method))
    // The method may be allowed here: a route can call the not-found handler itself.
    if (allowed.size === 0 || allowed.has(request.method)) return refuse(request, reply, new Problem('not_found'))
    const methods = [...allowed].join(', ')
    reply.header('allow', methods)
    return refuse(request, reply, new Problem('method_not_allowed', `here are answered: ${methods}`))
  })
}

/** Answers one error, including errors from before the request is routed. */
export function answerError(
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
  refusals: RefusalLog,
): FastifyReply {
  const problem = toHttpProblem(error)
  if (problem.code === 'internal') request.log.error({ err: error }, 'request failed')
  if (problem.code === 'database_unreachable') refusals.logDatabaseError(error)
  return sendProblem(request, reply, problem, refusals)
}

/** A pattern for the paths of a route, with or without a trailing slash. */
function routePattern(url: string): RegExp {
  const path = url
    .replace(/\/$/, '')
    .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
    .replace(/:\w+/g, '[^/]+')
  return new RegExp(`^${path}/?$`)
}

/** Answers with a problem document; the log line of the refusal has the same request id. */
function sendProblem(request: FastifyRequest, reply: FastifyReply, problem: Problem, log: RefusalLog): FastifyReply {
  if (problem.code !== 'internal') log.log(refusedRequestOf(request), problem)
  const { status } = problem.kind
  const retryAfter = retryAfterOf(problem)
  // Set here as well: no hook runs for a request that fails before it is routed.
  reply.header('cache-control', 'no-store')
  if (retryAfter !== undefined) reply.header('retry-after', retryAfter)
  if (status === 401) reply.header('www-authenticate', 'Bearer')
  if (status === 415) reply.header('accept-encoding', ENCODINGS.join(', '))
  // The rest of a refused body is discarded: if the connection stayed open, it would be parsed as the next request.
  if (request.raw.headers['content-length'] !== undefined || request.raw.headers['transfer-encoding'] !== undefined)
    reply.header('connection', 'close')
  return (
    reply
      .code(status)
      .header('content-type', PROBLEM_MEDIA_TYPE)
      // As bytes: to a string, Fastify would add a charset, which this media type does not have.
      .send(Buffer.from(JSON.stringify(toProblemDocument(problem, request.id))))
  )
}

function refusedRequestOf(request: FastifyRequest): RefusedRequest {
  const { id: reqId, method, routeOptions } = request
  const key = request.principal?.keyId ?? keyIdOf(apiKeyIn(request) ?? '')
  return {
    reqId,
    address: clientIp(request),
    method,
    route: routeOptions?.url ?? 'none',
    ...(key && { key }),
    ...traceOf(request.headers),
  }
}

/** Maps error codes of libraries and the file system to problem codes. */
const LIBRARY_CODES: Readonly<Record<string, ProblemCode>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'media_type_unsupported',
  FST_ERR_CTP_EMPTY_TYPE: 'media_type_unsupported',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'request_invalid',
  FST_ERR_VALIDATION: 'request_invalid',
  FST_ERR_BAD_URL: 'request_invalid',
  FST_ERR_MAX_PARAM_LENGTH: 'not_found',
  ENOSPC: 'disk_full',
  EDQUOT: 'disk_full',
}

function toHttpProblem(error: FastifyError): Problem {
  // Temporary: the database was usable when the server started. Perhaps its password was changed, or a right revoked.
  if (error instanceof Problem && error.code === 'database_unusable')
    return new Problem('database_unreachable', 'it does not let the server in', { cause: error })
  if (error instanceof Problem) return error
  const code = LIBRARY_CODES[error.code ?? '']
  if (code !== undefined)
    return new Problem(code, error.code === 'FST_ERR_VALIDATION' ? error.message : undefined, { cause: error })
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500)
    return new Problem('request_invalid', error.message, { cause: error })
  return new Problem('internal', undefined, { cause: error })
}
