/** `GET /metrics`: figures for monitoring, in the text format of Prometheus. Asks for the scope `read`: the names of sources are in it. */
import type { FastifyInstance, FastifyReply } from 'fastify'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { inboxOf } from '../inbox/folder/folder-inbox.ts'
import type { Inbox } from '../inbox/inbox.ts'
import { askerOf } from './answering.ts'
import { answerIn } from './description.ts'
import type { Figures } from './figures.ts'
import { askFor } from './reading.ts'
import type { Services } from './services.ts'

const SECONDS = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, 600]

/** What is measured by asking; `part`: which part of the server is asked. */
type Measure = Readonly<{
  name: string
  help: string
  labelNames?: string[]
  part: Part
  set: (gauge: Gauge) => Promise<void>
}>
type Part = 'database' | 'inbox' | 'disk'

/** Adds the route, and counts requests from now on. Each server has figures of its own. */
export function metricsRoutes(server: FastifyInstance, services: Services): void {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  countRequests(server, registry)
  let figures: Promise<Figures> | undefined
  const measures = [...measuresOf(services, async () => figures!), ...measuresOfShared(inboxOf(services.inbox))]
  const up = new Gauge({
    name: 'splitcart_up',
    help: 'Whether a part of the server answers; 0: what is measured there is left out.',
    labelNames: ['part'],
    registers: [registry],
  })
  const gauges = measures.map(({ name, help, labelNames = [], ...rest }) => ({
    gauge: new Gauge({ name, help, labelNames, registers: [registry] }),
    isAlone: labelNames.length === 0,
    ...rest,
  }))
  // What cannot be asked keeps nothing else from being told: figures are wanted most when something is away.
  const measure = async (reply: FastifyReply) => {
    up.reset()
    for (const { part } of gauges) up.set({ part }, 1)
    for (const { gauge, part, isAlone, set } of gauges) {
      gauge.reset()
      await set(gauge).catch((error) => {
        reply.log.warn({ err: error, part }, 'part of the figures is left out')
        up.set({ part }, 0)
        // After a reset it would say 0, which nobody has counted.
        if (isAlone) gauge.set(Number.NaN)
      })
    }
  }
  server.get(
    '/metrics',
    {
      config: { scopes: ['read', 'admin'] },
      schema: { summary: 'Figures for monitoring', response: answerIn('text/plain', 'The text format of Prometheus') },
    },
    async (request, reply) => {
      figures = askFor(services.questions, 'figures', {}, askerOf(request, reply, services.inbox.now()))
      await figures.catch(() => {})
      await measure(reply)
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

function measuresOf({ inbox }: Services, figures: () => Promise<Figures>): Measure[] {
  const part = 'database'
  return [
    {
      name: 'splitcart_uploads',
      help: 'Uploads on record, by state.',
      labelNames: ['state'],
      part,
      set: async (gauge) => setEach(gauge, (await figures()).uploads),
    },
    {
      name: 'splitcart_inbox_bytes',
      help: 'Bytes of the uploads that wait to be loaded.',
      part,
      set: async (gauge) => gauge.set((await figures()).waiting.bytes),
    },
    {
      name: 'splitcart_inbox_oldest_seconds',
      help: 'How long the oldest upload has waited to be loaded; 0 when none waits.',
      part,
      set: async (gauge) => gauge.set(secondsSince((await figures()).waiting.since, inbox.now())),
    },
    {
      name: 'splitcart_sources',
      help: 'Sources by state: silent is one that has not been heard of for twice its usual interval.',
      labelNames: ['state'],
      part,
      set: async (gauge) => setEach(gauge, (await figures()).sources),
    },
    {
      name: 'splitcart_disk_free_bytes',
      help: 'Free disk of the inbox.',
      part: 'disk',
      set: async (gauge) => {
        const { bavail, bsize } = await inbox.disk.statfs(inbox.folders.inbox)
        gauge.set(bavail * bsize)
      },
    },
  ]
}

function measuresOfShared(inbox: Inbox): Measure[] {
  if (!inbox.isShared) return []
  const part = 'inbox'
  return [
    {
      name: 'splitcart_work_items',
      help: 'Uploads in the inbox of the fleet: waiting, claimed by a loader, and claimed again after a loader fell silent.',
      labelNames: ['state'],
      part,
      set: async (gauge) => {
        const { waiting, claimed, redelivered } = (await inbox.pending()).work!
        setEach(gauge, { waiting, claimed, redelivered })
      },
    },
    {
      name: 'splitcart_work_oldest_seconds',
      help: 'How long the oldest upload has been in the inbox of the fleet; 0 when there is none.',
      part,
      set: async (gauge) => gauge.set(secondsSince((await inbox.pending()).work!.oldest, Date.now())),
    },
  ]
}

function setEach(gauge: Gauge, numbers: Readonly<Record<string, number>>): void {
  for (const [state, number] of Object.entries(numbers)) gauge.set({ state }, number)
}

function secondsSince(since: number | null, now: number): number {
  return since === null ? 0 : (now - since) / 1000
}
