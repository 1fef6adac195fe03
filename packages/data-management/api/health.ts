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

/** What is looked at; `inbox` only where machines share one. */
type Checks = { ledger: boolean; catalogue: boolean; disk: boolean; inbox?: boolean }

/** Adds the routes. */
export function healthRoutes(server: FastifyInstance, { inbox, catalogue }: Services): void {
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
      const checks: Checks = { ledger: false, catalogue: false, disk: false, ...(inbox.fleet && { inbox: false }) }
      try {
        await inbox.ledger.uploads.countByState()
        checks.ledger = true
        await catalogue.findLoad('')
        checks.catalogue = true
        await inbox.fleet?.counts()
        if (inbox.fleet !== undefined) checks.inbox = true
        const { bavail, bsize } = await inbox.disk.statfs(inbox.folders.inbox)
        checks.disk = bavail * bsize >= inbox.diskBytesKept
      } catch (error) {
        server.log.error({ err: error }, 'not ready')
      }
      const isReady = Object.values(checks).every(Boolean)
      return reply.code(isReady ? 200 : 503).send({ status: isReady ? 'ready' : 'not ready', checks })
    },
  )
}
