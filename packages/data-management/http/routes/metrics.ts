/** `GET /metrics`: metrics in the text format of Prometheus. Requires the scope `read`, as it names sources. */
import type { FastifyInstance, FastifyReply } from 'fastify'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { inboxOf } from '../../inbox/folder/folder-inbox.ts'
import { responseWithMediaType } from '../edge/openapi.ts'
import type { Services } from '../services.ts'
import { askerOf } from '../threads/answering.ts'
import { runQuery } from '../threads/query-context.ts'
import type { MonitoringFigures } from './figures.ts'
import { type Measure, measuresOf, type Sample } from './measures.ts'

const SECONDS = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, 600]
const SHARED_HELP = ' Each receiver of a fleet tells the same.'

/** Adds the route, and counts requests from now on. */
export function metricsRoutes(server: FastifyInstance, services: Services): void {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  observeRequests(server, registry)
  addBuildInfo(services, registry)
  let figures: Promise<MonitoringFigures> | undefined
  const measures = measuresOf(services, async () => figures!)
  server.get(
    '/metrics',
    {
      config: { scopes: ['read', 'admin'] },
      schema: {
        summary: 'Figures for monitoring',
        response: responseWithMediaType('text/plain', 'The text format of Prometheus'),
      },
    },
    async (request, reply) => {
      figures = runQuery(services.queries, 'figures', {}, askerOf(request, reply, services.inbox.now()))
      await figures.catch(() => {})
      const asked = await readMeasures(measures, reply)
      return reply.type(registry.contentType).send(`${await registry.metrics()}\n${await asked.metrics()}`)
    },
  )
}

/** Reads all metrics. Those that fail are left out: the others matter most when a part of the server is down. */
async function readMeasures(measures: readonly Measure[], { log }: FastifyReply): Promise<Registry> {
  const registry = new Registry()
  const parts = new Map<string, number>()
  for (const measure of measures) {
    const { part } = measure
    try {
      addMeasure(measure, await measure.sample(), registry)
      if (!parts.has(part)) parts.set(part, 1)
    } catch (error) {
      log.warn({ err: error, part }, 'part of the figures is left out')
      parts.set(part, 0)
    }
  }
  const samples = [...parts].map(([part, value]) => ({ labels: { part }, value }))
  const help = 'Whether a part of the server answers; 0: what is measured there is left out.'
  addMeasure({ name: 'splitcart_up', help, type: 'gauge' }, samples, registry)
  return registry
}

/** Adds a metric and its samples to the registry, unless it has no samples. */
function addMeasure(
  { name, help, type, isShared = false }: Pick<Measure, 'name' | 'help' | 'type' | 'isShared'>,
  samples: readonly Sample[],
  registry: Registry,
): void {
  const known = samples.filter(({ value }) => value !== null)
  if (known.length === 0) return
  const labelNames = Object.keys(known[0]!.labels ?? {})
  const options = { name, help: isShared ? `${help}${SHARED_HELP}` : help, labelNames, registers: [registry] }
  const figure = type === 'gauge' ? new Gauge(options) : new Counter(options)
  for (const { labels = {}, value } of known) figure.inc(labels, value!)
}

function addBuildInfo({ program, catalogue, inbox }: Services, registry: Registry): void {
  const build = new Gauge({
    name: 'splitcart_build_info',
    help: 'The version of the program, and what it runs on; always 1.',
    labelNames: ['version', 'node', 'database', 'inbox'],
    registers: [registry],
  })
  const database = catalogue.path === null ? 'postgres' : 'sqlite'
  const labels = { version: program?.version ?? '', node: process.versions.node, database }
  build.set({ ...labels, inbox: inboxOf(inbox).isShared ? 'nats' : 'folder' }, 1)
}

function observeRequests(server: FastifyInstance, registry: Registry): void {
  const requests = new Counter({
    name: 'splitcart_http_requests_total',
    help: 'Requests that were answered, by route and status.',
    labelNames: ['method', 'route', 'status'],
    registers: [registry],
  })
  const seconds = new Histogram({
    name: 'splitcart_http_request_duration_seconds',
    help: 'Time from a request to the end of its answer, by route.',
    labelNames: ['route'],
    buckets: SECONDS,
    registers: [registry],
  })
  server.addHook('onResponse', async (request, reply) => {
    // The route, not the URL: clients choose URLs, and each new one would make a new time series.
    const route = request.routeOptions.url ?? 'none'
    requests.inc({ method: request.method, route, status: reply.statusCode })
    seconds.observe({ route }, reply.elapsedTime / 1000)
  })
}
