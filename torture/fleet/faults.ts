/** A fleet in which everything dies: while files flow, its parts are killed, cut off and started again, at any moment and in any order. */
import { setTimeout as sleep } from 'node:timers/promises'
import { openPostgresCatalogue } from '@splitcart/data-management/catalogue/dialects/postgres/catalogue.ts'
import { catalogueDigest } from '@splitcart/data-management/catalogue/digest.ts'
import { openPostgresLedger } from '@splitcart/data-management/ledger/postgres.ts'
import { Chance } from '../../packages/data-management/test/random.ts'
import type { Case, Fault, Options } from '../campaign.ts'
import { digestOfPlan, type Given, planOfFiles, writeOutboxes } from '../chaos/shops.ts'
import { networkMissing } from '../own-network.ts'
import { leftIn } from './copies.ts'
import { Fleet } from './fleet.ts'

const RECEIVERS = 2
const LOADERS = 3
const SENDERS = 2
const PAUSE_MS_MAX = 3_000
const OUTAGE_MS_MAX = 5_000
// Some are over before the others miss the server, some not.
const CUT_MS_MAX = 20_000
const DRAIN_SECONDS_MAX = 300
const WIPED = 'all NATS servers lost with their files'
const CUT = 'a NATS server cut off'
const WIPE_PROBABILITY = 0.2

/** Makes the case: so many files, and faults for so many seconds. */
export function fleetFaults({ files = 500, seconds = 600, wipes = 0, cuts = 1 }: Options): Case {
  const figures: string[] = []
  const round = async (seed: number): Promise<Fault> => {
    await using fleet = await Fleet.open({ nats: 3, receivers: RECEIVERS, loaders: LOADERS })
    const folders = Array.from({ length: SENDERS }, (_, index) => fleet.folderOf(`sender-${index}`))
    const given = await writeOutboxes(planOfFiles(files, seed), folders)
    const digest = await digestOfPlan(given)
    const key = await fleet.makeKey()
    const start = performance.now()
    const sending = Promise.all(folders.map((folder) => fleet.send(folder, key, seconds + DRAIN_SECONDS_MAX)))
    const done = await rage(fleet, new Chance(seed), { ms: seconds * 1000, wipes, cuts, sending })
    const ended = await sending
    const took = Math.round((performance.now() - start) / 1000)
    const uncut = fleet.network === undefined ? `, none cut off (${networkMissing()})` : ''
    figures.push(`${given.length} files, ${JSON.stringify(done)}${uncut}, all loaded after ${took} s`)
    const failed = ended.find(({ code }) => code !== 0)
    if (failed !== undefined) return `a sender ended with ${failed.code}: ${failed.stderr}\n${fleet.printed()}`
    return await faultIn(fleet, given, digest)
  }
  return Object.assign(round, { figure: () => figures.join('; ') })
}

type Done = Record<string, number>

/** For how long, how often everything in the inbox is lost, whether lines are cut (not 0), and what is over when all is loaded. */
type Rage = Readonly<{ ms: number; wipes: number; cuts: number; sending: Promise<unknown> }>

/** Lets one thing after the other go wrong until the time is over or all is done. What was broken is whole again then. */
async function rage(fleet: Fleet, chance: Chance, { ms, wipes, cuts, sending }: Rage): Promise<Done> {
  const done: Done = {}
  let isOver = false
  const over = () => (isOver = true)
  sending.then(over, over)
  const faults = faultsOf(fleet, chance)
  const names = Object.keys(faults).filter((each) => each !== WIPED && (cuts > 0 || each !== CUT))
  for (const end = performance.now() + ms; !isOver && performance.now() < end; ) {
    await sleep(chance.between(0, PAUSE_MS_MAX))
    const isTimeToWipe = wipes > (done[WIPED] ?? 0) && chance.is(WIPE_PROBABILITY)
    const name = isTimeToWipe ? WIPED : chance.of(names)
    done[name] = (done[name] ?? 0) + 1
    await faults[name]!()
  }
  return done
}

/** What can go wrong, and how it is mended. */
function faultsOf(fleet: Fleet, chance: Chance): Record<string, () => Promise<void>> {
  const { network } = fleet
  const outage = () => sleep(chance.between(0, OUTAGE_MS_MAX))
  const loader = async () => void (await fleet.killLoader(chance.between(0, LOADERS - 1)))
  return {
    'a loader killed': loader,
    'a loader killed again': loader,
    'a receiver killed': async () => {
      const index = chance.between(0, RECEIVERS - 1)
      await fleet.killReceiver(index)
      await outage()
      await fleet.startReceiver(index)
    },
    'a NATS server killed': async () => {
      const index = chance.between(0, 2)
      await fleet.nats.kill(index)
      await outage()
      await fleet.nats.start(index)
    },
    'a NATS server stopped': async () => {
      const index = chance.between(0, 2)
      fleet.nats.pause(index)
      await outage()
      fleet.nats.resume(index)
    },
    ...(network && {
      [CUT]: async () => {
        const line = chance.of(network.lines)
        await line.cut()
        await sleep(chance.between(0, CUT_MS_MAX))
        await line.mend()
      },
    }),
    [WIPED]: () => fleet.nats.wipe(),
    'PostgreSQL killed': async () => {
      await fleet.postgres.kill()
      await outage()
      await fleet.postgres.start()
    },
  }
}

/** Looks at what the fleet holds, and says what is not as it must be. */
export async function faultIn({ settings }: Fleet, given: readonly Given[], digest: string): Promise<Fault> {
  await using catalogue = await openPostgresCatalogue(settings.DATABASE_URL!)
  await using ledger = await openPostgresLedger(settings.DATABASE_URL!)
  for (const { sha256, name } of given) {
    const state = (await catalogue.findLoad(sha256))?.state
    if (state !== 'loaded') return `${name} is ${state ?? 'not known to the catalogue'}`
  }
  if ((await catalogueDigest(catalogue.database)) !== digest)
    return 'the digest differs from that of an undisturbed load'
  const { loaded, ...others } = await ledger.uploads.countByState()
  if (loaded !== given.length || Object.values(others).some((count) => count > 0))
    return `the ledger has ${loaded} loaded uploads and ${JSON.stringify(others)}`
  // Of a loader that died after its last commit the item comes once more, and is found to have been done.
  for (let looks = 1; ; looks++) {
    const left = await leftIn(settings.INBOX_URL!)
    if (left.length === 0) return undefined
    if (looks === DRAIN_SECONDS_MAX) return `left in the inbox: ${left.join(', ')}`
    await sleep(1_000)
  }
}
