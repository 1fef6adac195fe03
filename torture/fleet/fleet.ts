/** A whole fleet on this machine: NATS servers, PostgreSQL, receivers behind nginx and loaders, all of them processes of their own. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePorts } from '../../test/free-ports.ts'
import {
  type Ended,
  listening,
  type Machines,
  openMachines,
  PROGRAM,
  type Server,
  type Started,
} from '../../test/machines.ts'
import { type Nats, NO_NATS, startNats } from '../../test/nats.ts'
import { type Cluster, NO_POSTGRES, startCluster } from '../../test/postgres.ts'
import { hasOwnNetwork, type Network, openNetwork } from '../own-network.ts'
import { type Balancer, NO_BALANCER, openBalancer } from './balancer.ts'

/** Why there can be no fleet here, or false. */
export const NO_FLEET: string | false = NO_NATS || NO_POSTGRES || NO_BALANCER

const START_MS_MAX = 60_000
const RESTART_MS = 500
// One machine that sends for thousands of stores is not what the limit was made for.
const REQUESTS_PER_MINUTE_MAX = '1000000'

/** How many of each. */
export type Sizes = Readonly<{ nats: 1 | 3; receivers: number; loaders: number }>

type Settings = Readonly<Record<string, string>>

/** What a fleet begins with besides: settings that all of its machines have, and an older version of the program. */
export type Beginning = Readonly<{ settings?: Settings; program?: string }>

/** How a sender sends: arguments of `upload-data`, settings besides its own, and which version of the program. */
export type Sending = Readonly<{ args?: readonly string[]; settings?: Settings; program?: string }>

/** A fleet that runs. */
export class Fleet implements AsyncDisposable {
  readonly machines: Machines
  readonly nats: Nats
  readonly postgres: Cluster
  readonly balancer: Balancer
  /** The lines to the NATS servers, where this process has a network of its own. */
  readonly network: Network | undefined
  /** The settings that all of its machines have. */
  readonly settings: Settings
  readonly #stack: AsyncDisposableStack
  readonly #ports: readonly number[]
  readonly #receivers: (Server | undefined)[] = []
  readonly #loaders: (Started | undefined)[] = []
  /** Environments of single machines. */
  readonly #own = new Map<string, Settings>()
  #program: string
  /** While loaders are not to be started again. */
  #pause: Promise<void> | undefined
  #isOver = false

  private constructor(
    parts: Readonly<Pick<Fleet, 'machines' | 'nats' | 'postgres' | 'balancer' | 'network'>>,
    { address, ports, beginning }: Readonly<{ address: string; ports: readonly number[]; beginning: Beginning }>,
    stack: AsyncDisposableStack,
  ) {
    this.machines = parts.machines
    this.nats = parts.nats
    this.postgres = parts.postgres
    this.balancer = parts.balancer
    this.network = parts.network
    const common = { LOG_LEVEL: 'warn', REQUESTS_PER_MINUTE_MAX, ...beginning.settings }
    this.settings = { DATABASE_URL: address, INBOX_URL: parts.nats.address, ...common }
    this.#program = beginning.program ?? PROGRAM
    this.#ports = ports
    this.#stack = stack
  }

  /** Starts everything. */
  static async open({ nats: servers, receivers, loaders }: Sizes, beginning: Beginning = {}): Promise<Fleet> {
    await using stack = new AsyncDisposableStack()
    const network = hasOwnNetwork() ? stack.use(await openNetwork(servers)) : undefined
    const nats = stack.use(await startNats(servers, network?.lines))
    const postgres = stack.use(await startCluster())
    const { address } = await postgres.makeDatabase()
    const machines = stack.use(await openMachines())
    const ports = await freePorts(receivers)
    const balancer = stack.use(await openBalancer(ports))
    const fleet = new Fleet(
      { machines, nats, postgres, balancer, network },
      { address, ports, beginning },
      stack.move(),
    )
    try {
      for (let index = 0; index < receivers; index++) await fleet.startReceiver(index)
      for (let index = 0; index < loaders; index++) void fleet.#keepLoader(index)
      return fleet
    } catch (error) {
      await fleet[Symbol.asyncDispose]()
      throw error
    }
  }

  /** Starts a receiver, on the port that the balancer knows. What cannot start is started again, as systemd does it. */
  async startReceiver(index: number): Promise<void> {
    for (const end = performance.now() + START_MS_MAX; ; await sleep(RESTART_MS)) {
      try {
        return await this.#tryToStart(index)
      } catch (error) {
        if (performance.now() > end) throw error
      }
    }
  }

  async #tryToStart(index: number): Promise<void> {
    const args = ['serve', '--no-update-db', '--port', String(this.#ports[index])]
    const settings = { ...this.#settingsOf(`receiver-${index}`), TRUSTED_PROXIES: '127.0.0.1' }
    this.#receivers[index] = await listening(this.machines.start(args, settings, this.#program))
  }

  #settingsOf(name: string): Settings {
    return { ...this.settings, DATA_MANAGEMENT_DATA_DIR: this.folderOf(name), ...this.#own.get(name) }
  }

  /** What a receiver or loader has in its environment besides when it is started next. */
  setOwn(name: `${'receiver' | 'loader'}-${number}`, environment: Settings): void {
    this.#own.set(name, environment)
  }

  /** Replaces an older version by this one, as docs/fleet.md has it for versions whose loaders do not look at the schema. */
  async upgrade(signal: NodeJS.Signals): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#pause = promise
    for (const loader of this.#loaders) await kill(loader!, signal)
    this.#program = PROGRAM
    const { code, stderr } = await this.run(['upgrade'])
    if (code !== 0) throw new Error(`upgrade ended with ${code}: ${stderr}`)
    this.#pause = undefined
    resolve()
    for (const index of this.#receivers.keys()) {
      await kill(this.#receivers[index]!, signal)
      await this.startReceiver(index)
    }
  }

  /** Keeps a loader running, however often it ends. */
  async #keepLoader(index: number): Promise<void> {
    const args = ['update-db', '--products', '--watch', '--quiet']
    while (!this.#isOver) {
      this.#loaders[index] = this.machines.start(args, this.#settingsOf(`loader-${index}`), this.#program)
      await this.#loaders[index].ended
      if (!this.#isOver) await sleep(RESTART_MS)
      await this.#pause
    }
  }

  killReceiver(index: number): Promise<unknown> {
    return kill(this.#receivers[index]!)
  }

  /** Kills a loader; it is started again. */
  killLoader(index: number): Promise<unknown> {
    return kill(this.#loaders[index]!)
  }

  /** Where a receiver listens, behind the balancer. */
  receiverUrl(index: number): string {
    return this.#receivers[index]!.url
  }

  /** What the programs have printed since they were started last, for whoever looks for what went wrong. */
  printed(): string {
    return [...this.#receivers, ...this.#loaders].map((program) => program?.printed().slice(-4_000)).join('\n')
  }

  /** Runs a command on a machine that neither receives nor loads. */
  run(args: readonly string[]): Promise<Ended> {
    return this.machines.start(args, this.#settingsOf('commands'), this.#program).ended
  }

  /** Makes a key for senders. */
  async makeKey(): Promise<string> {
    return (await this.run(['keys', 'create', 'a sender', '--scope', 'upload,read'])).stdout.trim()
  }

  /** Sends what is in the outbox below a folder once. */
  sendOnce(folder: string, key: string, { args = [], settings = {}, program }: Sending): Promise<Ended> {
    const own = { API_SERVER_URL: this.balancer.url, API_SECRET_KEY: key, SCRAPING_DATA_DIR: folder }
    return this.machines.start(['upload-data', ...args], { ...own, ...settings }, program).ended
  }

  /** Sends what is in the outbox below a folder, again and again, until all of it is loaded; tells how the last run ended. */
  async send(folder: string, key: string, secondsMax: number, program?: string) {
    const end = performance.now() + secondsMax * 1000
    for (;;) {
      const ended = await this.sendOnce(folder, key, { args: ['--wait'], program })
      if (ended.code === 0 || this.#isOver || performance.now() > end) return ended
      await sleep(500)
    }
  }

  folderOf(name: string): string {
    return join(this.machines.path, name)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true
    await this.#stack.disposeAsync()
  }
}

async function kill({ child, ended }: Started, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  child.kill(signal)
  await ended
}
