/**
 * Keys that send rows which they may not write to a fleet whose parts are killed: after each crash, and when all is over, none of those is
 * loaded, and every upload knows who sent it.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { openPostgresCatalogue } from '@splitcart/data-management/catalogue/dialects/postgres/catalogue.ts'
import type { Ledger } from '@splitcart/data-management/ledger/ledger.ts'
import { openPostgresLedger } from '@splitcart/data-management/ledger/postgres.ts'
import { Chance } from '../../packages/data-management/test/random.ts'
import type { Case, Fault, Options } from '../campaign.ts'
import { faultOfAll, faultSoFar, filesOf, makeKeys, type Sent, sendAll, untilDealtWith } from '../rights.ts'
import { Fleet } from './fleet.ts'

const RECEIVERS = 2
const LOADERS = 2
const PAUSE_MS_MAX = 2_000

/** Rounds of so many uploads, in each of which parts of the fleet are killed so many times. */
export function fleetRights({ uploads = 0, kills = 0 }: Options): Case {
  const figures = { uploads: 0, looks: 0, kills: {} as Record<string, number> }
  const round = async (seed: number): Promise<Fault> => {
    const chance = new Chance(seed)
    await using fleet = await Fleet.open({ nats: 1, receivers: RECEIVERS, loaders: LOADERS })
    await using ledger = await openPostgresLedger(fleet.settings.DATABASE_URL!)
    const files = filesOf(chance, await makeKeys(ledger), uploads)
    const sending = sendAll(fleet.balancer, files)
    let fault: Fault
    for (let count = 0; count < kills && fault === undefined; count++) {
      await sleep(chance.between(0, PAUSE_MS_MAX))
      const what = await killSome(fleet, chance)
      figures.kills[what] = (figures.kills[what] ?? 0) + 1
      fault = await faultIn(fleet, ledger, files, faultSoFar)
      figures.looks++
    }
    await sending
    if (fault !== undefined) return fault
    await untilDealtWith(ledger, files.length)
    figures.uploads += files.length
    return await faultIn(fleet, ledger, files, faultOfAll)
  }
  const figure = () => `${figures.uploads} uploads, killed ${JSON.stringify(figures.kills)}, ${figures.looks} looks`
  return Object.assign(round, { figure })
}

/** Kills a part of the fleet and starts it again; which one. */
async function killSome(fleet: Fleet, chance: Chance): Promise<string> {
  const what = chance.of(['loader', 'loader', 'receiver', 'NATS server', 'PostgreSQL'])
  const index = chance.between(0, 1)
  if (what === 'loader') await fleet.killLoader(index)
  else if (what === 'receiver') {
    await fleet.killReceiver(index)
    await fleet.startReceiver(index)
  } else if (what === 'NATS server') {
    await fleet.nats.kill(0)
    await fleet.nats.start(0)
  } else {
    await fleet.postgres.kill()
    await fleet.postgres.start()
  }
  return what
}

async function faultIn(
  { settings }: Fleet,
  ledger: Ledger,
  files: readonly Sent[],
  look: typeof faultSoFar,
): Promise<Fault> {
  await using catalogue = await openPostgresCatalogue(settings.DATABASE_URL!)
  return await look(catalogue.database, ledger, files)
}
