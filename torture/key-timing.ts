/**
 * Wrong keys by the thousand: how long the answer takes must not tell why a key is wrong, and the honest key must work meanwhile.
 *
 * Each round asks with one key of each kind, in an order of its own, so that whatever else the machine does falls on all kinds
 * alike. Welch's t compares the times of each kind with those of an unknown id.
 */
import { join } from 'node:path'
import { openLedger } from '@splitcart/data-management/ledger/ledger.ts'
import { Chance } from '../packages/data-management/test/random.ts'
import { openReceiver } from '../packages/data-management/test/receiver.ts'
import { temporaryFolder } from '../test/folders.ts'
import type { Case, Fault, Options } from './campaign.ts'
import { wrongKeys } from './wrong-keys.ts'

export const T_MAX = 4.5
// The slowest are the collector and other programs, not the work that is compared.
const KEPT_SHARE = 0.95
const HONEST_EVERY = 50

type Ask = (key: string) => Promise<boolean>

/** Makes the case. Its seeds are tries: each makes keys and asks `keys` times in the process, or over HTTP. */
export async function keyTiming(options: Options, isOverHttp: boolean): Promise<Case> {
  const figures: string[] = []
  const round = async (seed: number): Promise<Fault> => {
    const { faults, figure } = await (isOverHttp ? overHttp : inProcess)(new Chance(seed), options.keys ?? 0)
    figures.push(figure)
    return faults.length === 0 ? undefined : faults.join('; ')
  }
  return Object.assign(round, { figure: () => figures.join('; ') })
}

async function inProcess(chance: Chance, keys: number) {
  await using at = await temporaryFolder()
  await using ledger = openLedger(join(at.path), 'a-key-from-the-settings')
  const kinds = await wrongKeys(ledger.keys)
  return await measure(
    chance,
    keys,
    kinds,
    async (key) => (await ledger.keys.authenticate(key, Date.now())) !== undefined,
  )
}

async function overHttp(chance: Chance, keys: number) {
  // Who fails often is answered later, and only that: here the time of the look-up itself is asked for.
  await using receiver = await openReceiver()
  const kinds = await wrongKeys(receiver.ledger.keys)
  const ask: Ask = async (key) => {
    const answer = await fetch(`${receiver.url}/api/uploads`, { headers: { 'x-api-key': key } })
    await answer.arrayBuffer()
    return answer.status === 200
  }
  return await measure(chance, keys, kinds, ask)
}

type Kinds = Awaited<ReturnType<typeof wrongKeys>>

async function measure(chance: Chance, keys: number, { honest, kinds }: Kinds, ask: Ask) {
  const faults: string[] = []
  const times = new Map(Object.keys(kinds).map((kind) => [kind, [] as number[]]))
  const rounds = Math.ceil(keys / times.size)
  for (let number = 0; number < rounds; number++) {
    // All made before the first is measured, so that making them leaves no trace in the times.
    const made = [...times.keys()].map((kind) => [kind, received(chance.of(kinds[kind]!))] as const)
    for (const [kind, key] of chance.shuffled(made)) {
      const start = process.hrtime.bigint()
      const isIn = await ask(key)
      times.get(kind)!.push(Number(process.hrtime.bigint() - start))
      if (isIn) faults.push(`${kind}: a wrong key was let in`)
    }
    if (number % HONEST_EVERY === 0 && !(await ask(honest))) faults.push('the honest key was refused')
  }
  const [base, ...others] = [...times].map(([kind, all]) => [kind, kept(all)] as const)
  const values = others.map(([kind, all]) => [kind, welch(all, base?.[1] ?? [])] as const)
  for (const [kind, t] of values) if (!(Math.abs(t) < T_MAX)) faults.push(`${kind}: |t| is ${Math.abs(t).toFixed(2)}`)
  const told = values.map(([kind, t]) => `${kind} ${t.toFixed(2)}`).join(', ')
  return { faults, figure: `${rounds * times.size} wrong keys, Welch t against ${base?.[0]}: ${told}` }
}

/** A text as it comes from a connection: new, and in one piece, however it was put together. */
function received(text: string): string {
  return Buffer.from(text).toString('latin1')
}

function kept(times: readonly number[]): number[] {
  return times.toSorted((one, other) => one - other).slice(0, Math.ceil(times.length * KEPT_SHARE))
}

/** Welch's t: how far apart two means are, in units of what chance would make of them. */
export function welch(one: readonly number[], other: readonly number[]): number {
  const [a, b] = [momentsOf(one), momentsOf(other)]
  return (a.mean - b.mean) / Math.sqrt(a.variance / one.length + b.variance / other.length)
}

function momentsOf(values: readonly number[]): { mean: number; variance: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1) }
}
