/** Builds the HTTP server without starting it: the command line listens, tests listen on port 0. */
import { createServer, type RequestListener, type Server } from 'node:http'
import helmet from '@fastify/helmet'
import swagger from '@fastify/swagger'
import type { Log } from '@splitcart/shared/log.ts'
import fastify, { type FastifyInstance, LogController } from 'fastify'
import { auditRoutes } from './audit.ts'
import { authenticate } from './authentication.ts'
import { answerError, answerErrors } from './errors.ts'
import { healthRoutes } from './health.ts'
import { metricsRoutes } from './metrics.ts'
import { overviewRoutes } from './overview.ts'
import { productsRoutes } from './products.ts'
import { resumableRoutes } from './resumable.ts'
import type { Services } from './services.ts'
import { sourcesRoutes } from './sources.ts'
import { storesRoutes } from './stores.ts'
import { uploadRoutes } from './upload.ts'
import { uploadsRoutes } from './uploads.ts'

const HEADERS_MS_MAX = 30_000
const KEEP_ALIVE_MS = 10_000

/** Builds the server. Closing it ends its connections; the services are the caller's to close. */
export async function buildServer(services: Services, log: Log): Promise<FastifyInstance> {
  const server = fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    serverFactory: httpServer,
    routerOptions: { ignoreTrailingSlash: true },
    requestIdHeader: false,
    forceCloseConnections: 'idle',
    return503OnClosing: true,
    frameworkErrors: (error, request, reply) => void answerError(error, request, reply),
  }) as unknown as FastifyInstance
  answerErrors(server)
  authenticate(server, services.inbox.ledger.keys, services.inbox.now)
  metricsRoutes(server, services)
  await server.register(helmet)
  await server.register(swagger, { openapi: { info: { title: 'SplitCart data transfer', version: '1' } } })
  await server.register((scope) => uploadRoutes(scope, services))
  const { inbox, unfinished } = services
  if (unfinished !== undefined) await server.register((scope) => resumableRoutes(scope, inbox, unfinished))
  uploadsRoutes(server, services)
  auditRoutes(server, services)
  for (const routes of [productsRoutes, storesRoutes, sourcesRoutes, overviewRoutes]) routes(server, services)
  healthRoutes(server, services)
  server.get('/api/openapi.json', { schema: { summary: 'This description' } }, () => server.swagger())
  return server
}

function httpServer(handle: RequestListener): Server {
  // No limit on the whole request: a large upload over a slow line may take hours. Standing still is limited while its body is read.
  const server = createServer(
    { requestTimeout: 0, headersTimeout: HEADERS_MS_MAX, keepAliveTimeout: KEEP_ALIVE_MS },
    handle,
  )
  // Node would answer 100 before anyone has looked at the key.
  server.on('checkContinue', handle)
  return server
}
