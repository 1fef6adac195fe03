/** One seed, one story: two scraping machines, a network, a receiving machine, and crashes. At the end everything must be as promised. */
import { DAY_MS, MINUTE_MS } from '@splitcart/shared/time.ts'
import { Chance } from '../../packages/data-management/test/random.ts'
import { Client } from './client.ts'
import { knownContents, scrapesFor } from './contents.ts'
import { faultAtTheEnd, faultNow, type Scene } from './invariants.ts'
import { MISTAKES } from './mistakes.ts'
import { Server } from './server.ts'
import { type Crash, type Jump, World } from './world.ts'

const CRASHES_MAX = 6
const STEPS_BETWEEN_MAX = 150
const JUMPS_MAX = 5
const JUMP_STEPS_MAX = 400

/** A story to be told: a seed, the mistake that is planted in it, or '', and whether clocks are set. */
export type Asked = Readonly<{ seed: number; mistake: string; setsClocks?: boolean }>

/** What happened. */
export type Told = Readonly<{ fault?: string | undefined; steps: number; crashes: number }>

/** Tells a story. */
export async function tell({ seed, mistake: name, setsClocks = false }: Asked): Promise<Told> {
  const mistake = MISTAKES[name] ?? {}
  const chance = new Chance(seed)
  const scrapes = scrapesFor(chance)
  const machines: { all: readonly [Client, Client, Server] | undefined } = { all: undefined }
  const world = new World(
    chance,
    crashesFor(chance, () => machines.all),
    // From a chance of their own: the story is else the same.
    setsClocks ? jumpsFor(new Chance(seed)) : [],
  )
  const contents = knownContents(scrapes.flat())
  const bySha256 = new Map([...contents.values()].map((known) => [known.sha256, known]))
  const accepted = new Map<string, Set<string>>()
  const server = new Server(world, mistake)
  const network = {
    world,
    server,
    onAccepted: (sha256: string, keyId: string) => accepted.set(sha256, (accepted.get(sha256) ?? new Set()).add(keyId)),
    about: (sha256: string) => bySha256.get(sha256),
  }
  const clients = scrapes.map((each, at) => new Client(network, `client ${at}`, each, mistake))
  machines.all = [clients[0]!, clients[1]!, server]
  const scene: Scene = { clients, server, accepted, contents, bySha256 }
  world.onCrash = () => {
    world.fault ??= faultNow(scene)
  }
  const isDone = () => clients.every(({ isQuiet }) => isQuiet) && server.isQuiet()
  const fault = (await world.run(isDone)) ?? faultNow(scene) ?? faultAtTheEnd(scene)
  return { fault, steps: world.steps, crashes: world.crashes }
}

/** Clocks are set back and ahead: by a correction, by an hour that was forgotten, by a battery that is dead. */
function jumpsFor(chance: Chance): Jump[] {
  return Array.from({ length: chance.between(1, JUMPS_MAX) }, () => ({
    machine: chance.of(['client 0', 'client 1', 'server', 'server']),
    at: chance.between(1, JUMP_STEPS_MAX),
    by: chance.of([-1, 1]) * chance.of([MINUTE_MS, 60 * MINUTE_MS, DAY_MS, 365 * DAY_MS]),
  }))
}

function crashesFor(chance: Chance, machines: () => readonly [Client, Client, Server] | undefined): Crash[] {
  let at = 0
  return Array.from({ length: chance.between(0, CRASHES_MAX) }, () => {
    at += chance.between(1, STEPS_BETWEEN_MAX)
    const [which, process] = [chance.of([0, 1, 2, 2]), chance.between(0, 1)]
    const hits = () => machines()?.[which]?.machine.running[process]
    return { at, hits, kind: chance.of(['kill', 'cut']) }
  })
}
