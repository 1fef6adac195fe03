/** The campaigns of the simulator: many stories without a fault, and every planted mistake noticed. */
import { availableParallelism } from 'node:os'
import { setFlagsFromString } from 'node:v8'
import { Worker } from 'node:worker_threads'
import type { Case, Options } from '../campaign.ts'
import type { Asked, Told } from './story.ts'

/** How many stories are told at once: a thread takes turns among its own. */
export const LANES = 64

// Asked for together, so that the threads are not busy with messages.
const STORIES_TOGETHER = 8
// What a story leaves behind dies young: half of the time went into looking after it in V8's 1 MiB.
const YOUNG_MIB = 64

type Threads = AsyncDisposable &
  Readonly<{ tell: (seed: number, mistake?: string, setsClocks?: boolean) => Promise<Told> }>
type Wanted = Asked & Pick<PromiseWithResolvers<Told>, 'resolve' | 'reject'>

/** Starts threads that tell stories. */
export function startThreads(count: number = availableParallelism()): Threads {
  setFlagsFromString(`--min-semi-space-size=${YOUNG_MIB}`)
  const threads = Array.from({ length: count }, () => new Thread())
  const wanted: Wanted[] = []
  const ask = () => {
    while (wanted.length > 0) {
      const [idlest] = threads.toSorted((one, other) => one.busy - other.busy)
      idlest!.ask(wanted.splice(0, STORIES_TOGETHER))
    }
  }
  const tell = (seed: number, mistake = '', setsClocks = false) =>
    new Promise<Told>((resolve, reject) => {
      if (wanted.push({ seed, mistake, setsClocks, resolve, reject }) === 1) setImmediate(ask)
    })
  const close = async () => {
    await Promise.all(threads.map((thread) => thread.close()))
  }
  return { tell, [Symbol.asyncDispose]: close }
}

/** A thread, and what it was asked for and has not told yet. */
class Thread {
  readonly #worker = new Worker(new URL('worker.ts', import.meta.url), {
    resourceLimits: { maxYoungGenerationSizeMb: 3 * YOUNG_MIB },
  })
  readonly #asked = new Map<number, Wanted[]>()
  #batches = 0
  #failure: unknown
  busy = 0

  constructor() {
    this.#worker.on('message', ({ batch, told }: { batch: number; told: Told[] }) => {
      this.busy -= told.length
      for (const [at, { resolve }] of this.#asked.get(batch)!.entries()) resolve(told[at]!)
      this.#asked.delete(batch)
    })
    this.#worker.on('error', (error) => {
      this.#failure = error
      for (const wanted of this.#asked.values()) for (const { reject } of wanted) reject(error)
      this.#asked.clear()
    })
  }

  ask(wanted: Wanted[]): void {
    if (this.#failure !== undefined) {
      for (const { reject } of wanted) reject(this.#failure)
      return
    }
    this.busy += wanted.length
    this.#asked.set(++this.#batches, wanted)
    const stories = wanted.map(({ resolve: _, reject: __, ...asked }): Asked => asked)
    this.#worker.postMessage({ batch: this.#batches, stories })
  }

  async close(): Promise<void> {
    await this.#worker.terminate()
  }
}

/** Stories of the product as it is. `setsClocks`: the clocks of the machines are set now and then, by minutes to years. */
export async function simulator(setsClocks: boolean): Promise<Case> {
  const threads = startThreads()
  let [steps, crashes] = [0, 0]
  const faultOf = async (seed: number) => {
    const told = await threads.tell(seed, '', setsClocks)
    steps += told.steps
    crashes += told.crashes
    return told.fault
  }
  return Object.assign(faultOf, {
    figure: () => `${steps} steps, ${crashes} crashes`,
    close: async () => threads[Symbol.asyncDispose](),
  })
}

/** The first seed up to `seedsMax` whose story shows a mistake, and what it shows; undefined when none does. */
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
