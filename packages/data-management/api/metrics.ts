/** `GET /metrics`: figures for monitoring, in the text format of Prometheus. Asks for the scope `read`: the names of sources are in it. */
import type { FastifyInstance } from 'fastify'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { JetStreamInbox } from '../inbox/jetstream.ts'
import { askerOf } from './answering.ts'
import { answerIn } from './description.ts'
import type { Figures } from './figures.ts'
import { askFor } from './reading.ts'
import type { Services } from './services.ts'

const SECONDS = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, 600]

/** Adds the route, and counts requests from now on. Each server has figures of its own. */
export function metricsRoutes(server: FastifyInstance, services: Services): void {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  countRequests(server, registry)
  let figures: Promise<Figures> | undefined
  measureBacklog(registry, services, async () => figures!)
  if (services.inbox.fleet !== undefined) measureFleet(registry, services.inbox.fleet)
  measureSources(registry, async () => figures!)
  server.get(
    '/metrics',
    {
      config: { scopes: ['read', 'admin'] },
      schema: { summary: 'Figures for monitoring', response: answerIn('text/plain', 'The text format of Prometheus') },
    },
    async (request, reply) => {
      figures = askFor(services.questions, 'figures', {}, askerOf(request, reply, services.inbox.now()))
      await figures
      return reply.type(registry.contentType).send(await registry.metrics())
    },
  )
}

function countRequests(server: FastifyInstance, registry: Registry): void {
  const requests = new Counter({
    name: 'splitcart_http_requests_total',
    help: 'Requests that were answered, by route and status.',
    labelNames: ['method', 'route', 'status'],
    registers: [registry],
  })
  const seconds = new Histogram({
    name: 'splitcart_http_request_seconds',
    help: 'Time from a request to the end of its answer, by route.',
    labelNames: ['route'],
    buckets: SECONDS,
    registers: [registry],
  })
  server.addHook('onResponse', async (request, reply) => {
    // The route and not the address: an address is the sender's text, and every new one would be a new figure.
    const route = request.routeOptions.url ?? 'none'
    requests.inc({ method: request.method, route, status: reply.statusCode })
    seconds.observe({ route }, reply.elapsedTime / 1000)
  })
}

function measureBacklog(registry: Registry, { inbox }: Services, figures: () => Promise<Figures>): void {
  const registers = [registry]
  new Gauge({
    name: 'splitcart_uploads',
    help: 'Uploads on record, by state.',
    labelNames: ['state'],
    registers,
    async collect() {
      for (const [state, number] of Object.entries((await figures()).uploads)) this.set({ state }, number)
    },
  })
  new Gauge({
    name: 'splitcart_inbox_bytes',
    help: 'Bytes of the uploads that wait to be loaded.',
    registers,
    async collect() {
      this.set((await figures()).waiting.bytes)
    },
  })
  new Gauge({
    name: 'splitcart_inbox_oldest_seconds',
    help: 'How long the oldest upload has waited to be loaded; 0 when none waits.',
    registers,
    async collect() {
      const { since } = (await figures()).waiting
      this.set(since === null ? 0 : (inbox.now() - since) / 1000)
    },
  })
  new Gauge({
    name: 'splitcart_disk_free_bytes',
    help: 'Free disk of the inbox.',
    registers,
    async collect() {
      const { bavail, bsize } = await inbox.disk.statfs(inbox.folders.inbox)
      this.set(bavail * bsize)
    },
  })
}

function measureFleet(registry: Registry, fleet: JetStreamInbox): void {
  const registers = [registry]
  new Gauge({
    name: 'splitcart_work_items',
    help: 'Uploads in the inbox of the fleet: waiting, claimed by a loader, and claimed again after a loader fell silent.',
    labelNames: ['state'],
    registers,
    async collect() {
      const { waiting, claimed, redelivered } = await fleet.counts()
      this.set({ state: 'waiting' }, waiting)
      this.set({ state: 'claimed' }, claimed)
      this.set({ state: 'redelivered' }, redelivered)
    },
  })
  new Gauge({
    name: 'splitcart_work_oldest_seconds',
    help: 'How long the oldest upload has been in the inbox of the fleet; 0 when there is none.',
    registers,
    async collect() {
      const { oldest } = await fleet.counts()
      this.set(oldest === null ? 0 : (Date.now() - oldest) / 1000)
    },
  })
}

function measureSources(registry: Registry, figures: () => Promise<Figures>): void {
  new Gauge({
    name: 'splitcart_sources',
    help: 'Sources by state: silent is one that has not been heard of for twice its usual interval.',
    labelNames: ['state'],
    registers: [registry],
    async collect() {
      for (const [state, number] of Object.entries((await figures()).sources)) this.set({ state }, number)
    },
  })
}
