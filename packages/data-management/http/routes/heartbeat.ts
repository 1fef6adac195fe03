/** `POST /api/heartbeat`: a scraping machine reports its state after each round of sending; the latest is stored. */
import type { MachineReport } from '@splitcart/shared/machine-report.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import type { FastifyInstance } from 'fastify'
import { principalOf } from '../auth/authentication.ts'
import { TokenBuckets } from '../edge/token-buckets.ts'
import type { Services } from '../services.ts'
import { HEARTBEAT_BODY } from './machines-schema.ts'

// Each stored heartbeat costs a disk sync. Those beyond the limit are ignored, but answered in the same way.
const KEPT_PER_MINUTE_MAX = 6

const NOTHING = { type: 'null', description: 'The heartbeat was received' } as const

/** Adds the route. */
export function heartbeatRoutes(server: FastifyInstance, { inbox }: Services): void {
  const { ledger, now, steady } = inbox
  const kept = new TokenBuckets(KEPT_PER_MINUTE_MAX)
  const summary = 'Report the state of a machine: its version, its waiting files, and its time'
  const options = {
    config: { scopes: ['upload'], wantsKey: true },
    schema: { summary, body: HEARTBEAT_BODY, response: { 204: NOTHING } },
  } as const
  server.post<{ Body: MachineReport }>('/api/heartbeat', options, async (request, reply) => {
    const { version, platform, arch, waiting_files, waiting_bytes, refused_files, sent_at } = request.body
    if (Number.isNaN(Date.parse(sent_at))) throw new Problem('request_invalid', 'body/sent_at is not a time')
    const report = { version, platform, arch, waiting_files, waiting_bytes, refused_files, sent_at }
    const { keyId } = principalOf(request)
    if (kept.take(keyId, steady()) === 0) await ledger.machines.store(keyId, report, now())
    return reply.code(204).send()
  })
}
