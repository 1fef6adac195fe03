/** Senders, a proxy that harms what it carries, and a server: processes of their own. Every file must be loaded exactly once. */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Chance } from '../../packages/data-management/test/random.ts'
import { type Ended, type Machines, openMachines, startProgram, withoutSettings } from '../../test/machines.ts'
import type { Case, Fault, Options } from '../campaign.ts'
import { type ChaosProxy, type Harm, openProxy } from './proxy.ts'
import { deliveriesIn, digestOfPlan, type Expected, faultIn, planOfFiles, writeOutboxes } from './shops.ts'

const SENDER = fileURLToPath(new URL('hasty-sender.ts', import.meta.url))
const SENDERS = 2
// A run that met an endless outage ends; a person, or --watch, starts another.
const RUNS_MAX = 20

/** Makes the case: so many files, and so many exchanges in a hundred harmed on each way. */
export function chaos({ files = 2_000, percent = 30 }: Options): Case {
  const sum = { files: 0, repeated: 0, timesMax: 0, harm: {} as Partial<Harm> }
  const round = async (seed: number): Promise<Fault> => {
    await using machines = await openMachines()
    const chance = new Chance(seed)
    const expected = await giveFiles(machines, files, seed)
    const server = await machines.serve()
    await using proxy = await openProxy(chance, Number(new URL(server.url).port), percent / 100)
    const fault = await sendAll(machines, proxy)
    if (fault !== undefined) return fault
    const { repeated, timesMax } = await deliveriesIn(machines.dataManagement)
    sum.files += expected.given.length
    sum.repeated += repeated
    sum.timesMax = Math.max(sum.timesMax, timesMax)
    for (const [kind, times] of Object.entries(proxy.harm))
      sum.harm[kind as keyof Harm] = (sum.harm[kind as keyof Harm] ?? 0) + times
    return await faultIn(machines.dataManagement, expected)
  }
  const figure = () =>
    `${sum.files} files, ${sum.repeated} delivered more than once (one ${sum.timesMax} times), faults: ${JSON.stringify(sum.harm)}`
  return Object.assign(round, { figure })
}

async function giveFiles(machines: Machines, files: number, seed: number): Promise<Expected> {
  const plan = planOfFiles(files, seed)
  const before = await writeOutboxes(plan, foldersOf(machines))
  return { plan, given: before, digest: await digestOfPlan(before) }
}

function foldersOf({ path }: Machines): string[] {
  return Array.from({ length: SENDERS }, (_, index) => join(path, `sender-${index}`))
}

async function sendAll(machines: Machines, proxy: ChaosProxy): Promise<Fault> {
  const faults = await Promise.all(foldersOf(machines).map((folder) => sendFrom(machines, folder, proxy)))
  return faults.find((fault) => fault !== undefined)
}

async function sendFrom(machines: Machines, folder: string, proxy: ChaosProxy): Promise<Fault> {
  const key = await machines.key('upload,read')
  let ended: Ended | undefined
  for (let runs = 0; runs < RUNS_MAX; runs++) {
    ended = await startProgram([SENDER, folder, proxy.url, key], machines.path, withoutSettings()).ended
    if (ended.code === 0) return undefined
    if (ended.code !== 5) break
  }
  return `a sender ended with ${ended?.code}: ${ended?.stderr}`
}
