/** Where the benchmarks play: a temporary folder, a receiving machine that begins anew, and the servers of the rivals. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Machines, openMachines, type Server } from '../test/machines.ts'
import { curlToUs, KEY } from './curl.ts'
import { bigFile } from './data.ts'
import { output } from './programs.ts'

const START_MS_MAX = 10_000
const WARM_UP_BYTES = 20_000_000

/** A running `splitcart serve`, and the folder where accepted files come to lie. */
export type Receiver = Readonly<{ url: string; pid: number; inbox: string }>

type StageOptions = Readonly<{
  fill?: () => Promise<void>
  environment?: Readonly<Record<string, string>>
  /** It has taken an upload, as the servers of the rivals have in the rounds before. */
  isWarm?: true
}>

export type Stage = AsyncDisposable &
  Readonly<{
    machines: Machines
    /** The receiver that was started last. */
    receiver: () => Receiver
    /** Ends the receiver, forgets all that it has, and starts one on empty folders. `fill` may put something into them. */
    anew: (options?: StageOptions) => Promise<void>
  }>

/** Opens a stage; nothing runs yet. */
export async function openStage(serveArgs: readonly string[] = ['--no-update-db']): Promise<Stage> {
  const machines = await openMachines()
  let running: Server | undefined
  const anew = async ({ fill, environment, isWarm }: StageOptions = {}) => {
    running?.child.kill()
    await running?.ended
    await rm(machines.dataManagement, { recursive: true, force: true })
    await fill?.()
    running = await machines.serve(serveArgs, { API_SECRET_KEY: KEY, ...environment })
    if (isWarm) await output('curl', curlToUs(running.url, (await bigFile(WARM_UP_BYTES)).packed, 'warm-up.jsonl'))
    await quiet()
  }
  const receiver = () => ({
    url: running!.url,
    pid: running!.child.pid!,
    inbox: join(machines.dataManagement, 'product_inbox'),
  })
  return { machines, receiver, anew, [Symbol.asyncDispose]: () => machines[Symbol.asyncDispose]() }
}

/** Waits until the disk has written all that others have left for later: it must not be done in somebody's time. */
export async function quiet(): Promise<void> {
  await output('sync', [])
}

/** The process of a rival's server. */
export type RivalServer = AsyncDisposable & Readonly<{ port: number; pid: number }>

/** Starts a rival's server and waits until it takes connections. */
export async function startRival(command: string, argsFor: (port: number) => readonly string[]): Promise<RivalServer> {
  const port = await freePort()
  const child = spawn(command, argsFor(port), { stdio: ['ignore', 'ignore', 'inherit'] })
  await taking(port, child)
  return {
    port,
    pid: child.pid!,
    [Symbol.asyncDispose]: async () => {
      const gone = once(child, 'exit')
      if (child.exitCode === null && child.kill()) await gone
    },
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}

async function taking(port: number, child: ChildProcess): Promise<void> {
  for (const end = performance.now() + START_MS_MAX; !(await isTaking(port)); await sleep(20))
    if (child.exitCode !== null || performance.now() > end)
      throw new Error(`${child.spawnfile} does not listen on ${port}`)
}

async function isTaking(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false))
  const is = await promise
  socket.destroy()
  return is
}
