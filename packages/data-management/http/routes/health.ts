/** `GET /healthz` (the process runs) and `/readyz` (it accepts uploads); no authentication, no internal details. */

import type { FastifyInstance } from 'fastify'
import { inboxOf } from '../../inbox/folder/folder-inbox.ts'
import { objectOf } from '../edge/object-schema.ts'
import type { Services } from '../services.ts'

const STATUS = { type: 'string' } as const
const WELL = { type: 'boolean' } as const
const RUNNING = objectOf({ status: STATUS })
const READINESS = objectOf({
  status: STATUS,
  checks: { type: 'object', properties: { ledger: WELL, catalogue: WELL, inbox: WELL, disk: WELL } },
})

const FRESH_MS = 1_000

/** Results of the checks; `inbox` only if a fleet shares one. */
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

  // Unauthenticated and without a rate limit, so one result is shared by all requests within `FRESH_MS`.
  let looked: { at: number; checks: Promise<Checks> } | undefined
  function look(): Promise<Checks> {
    const now = performance.now()
    if (looked === undefined || now - looked.at > FRESH_MS) looked = { at: now, checks: checksOf(services, server.log) }
    return looked.checks
  }
}

async function checksOf({ inbox, catalogue }: Services, log: FastifyInstance['log']): Promise<Checks> {
  // Each check runs separately, so that the failure of one does not hide the result of another.
  const isWell = async (part: keyof Checks, look: () => Promise<unknown>) => {
    try {
      return (await look()) !== false
    } catch (error) {
      log.error({ err: error, part }, 'not ready')
      return false
    }
  }
  const hasRoom = async () => {
    const { bavail, bsize } = await inbox.disk.statfs(inbox.folders.inbox)
    return bavail * bsize >= inbox.diskBytesKept
  }
  const files = inboxOf(inbox)
  const [ledger, catalogued, disk, shared] = await Promise.all([
    isWell('ledger', () => inbox.ledger.checkWritable()),
    // A lookup by primary key that finds nothing: its cost does not depend on the size of the catalogue.
    isWell('catalogue', () => catalogue.findLoad('')),
    isWell('disk', hasRoom),
    files.isShared ? isWell('inbox', () => files.status()) : true,
  ])
  return { ledger, catalogue: catalogued, disk, ...(files.isShared && { inbox: shared }) }
}
