/** A fleet in which everything goes wrong: while files flow, its parts are killed, cut off, of no use and upgraded, at any moment and in any order. */
import { mkdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openPostgresCatalogue } from '@splitcart/data-management/catalogue/dialects/postgres/catalogue.ts'
import { catalogueDigest } from '@splitcart/data-management/catalogue/digest.ts'
import { openPostgresLedger } from '@splitcart/data-management/ledger/postgres.ts'
import { Chance } from '../../packages/data-management/test/random.ts'
import { temporaryFolder } from '../../test/folders.ts'
import { type Ended, recordsIn, until } from '../../test/machines.ts'
import type { Case, Fault, Options } from '../campaign.ts'
import { digestOfPlan, type Given, outboxOf, planOfFiles, writeOutboxes } from '../chaos/shops.ts'
import { olderVersion } from '../older-version.ts'
import { networkMissing } from '../own-network.ts'
import { CLOCK_MISSING } from './clocks.ts'
import { leftIn } from './copies.ts'
import { Fleet } from './fleet.ts'
import { type Kinds, kindsOf, WIPED } from './kinds-of-faults.ts'
import { UnwellPostgres } from './unwell-postgres.ts'

const SIZES = { nats: 3, receivers: 2, loaders: 3 } as const
const SENDERS = 2
const PAUSE_MS_MAX = 3_000
const DRAIN_SECONDS_MAX = 300
const WIPE_PROBABILITY = 0.2
// The older version does its work for so many faults, which must be some that it stands.
const FAULTS_BEFORE_UPGRADE = { min: 2, max: 6 }
const REPLAYED_MS_MAX = 300_000
const LOADS_MAX = '500'
const UPGRADED = 'upgraded from an older version'
const COMING = 'coming'

type FaultOptions = Readonly<Record<'files' | 'seconds' | 'spread' | 'wipes' | 'cuts' | 'unwell' | 'older', number>>

/** Makes the case: so many files, and faults for so many seconds. */
export async function fleetFaults(options: Options): Promise<Case> {
  const chosen = options as FaultOptions
  const older = chosen.older > 0 ? await olderVersion('operating') : undefined
  const figures: string[] = []
  const round = async (seed: number): Promise<Fault> => {
    await using at = await temporaryFolder()
    const passwords = join(at.path, 'pgpass')
    await using fleet = await Fleet.open(SIZES, { settings: { PGPASSFILE: passwords }, program: older?.program })
    const { postgres: cluster, settings } = fleet
    const postgres = await UnwellPostgres.open({ cluster, address: settings.DATABASE_URL!, passwords })
    return await play({ fleet, postgres, chosen, seed, older: older?.program }, figures)
  }
  const close = async () => older?.[Symbol.asyncDispose]()
  return Object.assign(round, { figure: () => figures.join('; '), close })
}

type Scene = Readonly<{
  fleet: Fleet
  postgres: UnwellPostgres
  chosen: FaultOptions
  seed: number
  older: string | undefined
}>

async function play(scene: Scene, figures: string[]): Promise<Fault> {
  const { fleet, postgres, chosen, seed, older } = scene
  const folders = Array.from({ length: SENDERS }, (_, index) => fleet.folderOf(`sender-${index}`))
  const given = await writeOutboxes(planOfFiles(chosen.files, seed), folders, COMING)
  for (const folder of folders) await mkdir(outboxOf(folder), { recursive: true })
  const digest = await digestOfPlan(given)
  const key = await fleet.makeKey()
  const start = performance.now()
  const coming = comeIn(given, chosen.spread)
  // One of the machines that send is not upgraded.
  const secondsMax = chosen.seconds + DRAIN_SECONDS_MAX
  const sending = Promise.all(
    folders.map((folder, index) =>
      sendAll(coming, () => fleet.send(folder, key, secondsMax, index === 0 ? older : undefined)),
    ),
  )
  const done = await rage(scene, sending)
  const ended = await sending
  const took = Math.round((performance.now() - start) / 1000)
  figures.push(
    [
      `${given.length} files, ${JSON.stringify(done.faults)}`,
      ...leftOut(fleet, chosen),
      `all loaded after ${took} s`,
    ].join(', '),
  )
  const failed = ended.find(({ code }) => code !== 0)
  if (failed !== undefined) return `a sender ended with ${failed.code}: ${failed.stderr}\n${fleet.printed()}`
  await postgres.letIn('')
  await loadAgain(fleet, done.older, digest)
  return await faultIn(fleet, given, digest)
}

function leftOut({ network }: Fleet, { cuts, unwell }: FaultOptions): string[] {
  const uncut = cuts > 0 && network === undefined ? [`none cut off (${networkMissing()})`] : []
  return unwell > 0 && CLOCK_MISSING !== false ? [...uncut, `no clock (${CLOCK_MISSING})`] : uncut
}

/** Files come into the outboxes one after the other, spread over so many seconds. */
async function comeIn(given: readonly Given[], seconds: number): Promise<void> {
  const start = performance.now()
  for (const [index, { folder, name, path }] of given.entries()) {
    const at = start + (index / given.length) * seconds * 1000
    if (at > performance.now()) await sleep(at - performance.now())
    await rename(path, join(outboxOf(folder), name))
  }
}

/** Sends until all have come and are loaded; tells how it ended. */
async function sendAll(coming: Promise<void>, send: () => Promise<Ended>): Promise<Ended> {
  let hasChanged = false
  const wait = coming.then(() => {
    hasChanged = true
  })
  for (;;) {
    const wasWhole = hasChanged
    const ended = await send()
    if (wasWhole || ended.code !== 0) return ended
    await Promise.race([wait, sleep(PAUSE_MS_MAX)])
  }
}

/** `older`: the names of what the older version has loaded. */
type Done = Readonly<{ faults: Record<string, number>; older: readonly string[] }>

/** Lets one thing after the other go wrong until the time is over or all is done. What was broken is whole again then. */
async function rage({ fleet, postgres, chosen, seed, older }: Scene, sending: Promise<unknown>): Promise<Done> {
  const chance = new Chance(seed)
  const done: Record<string, number> = {}
  let loadedByOlder: readonly string[] = []
  let isOver = false
  const over = () => (isOver = true)
  sending.then(over, over)
  const kinds = kindsOf({ fleet, postgres, chance, sizes: SIZES })
  const { min, max } = FAULTS_BEFORE_UPGRADE
  let untilUpgrade = older === undefined ? 0 : chance.between(min, max)
  let names = namesOf(kinds, chosen, untilUpgrade === 0)
  for (const end = performance.now() + chosen.seconds * 1000; !isOver && performance.now() < end; ) {
    await sleep(chance.between(0, PAUSE_MS_MAX))
    const isTimeToWipe = chosen.wipes > (done[WIPED] ?? 0) && chance.is(WIPE_PROBABILITY)
    const name = isTimeToWipe ? WIPED : chance.of(names)
    done[name] = (done[name] ?? 0) + 1
    await kinds[name]!.happen()
    if (untilUpgrade === 0 || --untilUpgrade > 0) continue
    await fleet.upgrade(chance.is(0.5) ? 'SIGTERM' : 'SIGKILL')
    done[UPGRADED] = 1
    loadedByOlder = await loadsIn(fleet)
    names = namesOf(kinds, chosen, true)
  }
  return { faults: done, older: loadedByOlder }
}

async function loadsIn(fleet: Fleet): Promise<string[]> {
  const listed = await fleet.run(['loads', 'list', '--json', '--limit', LOADS_MAX])
  if (listed.code !== 0) throw new Error(`loads list ended with ${listed.code}: ${listed.stderr}`)
  const loads = recordsIn<{ type: string; name: string }>(listed)
  return loads.filter(({ type }) => type === 'file').map(({ name }) => name)
}

/** What the older version did not read of rows, and this one does, comes by loading them again. */
async function loadAgain(fleet: Fleet, names: readonly string[], digest: string): Promise<void> {
  if (names.length === 0) return
  // NATS may still be looking for a leader.
  for (const name of names) {
    const isDone = async () => (await fleet.run(['loads', 'replay', name])).code === 0
    await until(isDone, `${name} is loaded once more`, REPLAYED_MS_MAX)
  }
  await using catalogue = await openPostgresCatalogue(fleet.settings.DATABASE_URL!)
  const isSame = async () => (await catalogueDigest(catalogue.database)) === digest
  await until(isSame, 'the catalogue is that of an undisturbed load', REPLAYED_MS_MAX)
}

/** The kinds that may happen now. */
function namesOf(kinds: Kinds, { cuts, unwell }: FaultOptions, isUpgraded: boolean): string[] {
  return Object.entries(kinds).flatMap(([name, { of }]) =>
    of !== 'wipes' && (of !== 'cuts' || cuts > 0) && (of !== 'unwell' || (unwell > 0 && isUpgraded)) ? [name] : [],
  )
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
