/** `GET /healthz` (the process runs) and `/readyz` (it can accept uploads), open to everybody and silent about our insides. */
import type { FastifyInstance } from 'fastify'
import type { Services } from './services.ts'

/** Adds the routes. */
export function healthRoutes(server: FastifyInstance, { inbox, catalogue }: Services): void {
  server.get('/healthz', { logLevel: 'warn', schema: { summary: 'Whether the server runs' } }, async () => ({
    status: 'ok',
  }))
  server.get(
    '/readyz',
    { logLevel: 'warn', schema: { summary: 'Whether uploads are accepted' } },
    async (_request, reply) => {
      const checks = { ledger: false, catalogue: false, disk: false }
      try {
        await inbox.ledger.uploads.countByState()
        checks.ledger = true
        catalogue.findLoad('')
        checks.catalogue = true
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
