/** Checks that the servers of a fleet's inbox keep what they acknowledge: in how many copies, and how soon synced. */
import type { StreamInfo } from '@nats-io/jetstream'
import { type CheckResult, fail, ok, warn } from '@splitcart/shared/check-result.ts'
import type { JetStreamInbox } from './servers.ts'

const REQUEST_MS_MAX = 3_000
const COPIES_TODO =
  'Name three servers in INBOX_URL before the first start, or change it with: nats stream edit --replicas=3'
const SYNC_TODO = 'Set sync_interval: always in the jetstream block of its configuration (nats-server 2.10 or newer).'

/** The part of a NATS server's /varz that is used; `sync_interval` is in nanoseconds. */
type ServerInfo = Readonly<{
  version?: unknown
  jetstream?: { config?: { sync_always?: unknown; sync_interval?: unknown } }
}>

/** The results of the checks of the streams and syncs of an inbox. With one that fails, the inbox must not be used. */
export async function checkFleetInbox(fleet: JetStreamInbox): Promise<CheckResult[]> {
  const streams = await fleet.streams()
  return [...streams.flatMap((info) => checkStream(info, fleet.address.replicas)), ...(await checkSyncs(fleet))]
}

function checkStream({ config }: StreamInfo, replicas: number): CheckResult[] {
  const { name, storage, num_replicas } = config
  const about = `stream ${name}`
  if (storage !== 'file')
    return [
      fail(about, 'is kept in memory: a restart of the servers loses it', 'Remove it; it is made anew, in files.'),
    ]
  if (num_replicas < replicas)
    return [warn(about, `has ${num_replicas} of ${replicas} copies`, `nats stream edit ${name} --replicas=${replicas}`)]
  if (num_replicas === 1)
    return [warn(about, 'has one copy: a lost disk loses what waits, and its senders send it again', COPIES_TODO)]
  return [ok(about, `has ${num_replicas} copies`)]
}

async function checkSyncs({ address }: JetStreamInbox): Promise<CheckResult[]> {
  if (address.monitorPort === undefined)
    return [
      warn(
        'syncs of the inbox',
        'cannot be seen: a power cut of all servers may lose what they acknowledged last',
        'Set sync_interval: always, and add ?monitor=8222 to INBOX_URL, where the servers listen with http: 8222.',
      ),
    ]
  return Promise.all(
    address.servers.map((server) => checkSync(`${server.slice(0, server.lastIndexOf(':'))}:${address.monitorPort}`)),
  )
}

/** How soon one server syncs, as it says at its monitoring port; a warning if it cannot be asked. `host`: host:port. */
export async function checkSync(host: string): Promise<CheckResult> {
  const about = `syncs of ${host}`
  try {
    const answer = await fetch(`http://${host}/varz`, { signal: AbortSignal.timeout(REQUEST_MS_MAX) })
    const { version, jetstream } = (await answer.json()) as ServerInfo
    if (jetstream?.config?.sync_always === true) return ok(about, 'each write is synced before it is acknowledged')
    const seconds = Number(jetstream?.config?.sync_interval ?? Number.NaN) / 1e9
    const every = Number.isFinite(seconds) ? `every ${seconds} s` : 'now and then'
    const detail = `nats-server ${version} syncs ${every}: a power cut of all servers loses what came last, and its senders send it again`
    return warn(about, detail, SYNC_TODO)
  } catch (error) {
    return warn(
      about,
      `cannot be asked: ${error instanceof Error ? error.message : error}`,
      'Let it listen: http: 8222.',
    )
  }
}
