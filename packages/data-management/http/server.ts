/** Builds the HTTP server without starting it: the command line listens, tests listen on port 0. */
import { randomUUID } from 'node:crypto'
import helmet from '@fastify/helmet'
import type { Log } from '@splitcart/shared/log.ts'
import fastify, { type FastifyInstance, LogController } from 'fastify'
import { authenticate, openAuthenticator } from './auth/authentication.ts'
import { sessionRoutes } from './auth/session.ts'
import { admit, countRequests } from './edge/admission.ts'
import { describeRoutes, descriptionRoutes } from './edge/description.ts'
import { answerError, answerErrors } from './edge/errors.ts'
import { answerClientError, openHttpServer } from './edge/http-server.ts'
import { pageRoutes } from './edge/page.ts'
import { Refusals } from './edge/refusals.ts'
import { laterCompilers } from './edge/schema-compilers.ts'
import { membership, type ServerLimits, UNLIMITED } from './edge/server-limits.ts'
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

// For an answer of the API: as a document it may load and run nothing, and not be framed. The page has its own policy.
const POLICY = { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } }

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
  given: Partial<ServerLimits> = {},
): Promise<FastifyInstance> {
  const limits = { ...UNLIMITED, ...given }
  const refusals = new Refusals(log)
  const server = bareServer(log, limits, refusals)
  answerErrors(server, refusals)
  // A form on a foreign page can send text/plain without a CORS preflight, so it is not accepted as JSON.
  server.removeContentTypeParser('text/plain')
  const authenticator = openAuthenticator(services.inbox, limits)
  const takeRequest = countRequests(limits)
  authenticate(server, services.inbox, authenticator)
  admit(server, services, limits, takeRequest)
  limitSmallBodies(server, limits)
  await describeRoutes(server)
  metricsRoutes(server, services)
  await addFields(server, limits)
  await server.register((scope) => uploadRoutes(scope, services))
  const { unfinished } = services
  if (unfinished !== undefined) await server.register((scope) => resumableRoutes(scope, services, unfinished))
  for (const routes of [uploadsRoutes, uploadFilesRoutes, repairRoutes, actionRoutes, auditRoutes, keysRoutes])
    routes(server, services)
  heartbeatRoutes(server, services)
  invitationsRoutes(server, services, authenticator)
  sessionRoutes(server, services, authenticator, takeRequest)
  for (const routes of CATALOGUE_ROUTES) routes(server, services)
  const feed = new EventFeed(services.inbox, log)
  eventsRoutes(server, feed, authenticator)
  systemRoutes(server, services, feed)
  healthRoutes(server, services)
  if (services.pageFolder !== undefined) await pageRoutes(server, services.pageFolder)
  descriptionRoutes(server)
  return server
}

/** A Fastify instance without routes. */
function bareServer(log: Log, limits: ServerLimits, refusals: Refusals): FastifyInstance {
  return fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    serverFactory: (handle) => openHttpServer(handle, limits, refusals),
    clientErrorHandler: (error, socket) => answerClientError(error, socket, refusals),
    trustProxy: membership(limits.trustedProxies),
    routerOptions: { ignoreTrailingSlash: true },
    schemaController: laterCompilers(),
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
async function addFields(server: FastifyInstance, { tls }: ServerLimits): Promise<void> {
  // Behind a proxy, only the proxy knows whether browsers should insist on https.
  const strictTransportSecurity = tls !== undefined && { includeSubDomains: false }
  await server.register(helmet, { contentSecurityPolicy: POLICY, strictTransportSecurity })
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
