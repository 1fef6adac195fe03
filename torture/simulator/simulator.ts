/** The campaigns of the simulator: many stories without a fault, and every planted mistake noticed. */
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { Case, Options } from '../campaign.ts'
import type { Told } from './story.ts'

/** How many stories are told at once: a thread takes turns among its own. */
export const LANES = 64

type Threads = AsyncDisposable & Readonly<{ tell: (seed: number, mistake?: string) => Promise<Told> }>

/** Starts threads that tell stories. */
export function startThreads(count: number = availableParallelism()): Threads {
  const threads = Array.from({ length: count }, () => new Worker(new URL('worker.ts', import.meta.url)))
  const told = new Map<number, (told: Told) => void>()
  let asked = 0
  for (const thread of threads) {
    thread.on('message', ({ id, ...rest }: Told & { id: number }) => {
      told.get(id)!(rest)
      told.delete(id)
    })
    thread.on('error', (error) => {
      throw error
    })
  }
  const tell = (seed: number, mistake = '') =>
    new Promise<Told>((resolve) => {
      told.set(++asked, resolve)
      threads[asked % count]!.postMessage({ id: asked, seed, mistake })
    })
  const close = async () => {
    await Promise.all(threads.map((thread) => thread.terminate()))
  }
  return { tell, [Symbol.asyncDispose]: close }
}

/** Stories of the product as it is. */
export async function simulator(): Promise<Case> {
  const threads = startThreads()
  let [steps, crashes] = [0, 0]
  const faultOf = async (seed: number) => {
    const told = await threads.tell(seed)
    steps += told.steps
    crashes += told.crashes
    return told.fault
  }
  return Object.assign(faultOf, {
    figure: () => `${steps} steps, ${crashes} crashes`,
    close: async () => threads[Symbol.asyncDispose](),
  })
}

/** The first seed from 1 on whose story shows a mistake, and what it shows; undefined when none of so many does. */
export async function firstKill(
  { tell }: Pick<Threads, 'tell'>,
  mistake: string,
  seedsMax: number,
): Promise<{ seed: number; fault: string } | undefined> {
  // Most show at once: the batches grow.
  let size = 4
  for (let seed = 1; seed <= seedsMax; seed += size) {
    size = Math.min(2 * size, LANES)
    const batch = Array.from({ length: Math.min(size, seedsMax + 1 - seed) }, (_, at) => seed + at)
    const all = await Promise.all(batch.map((each) => tell(each, mistake)))
    const at = all.findIndex(({ fault }) => fault !== undefined)
    if (at >= 0) return { seed: batch[at]!, fault: all[at]!.fault! }
  }
  return undefined
}

/** Each planted mistake in turn: a fault when no story shows it. */
export async function mistakes(names: readonly string[], { seeds = 50_000 }: Options): Promise<Case> {
  const threads = startThreads()
  const kills: string[] = []
  const faultOf = async (seed: number) => {
    const name = names[seed % names.length]!
    const kill = await firstKill(threads, name, seeds)
    if (kill === undefined) return `"${name}" is not noticed in ${seeds} seeds`
    kills.push(`\n  ${name}: seed ${kill.seed}: ${kill.fault.split('\n')[0]}`)
    return undefined
  }
  return Object.assign(faultOf, {
    figure: () => `first seeds that notice them:${kills.join('')}\n`,
    close: async () => threads[Symbol.asyncDispose](),
  })
}
