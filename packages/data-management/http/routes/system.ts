/** `GET /api/system`: the state of the server and its machine. */
import type { FastifyInstance } from 'fastify'
import { inboxOf } from '../../inbox/folder/folder-inbox.ts'
import { MAY_READ } from '../edge/parameters.ts'
import type { EventFeed } from '../events/event-feed.ts'
import type { Services } from '../services.ts'
import { freshnessContext } from '../threads/query-context.ts'
import { loaderState } from './loader-state.ts'
import { readDatabaseSizes, readDisk, readWaiting } from './machine.ts'
import { SYSTEM_RESPONSE, type SystemView } from './system-schema.ts'

/** Adds the route. */
export function systemRoutes(server: FastifyInstance, services: Services, feed: EventFeed): void {
  const { inbox, program } = services
  const startedAt = new Date(inbox.now()).toISOString()
  const schema = { summary: 'How things stand on the machine', response: { 200: SYSTEM_RESPONSE } }
  server.get('/api/system', { config: MAY_READ, schema }, async (): Promise<SystemView> => {
    const { node, sqlite = '' } = process.versions
    const pending = await inboxOf(inbox).status()
    const backup = await inbox.ledger.latestBackup()
    return {
      at: new Date(inbox.now()).toISOString(),
      started_at: startedAt,
      time_zone: freshnessContext(services).zone.name,
      versions: { program: program?.version ?? '', node, sqlite },
      shell: program?.shell ?? { before: 'npx splitcart', after: '' },
      settings: [...(program?.settings ?? [])],
      inbox: await readWaiting(services, pending),
      loader: await loaderState(services, pending),
      disk: await readDisk(services),
      databases: await readDatabaseSizes(services),
      uploads: await inbox.ledger.uploads.countByState(),
      backup: backup === undefined ? null : { at: new Date(backup.at).toISOString(), path: backup.detail },
      integrity: integrityOf(services),
      listeners: feed.listeners,
    }
  })
}

function integrityOf({ integrity }: Services): SystemView['integrity'] {
  const latest = integrity?.latest
  return latest === undefined ? null : { at: new Date(latest.at).toISOString(), faults: [...latest.faults] }
}
