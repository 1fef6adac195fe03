/** What can go wrong in a fleet, and how it is mended. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Chance } from '../../packages/data-management/test/random.ts'
import { CLOCK_MISSING, clockWrongBy } from './clocks.ts'
import type { Fleet, Sizes } from './fleet.ts'
import type { UnwellPostgres } from './unwell-postgres.ts'

const OUTAGE_MS_MAX = 5_000
// Some are over before the others miss the server, some not.
const CUT_MS_MAX = 20_000
// Longer than the claim of a loader, now and then.
const UNWELL_MS_MAX = 45_000
const CLOCK_SECONDS_MAX = 30 * 3600
export const WIPED = 'all NATS servers lost with their files'

/** `of`: what allows it; undefined: always. */
type Kind = Readonly<{ of?: 'cuts' | 'wipes' | 'unwell'; happen: () => Promise<void> }>
export type Kinds = Readonly<Record<string, Kind>>

type Scene = Readonly<{ fleet: Fleet; postgres: UnwellPostgres; chance: Chance; sizes: Sizes }>

/** All kinds, by their names. */
export function kindsOf(scene: Scene): Kinds {
  return { ...deathsIn(scene), ...cutsIn(scene), ...unwellIn(scene), ...clocksIn(scene) }
}

function deathsIn({ fleet, chance, sizes }: Scene): Kinds {
  const outage = () => sleep(chance.between(0, OUTAGE_MS_MAX))
  const loader = { happen: async () => void (await fleet.killLoader(chance.between(0, sizes.loaders - 1))) }
  const around = (break_: (index: number) => unknown, mend: (index: number) => unknown, count: number) => ({
    happen: async () => {
      const index = chance.between(0, count - 1)
      await break_(index)
      await outage()
      await mend(index)
    },
  })
  const { nats, postgres } = fleet
  return {
    'a loader killed': loader,
    'a loader killed again': loader,
    'a receiver killed': around(
      (index) => fleet.killReceiver(index),
      (index) => fleet.startReceiver(index),
      sizes.receivers,
    ),
    'a NATS server killed': around(nats.kill, nats.start, sizes.nats),
    'a NATS server stopped': around(nats.pause, nats.resume, sizes.nats),
    'PostgreSQL killed': around(postgres.kill, postgres.start, 1),
    [WIPED]: { of: 'wipes', happen: () => nats.wipe() },
  }
}

function cutsIn({ fleet: { network }, chance }: Scene): Kinds {
  if (network === undefined) return {}
  const happen = async () => {
    const line = chance.of(network.lines)
    await line.cut()
    await sleep(chance.between(0, CUT_MS_MAX))
    await line.mend()
  }
  return { 'a NATS server cut off': { of: 'cuts', happen } }
}

/** What a PostgreSQL does that has not died. */
function unwellIn({ postgres, chance }: Scene): Kinds {
  const phase = () => sleep(chance.between(0, UNWELL_MS_MAX))
  let passwords = 0
  const unwell = (happen: Kind['happen']): Kind => ({ of: 'unwell', happen })
  return {
    'PostgreSQL can only be read': unwell(async () => {
      await postgres.letWrite(false)
      await phase()
      await postgres.letWrite(true)
    }),
    'PostgreSQL is told to be quick': unwell(async () => {
      await postgres.hurry(true)
      await phase()
      await postgres.hurry(false)
    }),
    'another password': unwell(async () => {
      const password = `password-${++passwords}`
      await postgres.setPassword(password)
      await postgres.letIn('scram-sha-256')
      await phase()
      await postgres.tellPassword(password)
    }),
  }
}

/** A receiver or a loader that starts again with a clock that is up to some hours behind or ahead. */
function clocksIn({ fleet, chance, sizes }: Scene): Kinds {
  if (CLOCK_MISSING !== false) return {}
  const clock = () => clockWrongBy(chance.between(-CLOCK_SECONDS_MAX, CLOCK_SECONDS_MAX))
  return {
    'a wrong clock of a loader': {
      of: 'unwell',
      happen: async () => {
        const index = chance.between(0, sizes.loaders - 1)
        fleet.setOwn(`loader-${index}`, clock())
        await fleet.killLoader(index)
      },
    },
    'a wrong clock of a receiver': {
      of: 'unwell',
      happen: async () => {
        const index = chance.between(0, sizes.receivers - 1)
        fleet.setOwn(`receiver-${index}`, clock())
        await fleet.killReceiver(index)
        await fleet.startReceiver(index)
      },
    },
  }
}
