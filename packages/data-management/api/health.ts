/** `GET /healthz` (the process runs) and `/readyz` (it can accept uploads), open to everybody and silent about our insides. */
import type { FastifyInstance } from 'fastify'
import type { Services } from './services.ts'

const STATUS = { type: 'string' } as const
const WELL = { type: 'boolean' } as const
const RUNNING = { type: 'object', required: ['status'], properties: { status: STATUS } } as const
const READINESS = {
  type: 'object',
  required: ['status', 'checks'],
  properties: {
    status: STATUS,
    checks: { type: 'object', properties: { ledger: WELL, catalogue: WELL, inbox: WELL, disk: WELL } },
  },
} as const

const FRESH_MS = 1_000

/** What is looked at; `inbox` only where machines share one. */
type Checks = { ledger: boolean; catalogue: boolean; disk: boolean; inbox?: boolean }

/** Adds the routes. */
export function healthRoutes(server: FastifyInstance, services: Services): void {
  server.get(
    '/healthz',
    { logLevel: 'warn', schema: { summary: 'Whether the server runs', response: { 200: RUNNING } } },
    async () => ({
      status: 'ok',
    }),
  )
  server.get(
    '/readyz',
    {
      logLevel: 'warn',
      schema: { summary: 'Whether uploads are accepted', response: { 200: READINESS, 503: READINESS } },
    },
    async (_request, reply) => {
      const checks = await look()
      const isReady = Object.values(checks).every(Boolean)
      return reply.code(isReady ? 200 : 503).send({ status: isReady ? 'ready' : 'not ready', checks })
    },
  )

  // Anybody may ask, and as often as he likes: all who ask within a second get one answer.
  let looked: { at: number; checks: Promise<Checks> } | undefined
  function look(): Promise<Checks> {
    const now = performance.now()
    if (looked === undefined || now - looked.at > FRESH_MS) looked = { at: now, checks: checksOf(services, server.log) }
    return looked.checks
  }
}

async function checksOf({ inbox, catalogue }: Services, log: FastifyInstance['log']): Promise<Checks> {
  const checks: Checks = { ledger: false, catalogue: false, disk: false, ...(inbox.fleet && { inbox: false }) }
  try {
    // Found by their keys, or rather not: what this costs does not depend on how much there is.
    await inbox.ledger.uploads.find('')
    checks.ledger = true
    await catalogue.findLoad('')
    checks.catalogue = true
    await inbox.fleet?.counts()
    if (inbox.fleet !== undefined) checks.inbox = true
    const { bavail, bsize } = await inbox.disk.statfs(inbox.folders.inbox)
    checks.disk = bavail * bsize >= inbox.diskBytesKept
  } catch (error) {
    log.error({ err: error }, 'not ready')
  }
  return checks
}
