/** A network that falls apart, really: the campaign `partitions` of `npm run torture`, with few files. */
import { test } from 'node:test'
import { NO_FLEET } from '../torture/fleet/fleet.ts'
import { mountsMissing } from '../torture/own-mounts.ts'
import { networkMissing, networkProgramsMissing } from '../torture/own-network.ts'
import { campaign } from './campaign.ts'
import { neededHere } from './needed.ts'

const MS_MAX = 400_000

// Programs that are missing are a fault of the build server; rights that are missing are not.
const NO_NETWORK = mountsMissing() || neededHere(networkProgramsMissing()) || networkMissing()

test(
  'each NATS server cut off in turn: files are loaded meanwhile, and it catches up when its line is mended',
  {
    skip: NO_FLEET || NO_NETWORK,
    timeout: MS_MAX,
  },
  (t) => campaign(t, 'partitions', { files: 9 }),
)
