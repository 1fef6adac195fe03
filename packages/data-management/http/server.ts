/** Builds the HTTP server with all routes. The caller starts it. */
import { randomUUID } from 'node:crypto'
import helmet from '@fastify/helmet'
import type { Log } from '@splitcart/shared/log.ts'
import fastify, { type FastifyInstance, LogController } from 'fastify'
import { addAuthentication, openAuthenticator } from './auth/authentication.ts'
import { sessionRoutes } from './auth/session.ts'
import { addAdmissionChecks, openRequestCounter } from './edge/admission.ts'
import { addErrorHandlers, answerError } from './edge/errors.ts'
import { answerClientError, openHttpServer } from './edge/http-server.ts'
import { openApiRoutes, registerOpenApi } from './edge/openapi.ts'
import { pageRoutes } from './edge/page.ts'
import { RefusalLog } from './edge/refusals.ts'
import { lazyCompilers } from './edge/schema-compilers.ts'
import { networkMatcher, type ServerLimits, UNLIMITED } from './edge/server-limits.ts'
import { limitSmallBodies, SMALL_BODY_BYTES_MAX } from './edge/small-body.ts'
import { traceOf } from './edge/trace.ts'
import { EventFeed } from './events/event-feed.ts'
import { eventsRoutes } from './events/events.ts'
import { actionRoutes } from './routes/actions.ts'
import { auditRoutes } from './routes/audit.ts'
import { barcodesRoutes } from './routes/barcodes.ts'
import { changesRoutes } from './routes/changes.ts'
import { exportRoutes } from './routes/exports.ts'
import { findingsRoutes } from './routes/findings.ts'
import { healthRoutes } from './routes/health.ts'
import { heartbeatRoutes } from './routes/heartbeat.ts'
import { invitationsRoutes } from './routes/invitations.ts'
import { keysRoutes } from './routes/keys.ts'
import { metricsRoutes } from './routes/metrics.ts'
import { noticesRoutes } from './routes/notices.ts'
import { overviewRoutes } from './routes/overview.ts'
import { pictureRoutes } from './routes/pictures.ts'
import { productsRoutes } from './routes/products.ts'
import { referencesRoutes } from './routes/references.ts'
import { rejectsRoutes } from './routes/rejects.ts'
import { repairRoutes } from './routes/repair.ts'
import { resumableRoutes } from './routes/resumable.ts'
import { sourcesRoutes } from './routes/sources.ts'
import { storeSettingsRoutes } from './routes/store-settings.ts'
import { storesRoutes } from './routes/stores.ts'
import { systemRoutes } from './routes/system.ts'
import { ticksRoutes } from './routes/ticks.ts'
import { uploadRoutes } from './routes/upload.ts'
import { uploadFilesRoutes, uploadsRoutes } from './routes/uploads.ts'
import { verdictRoutes } from './routes/verdicts.ts'
import { watchesRoutes } from './routes/watches.ts'
import type { Services } from './services.ts'

// For answers of the API: opened as a page, they load and run nothing. The dashboard has its own policy.
const API_POLICY = { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } }

const CATALOGUE_ROUTES = [
  barcodesRoutes,
  referencesRoutes,
  exportRoutes,
  productsRoutes,
  pictureRoutes,
  changesRoutes,
  storeSettingsRoutes,
  storesRoutes,
  ticksRoutes,
  sourcesRoutes,
  overviewRoutes,
  rejectsRoutes,
  findingsRoutes,
  verdictRoutes,
  watchesRoutes,
  noticesRoutes,
]

/** Builds the server. Closing it ends its connections; the caller closes the services. */
export async function buildServer(
  services: Services,
  log: Log,
  someLimits: Partial<ServerLimits> = {},
): Promise<FastifyInstance> {
  const limits = { ...UNLIMITED, ...someLimits }
  const refusals = new RefusalLog(log)
  const server = createServer(log, limits, refusals)
  addErrorHandlers(server, refusals)
  // A form on another site can send text/plain without a CORS preflight, so it is not accepted as JSON.
  server.removeContentTypeParser('text/plain')
  const authenticator = openAuthenticator(services.inbox, limits)
  const countRequest = openRequestCounter(limits)
  addAuthentication(server, services.inbox, authenticator)
  addAdmissionChecks(server, services, limits, countRequest)
  limitSmallBodies(server, limits)
  await registerOpenApi(server)
  metricsRoutes(server, services)
  await addHeaders(server, limits)
  await server.register((scope) => uploadRoutes(scope, services))
  const { unfinished } = services
  if (unfinished !== undefined) await server.register((scope) => resumableRoutes(scope, services, unfinished))
  for (const routes of [uploadsRoutes, uploadFilesRoutes, repairRoutes, actionRoutes, auditRoutes, keysRoutes])
    routes(server, services)
  heartbeatRoutes(server, services)
  invitationsRoutes(server, services, authenticator)
  sessionRoutes(server, services, authenticator, countRequest)
  for (const routes of CATALOGUE_ROUTES) routes(server, services)
  const feed = new EventFeed(services.inbox, log)
  eventsRoutes(server, feed, authenticator)
  systemRoutes(server, services, feed)
  healthRoutes(server, services)
  if (services.pageFolder !== undefined) await pageRoutes(server, services.pageFolder)
  openApiRoutes(server)
  return server
}

/** A Fastify instance without routes. */
function createServer(log: Log, limits: ServerLimits, refusals: RefusalLog): FastifyInstance {
  return fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    serverFactory: (handle) => openHttpServer(handle, limits, refusals),
    clientErrorHandler: (error, socket) => answerClientError(error, socket, refusals),
    trustProxy: networkMatcher(limits.trustedProxies),
    routerOptions: { ignoreTrailingSlash: true },
    schemaController: lazyCompilers(),
    requestIdHeader: false,
    bodyLimit: SMALL_BODY_BYTES_MAX,
    genReqId: () => randomUUID(),
    childLoggerFactory: (logger, bindings, options, { headers }) =>
      logger.child({ ...bindings, ...traceOf(headers) }, options),
    forceCloseConnections: 'idle',
    return503OnClosing: true,
    frameworkErrors: (error, request, reply) => void answerError(error, request, reply, refusals),
  }) as unknown as FastifyInstance
}

/** Adds the headers that every answer has, and a log line for each answer at level debug. */
async function addHeaders(server: FastifyInstance, { tls }: ServerLimits): Promise<void> {
  // Behind a proxy, only the proxy knows whether browsers should insist on https.
  const strictTransportSecurity = tls !== undefined && { includeSubDomains: false }
  await server.register(helmet, { contentSecurityPolicy: API_POLICY, strictTransportSecurity })
  server.addHook('onSend', async (request, reply) => {
    reply.header('x-request-id', request.id)
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store')
  })
  server.addHook('onResponse', async (request, reply) => {
    const { method, routeOptions } = request
    const ms = Math.round(reply.elapsedTime)
    request.log.debug({ method, route: routeOptions.url ?? 'none', status: reply.statusCode, ms }, 'request answered')
  })
}
