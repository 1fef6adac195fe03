/** A fleet in real NATS servers, for tests. */
import { realDisk } from '@splitcart/shared/disk.ts'
import { openLog } from '@splitcart/shared/log.ts'
import { NO_NATS, startNats } from '../../../test/nats.ts'
import { JetStreamInbox } from '../inbox/jetstream/servers.ts'
import { SharedInbox } from '../inbox/jetstream/shared-inbox.ts'
import { type FleetLoaderContext, processAll } from '../update-db/process.ts'
import { get, openReceiver, SETTINGS_KEY } from './receiver.ts'

export const skip = NO_NATS
export const NOBODY = new AbortController().signal
/** Longer than a machine may stand still. */
export const CLAIM_MS = 60_000

export type Scene = Awaited<ReturnType<typeof scene>>

/** A receiver and a loader of one fleet; who has been silent for `claimMs` loses what it claimed. */
export async function scene(servers: 1 | 3 = 1, claimMs = CLAIM_MS) {
  const stack = new AsyncDisposableStack()
  const nats = stack.use(await startNats(servers))
  const fleet = stack.use(await JetStreamInbox.open(nats.address, claimMs))
  const receiver = stack.use(await openReceiver({ servers: fleet, kinds: ['products', 'stores', 'links'] }))
  const { folders, ledger, catalogue } = receiver
  const rest = { lineBytesMax: 1024 * 1024, hold: undefined, log: openLog('silent'), now: Date.now, onFile: () => {} }
  const disk = realDisk()
  const inbox = new SharedInbox({ disk, folders, ledger }, fleet)
  const work: FleetLoaderContext = { disk, folders, ledger, catalogue, inbox, ...rest }
  return {
    nats,
    fleet,
    receiver,
    work,
    /** Deals with all there is. */
    load: (changed: Partial<FleetLoaderContext> = {}) => processAll({ ...work, ...changed }, NOBODY),
    stateOf: async (id: unknown) => (await get({ ...receiver, key: SETTINGS_KEY }, `/api/uploads/${id}`)).body.state,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}
