/** A network that falls apart: each NATS server in turn is cut off from everybody for longer than the others wait for it. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Chance } from '../../packages/data-management/test/random.ts'
import { until } from '../../test/machines.ts'
import type { Case, Fault, Options } from '../campaign.ts'
import { digestOfPlan, planOfFiles, writeOutboxes } from '../chaos/shops.ts'
import { copiesMissing } from './copies.ts'
import { faultIn } from './faults.ts'
import { Fleet } from './fleet.ts'

const SERVERS = 3
const HANG_MS = 2_000
const MISSED_MS_MAX = 60_000
const LOAD_SECONDS_MAX = 180
const CAUGHT_UP_MS_MAX = 120_000

/** Makes the case: so many files, a third of them sent while each server is cut off. */
export function partitions({ files = 60 }: Options): Case {
  const figures: string[] = []
  const round = async (seed: number): Promise<Fault> => {
    await using fleet = await Fleet.open({ nats: SERVERS, receivers: 2, loaders: 2 })
    const folders = Array.from({ length: SERVERS }, (_, index) => fleet.folderOf(`sender-${index}`))
    const given = await writeOutboxes(planOfFiles(files, seed), folders)
    const digest = await digestOfPlan(given)
    const key = await fleet.makeKey()
    for (const server of new Chance(seed).shuffled([...folders.keys()])) {
      const told = await cutOff(fleet, server, () => fleet.send(folders[server]!, key, LOAD_SECONDS_MAX))
      figures.push(`n${server} ${told}`)
    }
    return await faultIn(fleet, given, digest)
  }
  return Object.assign(round, { figure: () => figures.join('; ') })
}

/** Cuts a server off, sends what there is meanwhile, and waits until the server is one of them again. Tells how long all that took. */
async function cutOff(fleet: Fleet, server: number, send: () => ReturnType<Fleet['send']>): Promise<string> {
  const line = fleet.network!.lines[server]!
  const address = fleet.settings.INBOX_URL!
  await line.cut()
  const start = performance.now()
  try {
    await checkHangs(line.address)
    const sending = send()
    await until(
      async () => (await copiesMissing(address)).some((each) => each.endsWith(`n${server}`)),
      'it is missed',
      MISSED_MS_MAX,
    )
    const missedAfter = secondsSince(start)
    const { code, stdout, stderr } = await sending
    if (code !== 0) throw new Error(`a sender ended with ${code}: ${stdout}${stderr}\n${fleet.printed()}`)
    const loadedAfter = secondsSince(start)
    await line.mend()
    const mended = performance.now()
    await until(async () => (await copiesMissing(address)).length === 0, 'it has caught up', CAUGHT_UP_MS_MAX)
    return `missed after ${missedAfter} s, its third loaded after ${loadedAfter} s, caught up in ${secondsSince(mended)} s`
  } catch (error) {
    throw new Error(`while n${server} was cut off`, { cause: error })
  }
}

/** A server that is gone refuses connections; one that is cut off says nothing. */
async function checkHangs(host: string): Promise<void> {
  const socket = connect({ host, port: 1 })
  try {
    const answer = once(socket, 'connect').then(
      () => 'it is connected',
      (error: unknown) => String(error),
    )
    const said = await Promise.race([answer, sleep(HANG_MS)])
    if (said !== undefined) throw new Error(`A connection does not hang: ${said}`)
  } finally {
    socket.destroy()
  }
}

function secondsSince(start: number): string {
  return ((performance.now() - start) / 1000).toFixed(1)
}
