/** Opens the inbox that the machines of a fleet share. */
import type { JetStreamInbox } from '@splitcart/data-management/inbox/jetstream/servers.ts'
import type { SharedInbox } from '@splitcart/data-management/inbox/jetstream/shared-inbox.ts'
import type { Log } from '@splitcart/shared/log.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import { inboxServers, type Settings } from '@splitcart/shared/settings.ts'
import type { DataManagement } from './data-management.ts'

/** Opens the fleet's inbox; undefined if the inbox is a folder. With `log`, checks it: logs warnings, or throws. */
export async function openFleet(settings: Settings, log?: Log): Promise<JetStreamInbox | undefined> {
  const address = inboxServers(settings)
  if (address === undefined) return undefined
  // Imported only when needed: loading the NATS client takes time.
  const { JetStreamInbox } = await import('@splitcart/data-management/inbox/jetstream/servers.ts')
  const fleet = await JetStreamInbox.open(address)
  if (log !== undefined) await reportChecks(fleet, log)
  return fleet
}

async function reportChecks(fleet: JetStreamInbox, log: Log): Promise<void> {
  const { checkFleetInbox } = await import('@splitcart/data-management/inbox/jetstream/check.ts')
  for (const { state, check, detail, todo } of await checkFleetInbox(fleet)) {
    if (state === 'warn') log.warn({ check, detail, todo }, 'the inbox could be safer')
    if (state !== 'fail') continue
    await fleet[Symbol.asyncDispose]()
    throw new Problem('machine_refused', `${check} ${detail}. ${todo}`)
  }
}

/** Opens the fleet's inbox for a loader or server: fetched files go into this machine's folders. */
export async function openInbox(
  machine: DataManagement,
  settings: Settings,
  log?: Log,
): Promise<SharedInbox | undefined> {
  const servers = await openFleet(settings, log)
  if (servers === undefined) return undefined
  const { SharedInbox } = await import('@splitcart/data-management/inbox/jetstream/shared-inbox.ts')
  return new SharedInbox(machine, servers)
}
