/**
 * Strangers between `upload-data` and a server: a portal that answers everything, one that takes over in the middle, a firewall that
 * stands at one step only, a proxy that changes what passes. Nothing leaves the outbox for what they say, and all is delivered once
 * when they are gone.
 */
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Chance } from '../packages/data-management/test/random.ts'
import { rowsText } from '../packages/data-management/test/receiver.ts'
import { type Ended, type Machines, openMachines, type Server } from '../test/machines.ts'
import {
  BODIES,
  MEDDLERS,
  onlyAt,
  openStrangerProxy,
  STATUSES,
  STEPS,
  type Stranger,
  type StrangerProxy,
  strangerSaying,
  takingOverAt,
} from '../test/stranger.ts'
import type { Case, Fault } from './campaign.ts'

const NO_LIMITS = { REQUESTS_PER_MINUTE_MAX: '1000000000', LOG_LEVEL: 'warn' }
const PATIENCE = { UPLOAD_TRIES_MAX: '2', RESUMABLE_BYTES_MIN: '20000' }
const [SMALL_ROWS, LARGE_ROWS] = [20, 20_000]
const [DONE, PARTLY, UNREACHABLE] = [0, 3, 5]

/** Who stands there, and whether he stands for the whole network: then nothing gets through. */
type Plan = Readonly<{ what: string; step: string; stranger: Stranger; isWhole: boolean }>

/** Makes the case: one stranger a seed, all before one server. */
export async function strangers(): Promise<Case> {
  const machines = await openMachines()
  const key = await machines.key('upload,read')
  const server = await machines.serve(['--no-update-db'], NO_LIMITS)
  const count = { whole: 0, partial: 0, unmet: 0 }
  const round = async (seed: number): Promise<Fault> => {
    const plan = planOf(new Chance(seed), seed)
    count[plan.isWhole ? 'whole' : 'partial']++
    await using scene = await Scene.open({ machines, server, key }, seed)
    const fault = await scene.play(plan)
    if (plan.isWhole && !scene.isMet) count.unmet++
    return fault === undefined ? undefined : `${plan.what}: ${fault}`
  }
  const figure = () =>
    `${count.whole} strangers for the whole network (${count.unmet} at a step that did not come), ${count.partial} for a part of it`
  return Object.assign(round, { figure, close: async () => machines[Symbol.asyncDispose]() })
}

function planOf(chance: Chance, seed: number): Plan {
  const step = chance.of(Object.keys(STEPS))
  const [status, body] = [STATUSES[seed % STATUSES.length]!, chance.of(Object.keys(BODIES))]
  const kind = chance.of(['everything', 'takes over', 'only', 'only', 'meddles'])
  if (kind === 'meddles') {
    const meddler = chance.of(Object.keys(MEDDLERS))
    return { what: `a proxy that passes on ${meddler}`, step, stranger: MEDDLERS[meddler]!, isWhole: false }
  }
  const stranger = strangerSaying(status, body)
  const said = `${status} with ${body}`
  if (kind === 'everything') return { what: said, step, stranger, isWhole: true }
  if (kind === 'takes over' && step !== 'heartbeat')
    return { what: `${said} from ${step} on`, step, stranger: takingOverAt(step, stranger), isWhole: true }
  return { what: `${said} at ${step} only`, step, stranger: onlyAt(step, stranger), isWhole: false }
}

type Sides = Readonly<{ machines: Machines; server: Server; key: string }>

/** One outbox of three files behind a proxy of its own. */
class Scene implements AsyncDisposable {
  readonly #sides: Sides
  readonly #proxy: StrangerProxy
  readonly #folder: string
  readonly #names: readonly string[]
  /** Whether the stranger has answered anything. */
  isMet = false

  private constructor(sides: Sides, proxy: StrangerProxy, seed: number) {
    this.#sides = sides
    this.#proxy = proxy
    this.#folder = join(sides.machines.path, `scraping-${seed}`)
    this.#names = ['a-large', 'b', 'c'].map((name) => `${name}-${seed}.jsonl`)
  }

  static async open(sides: Sides, seed: number): Promise<Scene> {
    const scene = new Scene(sides, await openStrangerProxy(Number(new URL(sides.server.url).port)), seed)
    await mkdir(join(scene.#folder, 'product_outbox'), { recursive: true })
    for (const [index, name] of scene.#names.entries()) {
      const rows = rowsText(name.startsWith('a-large') ? LARGE_ROWS : SMALL_ROWS, seed + index / 10)
      await writeFile(join(scene.#folder, 'product_outbox', name), rows)
    }
    return scene
  }

  async play({ step, stranger, isWhole }: Plan): Promise<Fault> {
    if (step !== 'create') await this.#openUpload()
    this.#proxy.stranger = this.#noting(stranger)
    const ended = await this.#upload()
    // A busy machine may have sent the large file in one POST: then nothing was resumed.
    const codes = isWhole ? [this.isMet ? UNREACHABLE : DONE] : [DONE, PARTLY, UNREACHABLE]
    const fault = faultOf(ended, this.#sides.key, codes) ?? (await this.#lossOf(ended.code === DONE))
    if (fault !== undefined) return `${fault}\n${ended.stderr}`
    this.#proxy.stranger = undefined
    const again = await this.#upload()
    const faultAfter =
      faultOf(again, this.#sides.key, [DONE]) ?? (await this.#lossOf(true)) ?? (await this.#faultOfServer())
    return faultAfter === undefined ? undefined : `when he is gone: ${faultAfter}\n${again.stderr}`
  }

  #noting(stranger: Stranger): Stranger {
    return (request, response, pass) => {
      let isPassed = false
      stranger(request, response, (change) => {
        isPassed = true
        pass(change)
      })
      if (!isPassed) this.isMet = true
    }
  }

  /** Leaves the large file with an upload that was opened and has no byte. */
  async #openUpload(): Promise<void> {
    this.#proxy.stranger = (request, response, pass) => {
      if (STEPS.create!(request)) pass()
      else response.destroy()
    }
    await this.#upload()
  }

  #upload(): Promise<Ended> {
    const { machines, key } = this.#sides
    const heartbeat = { HEARTBEAT_URL: `${this.#proxy.url}/heartbeat` }
    const own = { SCRAPING_DATA_DIR: this.#folder, API_SERVER_URL: this.#proxy.url, API_SECRET_KEY: key }
    return machines.run(['upload-data'], { ...own, ...PATIENCE, ...heartbeat })
  }

  /** Every file is in the outbox or in the archive with its receipt, and none was refused. */
  async #lossOf(isDone: boolean): Promise<Fault> {
    const namesIn = async (folder: string) =>
      (await readdir(join(this.#folder, folder)).catch(() => [])).filter((name) => !name.startsWith('.'))
    const [outbox, archive, refused] = await Promise.all(
      ['product_outbox', 'temp_jsonl_product_storage', 'product_refused'].map(namesIn),
    )
    if (refused!.length > 0) return `refused: ${refused}`
    if (isDone && outbox!.length > 0) return `the outbox still has ${outbox}`
    for (const name of this.#names) {
      const isArchived = archive!.includes(name) && archive!.includes(name.replace('.jsonl', '.receipt.json'))
      if (!isArchived && !outbox!.includes(name)) return `${name} is neither in the outbox nor in the archive`
    }
    return undefined
  }

  async #faultOfServer(): Promise<Fault> {
    const { server, key } = this.#sides
    const answer = await fetch(`${server.url}/api/uploads?limit=100`, { headers: { 'X-API-Key': key } })
    const { uploads } = (await answer.json()) as { uploads: { filename: string }[] }
    for (const name of this.#names) {
      const { length } = uploads.filter(({ filename }) => filename === name)
      if (length !== 1) return `${name} is on the server ${length} times`
    }
    return undefined
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#proxy[Symbol.asyncDispose]()
  }
}

function faultOf({ code, stdout, stderr }: Ended, key: string, codes: readonly number[]): Fault {
  if (/^ {4}at /m.test(stderr)) return 'it ended with a stack trace'
  if ((stdout + stderr).includes(key)) return 'it shows the key'
  return codes.includes(code ?? -1) ? undefined : `it ended with ${code} instead of ${codes.join(' or ')}`
}
