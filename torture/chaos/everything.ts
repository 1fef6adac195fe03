/**
 * Everything at once: senders, a server and its loader as people start them, a network that fails, and SIGKILL for any of them at any
 * moment, while files keep coming. Then the faults stop, and within a set time all must be loaded once and every answer kept.
 */
import { mkdir, readdir, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Chance } from '../../packages/data-management/test/random.ts'
import { type Machines, openMachines, type Server, type Started, until } from '../../test/machines.ts'
import { childrenOf } from '../../test/processes.ts'
import type { Case, Fault, Options } from '../campaign.ts'
import { type ChaosProxy, openProxy } from './proxy.ts'
import {
  deliveriesIn,
  digestOfPlan,
  type Expected,
  faultIn,
  type Given,
  outboxOf,
  planOfFiles,
  writeOutboxes,
} from './shops.ts'

const FILES_A_SECOND = 3
const KILL_PAUSE_MS_MAX = 2_500
const DRAIN_MS_MAX = 180_000
const WATCH = ['upload-data', '--watch', '--quiet'] as const
const VICTIMS = ['sender', 'server', 'loader'] as const

type Kills = Record<(typeof VICTIMS)[number], number>

/** Makes the case: faults for so many seconds, with so many senders. */
export function everything({ seconds = 180, senders = 3, percent = 15 }: Options): Case {
  const figures: string[] = []
  const round = async (seed: number): Promise<Fault> => {
    await using machines = await openMachines()
    const chance = new Chance(seed)
    const expected = await stageFiles(machines, { files: seconds * FILES_A_SECOND, senders, seed })
    await using scene = await Scene.open(machines, chance, percent / 100)
    await scene.startSenders([...new Set(expected.given.map(({ folder }) => folder))])
    const kills = await scene.rage(expected.given, seconds * 1000)
    const drained = await scene.drain(expected.given)
    const { repeated } = await deliveriesIn(machines.dataManagement)
    figures.push(
      `${expected.given.length} files, killed ${JSON.stringify(kills)}, ${scene.accepted.size} answers of acceptance seen, ` +
        `${repeated} files delivered more than once, drained ${drained} ms after the last fault`,
    )
    const known = new Set(expected.given.map(({ sha256 }) => sha256))
    for (const sha256 of scene.accepted)
      if (!known.has(sha256)) return `a client was told of ${sha256}, which nobody sent`
    return await faultIn(machines.dataManagement, expected)
  }
  return Object.assign(round, { figure: () => figures.join('; ') })
}

type Wanted = Readonly<{ files: number; senders: number; seed: number }>

/** Makes the files, where no sender sees them yet. */
async function stageFiles({ path }: Machines, { files, senders, seed }: Wanted): Promise<Expected> {
  const folders = Array.from({ length: senders }, (_, index) => join(path, `sender-${index}`))
  const plan = planOfFiles(files, seed)
  const given = await writeOutboxes(plan, folders, 'staged')
  for (const folder of folders) await mkdir(outboxOf(folder), { recursive: true })
  return { plan, given, digest: await digestOfPlan(given) }
}

/** All the processes, and what may happen to them. */
class Scene implements AsyncDisposable {
  readonly #machines: Machines
  readonly #chance: Chance
  readonly #proxy: ChaosProxy
  readonly #senders: { start: () => Started; now: Started }[] = []
  #server: Server

  private constructor(machines: Machines, chance: Chance, proxy: ChaosProxy, server: Server) {
    this.#machines = machines
    this.#chance = chance
    this.#proxy = proxy
    this.#server = server
  }

  static async open(machines: Machines, chance: Chance, share: number): Promise<Scene> {
    const server = await machines.serve()
    return new Scene(machines, chance, await openProxy(chance, portOf(server), share), server)
  }

  get accepted(): ReadonlySet<string> {
    return this.#proxy.accepted
  }

  /** One sender a folder, each with a key of its own. */
  async startSenders(folders: readonly string[]): Promise<void> {
    for (const folder of folders) {
      const API_SECRET_KEY = await this.#machines.key('upload,read')
      const settings = { SCRAPING_DATA_DIR: folder, API_SERVER_URL: this.#proxy.url, API_SECRET_KEY }
      const start = () => this.#machines.start(WATCH, { ...settings, UPLOAD_WATCH_SECONDS: '1' })
      this.#senders.push({ start, now: start() })
    }
  }

  /** Lets files come and processes die until the time is over; returns how many of each were killed. */
  async rage(given: readonly Given[], ms: number): Promise<Kills> {
    const kills: Kills = { sender: 0, server: 0, loader: 0 }
    const end = performance.now() + ms
    const coming = this.#bring(given, ms)
    while (performance.now() < end) {
      await sleep(this.#chance.between(1, KILL_PAUSE_MS_MAX))
      const victim = this.#chance.of(VICTIMS)
      if (await this.#kill(victim)) kills[victim]++
    }
    await coming
    return kills
  }

  /** Ends the faults and waits until nothing is left to do; returns how long that took. */
  async drain(given: readonly Given[]): Promise<number> {
    this.#proxy.setShare(0)
    const start = performance.now()
    await until(() => isDrained(given), 'everything is loaded and known to be', DRAIN_MS_MAX)
    return Math.round(performance.now() - start)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#proxy[Symbol.asyncDispose]()
  }

  async #bring(given: readonly Given[], ms: number): Promise<void> {
    for (const { folder, name, path } of given) {
      await rename(path, join(outboxOf(folder), name))
      await sleep(ms / given.length)
    }
  }

  async #kill(victim: keyof Kills): Promise<boolean> {
    if (victim === 'loader') return this.#killLoader()
    if (victim === 'server') {
      await kill(this.#server)
      this.#server = await this.#machines.serve()
      this.#proxy.setPort(portOf(this.#server))
      return true
    }
    const sender = this.#chance.of(this.#senders)
    await kill(sender.now)
    sender.now = sender.start()
    return true
  }

  // The server starts another one.
  #killLoader(): boolean {
    const [loader] = childrenOf(this.#server.child.pid!)
    if (loader === undefined) return false
    try {
      return process.kill(loader, 'SIGKILL')
    } catch {
      return false
    }
  }
}

async function kill({ child, ended }: Started): Promise<void> {
  child.kill('SIGKILL')
  await ended
}

function portOf({ url }: Server): number {
  return Number(new URL(url).port)
}

async function isDrained(given: readonly Given[]): Promise<boolean> {
  await sleep(200)
  for (const folder of new Set(given.map((each) => each.folder)))
    if ((await readdir(outboxOf(folder))).some((name) => !name.startsWith('.'))) return false
  const states = await Promise.all(given.map(stateOf))
  return states.every((state) => state === 'loaded')
}

async function stateOf({ folder, name }: Given): Promise<string | undefined> {
  const path = join(folder, 'temp_jsonl_product_storage', name.replace(/\.jsonl$/, '.receipt.json'))
  const text = await readFile(path, 'utf8').catch(() => undefined)
  return text === undefined ? undefined : JSON.parse(text).state
}
