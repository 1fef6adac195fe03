/** Real nats-servers with JetStream for tests: one, or a cluster of three; on loopback, with their files in the temporary folder. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { type TemporaryFolder, temporaryFolder } from './folders.ts'
import { freePorts } from './free-ports.ts'
import { neededHere } from './needed.ts'

const START_MS_MAX = 60_000

/** Why there is no nats-server for tests, or false. */
export const NO_NATS = neededHere(isInstalled() ? false : 'nats-server is not installed')

/** Servers that run; each can be killed, started again, and lose its files. */
export type Nats = AsyncDisposable &
  Readonly<{
    /** As INBOX_URL has it. */
    address: string
    /** Where the first of them tells its settings over HTTP. */
    monitorPort: number
    kill: (server: number) => Promise<void>
    start: (server: number) => Promise<void>
    /** Kills all, removes what they stored, and starts them again. */
    wipe: () => Promise<void>
    /** Stops a server for a while: its connections stay, and nothing comes from it. */
    pause: (server: number) => void
    resume: (server: number) => void
  }>

/** Where a server runs: its address, and the words before its command that bring it there. */
export type Place = Readonly<{ address: string; command: readonly string[] }>

const HERE: Place = { address: '127.0.0.1', command: [] }

type Node = {
  readonly name: string
  readonly place: Place
  readonly port: number
  readonly routePort: number
  readonly monitorPort: number
  child?: ChildProcess
}

/** Starts so many servers, of which each knows the others, and waits until they can store something. Without `places` all run here. */
export async function startNats(count: 1 | 3, places: readonly Place[] = []): Promise<Nats> {
  const at = await temporaryFolder()
  const ports = await freePorts(3 * count)
  const nodes: Node[] = Array.from({ length: count }, (_, index) => {
    const [port, routePort, monitorPort] = ports.slice(3 * index)
    return {
      name: `n${index}`,
      place: places[index] ?? HERE,
      port: port!,
      routePort: routePort!,
      monitorPort: monitorPort!,
    }
  })
  const address = `nats://${nodes.map(({ place, port }) => `${place.address}:${port}`).join(',')}`
  const startAll = async () => {
    await Promise.all(nodes.map((node) => start(at, node, nodes)))
    await untilReady(address, nodes)
  }
  const stopAll = () => Promise.all(nodes.map((node) => end(node)))
  await startAll().catch(async (error) => {
    await stopAll()
    await at[Symbol.asyncDispose]()
    throw error
  })
  return {
    address,
    monitorPort: nodes[0]!.monitorPort,
    kill: (server) => end(nodes[server]!),
    start: (server) => start(at, nodes[server]!, nodes),
    wipe: async () => {
      await stopAll()
      await Promise.all(nodes.map(({ name }) => rm(join(at.path, name), { recursive: true, force: true })))
      await startAll()
    },
    pause: (server) => void nodes[server]!.child?.kill('SIGSTOP'),
    resume: (server) => void nodes[server]!.child?.kill('SIGCONT'),
    [Symbol.asyncDispose]: async () => {
      await stopAll()
      await at[Symbol.asyncDispose]()
    },
  }
}

async function start(at: TemporaryFolder, node: Node, nodes: readonly Node[]): Promise<void> {
  const { address, command } = node.place
  const folder = join(at.path, node.name)
  await mkdir(folder, { recursive: true })
  const routes = JSON.stringify(nodes.map(({ place, routePort }) => `nats://${place.address}:${routePort}`))
  const cluster = `cluster { name: test, listen: "${address}:${node.routePort}", routes: ${routes} }`
  const config = join(at.path, `${node.name}.conf`)
  await writeFile(
    config,
    `server_name: ${node.name}
listen: "${address}:${node.port}"
http: "${address}:${node.monitorPort}"
jetstream { store_dir: "${folder}", max_memory_store: 64MB, max_file_store: 4GB }
${nodes.length > 1 ? cluster : ''}
`,
  )
  const [program, ...args] = [...command, 'nats-server', '-c', config]
  node.child = spawn(program!, args, { stdio: 'ignore' })
  await once(node.child, 'spawn')
}

async function end(node: Node): Promise<void> {
  const { child } = node
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'close')
  child.kill('SIGKILL')
  await ended
}

/** Ready is who has a leader that takes streams with a copy on each server. */
async function untilReady(address: string, nodes: readonly Node[]): Promise<void> {
  const end = performance.now() + START_MS_MAX
  for (;;) {
    try {
      await using connection = await connectTo(address)
      const manager = await jetstreamManager(connection)
      await manager.streams.add({ name: 'ready', subjects: ['ready'], num_replicas: nodes.length })
      await manager.streams.delete('ready')
      return
    } catch (error) {
      if (performance.now() > end) throw error
      await sleep(100)
    }
  }
}

async function connectTo(address: string) {
  const servers = address.replace('nats://', '').split(',')
  const connection = await connect({ servers, maxReconnectAttempts: 0, timeout: 2000 })
  return Object.assign(connection, { [Symbol.asyncDispose]: () => connection.close() })
}

function isInstalled(): boolean {
  try {
    execFileSync('nats-server', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
