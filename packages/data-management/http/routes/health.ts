/** `GET /healthz`: whether the server runs; `/readyz`: whether it accepts uploads. Both need no authentication. */

import type { FastifyInstance } from 'fastify'
import { inboxOf } from '../../inbox/folder/folder-inbox.ts'
import { freeBytes } from '../../status.ts'
import { objectOf } from '../edge/object-schema.ts'
import type { Services } from '../services.ts'

const STATUS = { type: 'string' } as const
const PASSED = { type: 'boolean' } as const
const RUNNING = objectOf({ status: STATUS })
const READINESS = objectOf({
  status: STATUS,
  checks: { type: 'object', properties: { ledger: PASSED, catalogue: PASSED, inbox: PASSED, disk: PASSED } },
})

const SHARED_MS = 1_000

/** The results of the checks; `inbox` only if it is shared by a fleet. */
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
      const checks = await sharedChecks()
      const isReady = Object.values(checks).every(Boolean)
      return reply.code(isReady ? 200 : 503).send({ status: isReady ? 'ready' : 'not ready', checks })
    },
  )

  // The route is open and has no rate limit, so all requests within `SHARED_MS` share one result.
  let latest: { at: number; checks: Promise<Checks> } | undefined
  function sharedChecks(): Promise<Checks> {
    const now = performance.now()
    if (latest === undefined || now - latest.at > SHARED_MS)
      latest = { at: now, checks: runChecks(services, server.log) }
    return latest.checks
  }
}

async function runChecks({ inbox, catalogue }: Services, log: FastifyInstance['log']): Promise<Checks> {
  // Each check catches its own errors, so that one failure does not hide other results.
  const passes = async (part: keyof Checks, check: () => Promise<unknown>) => {
    try {
      return (await check()) !== false
    } catch (error) {
      log.error({ err: error, part }, 'not ready')
      return false
    }
  }
  const hasRoom = async () => (await freeBytes(inbox.disk, inbox.folders.inbox)) >= inbox.diskBytesKept
  const files = inboxOf(inbox)
  const [ledger, catalogued, disk, shared] = await Promise.all([
    passes('ledger', () => inbox.ledger.checkWritable()),
    // A lookup by primary key that finds nothing: its cost does not depend on the size of the catalogue.
    passes('catalogue', () => catalogue.findLoad('')),
    passes('disk', hasRoom),
    files.isShared ? passes('inbox', () => files.status()) : true,
  ])
  return { ledger, catalogue: catalogued, disk, ...(files.isShared && { inbox: shared }) }
}
