/** A PostgreSQL of its own for the tests of a process, in the temporary folder, reached by a socket there. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { chown, mkdir } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { after } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import pg from 'pg'
import { type TemporaryFolder, temporaryFolder } from './folders.ts'
import { neededHere } from './needed.ts'

const run = promisify(execFile)

const START_MS_MAX = 60_000
// What a crash of the machine would take is not what these tests are about, and syncs take most of their time.
const OPTIONS = [
  'fsync=off',
  'listen_addresses=',
  'shared_buffers=64MB',
  'max_connections=60',
  'log_min_messages=warning',
]
// Texts are sorted by language: what has to be in the order of its bytes must say so itself.
const INITDB = ['--no-sync', '--auth=trust', '--username=splitcart', '--encoding=UTF8', '--locale=C']
const LANGUAGE = ['--locale-provider=icu', '--icu-locale=en-US']

const PROGRAMS = programsOf(['initdb', 'postgres', 'pg_basebackup'])

/** Why there is no PostgreSQL for tests, or false. */
export const NO_POSTGRES = neededHere(
  process.platform === 'win32'
    ? 'PostgreSQL is started for tests on Linux and macOS only'
    : PROGRAMS === undefined && 'PostgreSQL (initdb, postgres and pg_basebackup) is not installed',
)

/** A database that is there for one test. */
export type TestDatabase = AsyncDisposable & Readonly<{ address: string }>

/** A PostgreSQL that runs, can be killed, and can be started again. */
export type Cluster = AsyncDisposable &
  Readonly<{
    /** The database that is always there. */
    address: string
    /** Makes an empty database. */
    makeDatabase: () => Promise<TestDatabase>
    /** Asks it, as its superuser. */
    ask: (sql: string) => Promise<void>
    /** Gives files to the user that it runs as. */
    own: (paths: readonly string[]) => Promise<void>
    kill: () => Promise<void>
    start: () => Promise<void>
    /** Makes a copy that follows it, and can only be read until it is promoted. */
    follow: (options: readonly string[]) => Promise<Cluster>
  }>

// Of this process, with whatever test files: making one takes a second.
let shared: Promise<Cluster> | undefined

/** A PostgreSQL for tests: it starts with the first database that is wanted and ends with the last test. `prepare` is given its address first. */
export function sharedPostgres(prepare?: (address: string) => Promise<void>): () => Promise<TestDatabase> {
  after(async () => (await shared)?.[Symbol.asyncDispose]())
  const start = async () => {
    const cluster = await startCluster()
    await prepare?.(cluster.address)
    return cluster
  }
  return async () => {
    shared ??= start()
    return (await shared).makeDatabase()
  }
}

/** Makes a new cluster and starts it; without `options` one that is quick and keeps nothing through a crash of the machine. */
export async function startCluster(options: readonly string[] = OPTIONS): Promise<Cluster> {
  return makeCluster(options, ({ initdb }) => [initdb!, ...INITDB, ...LANGUAGE])
}

/** A cluster in a folder of its own that a program makes; `-D` and the folder are added to its arguments. */
async function makeCluster(
  options: readonly string[],
  madeBy: (programs: Readonly<Record<string, string>>) => readonly string[],
): Promise<Cluster> {
  const at = await temporaryFolder()
  const data = join(at.path, 'data')
  const user = userOf()
  try {
    await mkdir(data, { mode: 0o700 })
    for (const path of [at.path, data]) if (user !== undefined) await chown(path, user.uid, user.gid)
    const [program, ...args] = madeBy(PROGRAMS!)
    await run(program!, [...args, '-D', data], { ...user, cwd: at.path })
    return await clusterIn(at, user, options)
  } catch (error) {
    await at[Symbol.asyncDispose]()
    throw error
  }
}

async function clusterIn(at: TemporaryFolder, user: User, options: readonly string[]): Promise<Cluster> {
  const port = options.find((option) => option.startsWith('port='))?.slice('port='.length) ?? '5432'
  const address = `postgres://splitcart@localhost:${port}/postgres?host=${encodeURIComponent(at.path)}`
  const start = () => startServer(at, user, [...options, `unix_socket_directories=${at.path}`], address)
  let server = await start()
  const end = async (signal: 'SIGINT' | 'SIGKILL') => {
    if (server.exitCode !== null || server.signalCode !== null) return
    const ended = once(server, 'close')
    server.kill(signal)
    await ended
  }
  return {
    address,
    makeDatabase: () => makeDatabaseAt(address),
    ask: (sql) => ask(address, sql),
    own: async (paths) => {
      for (const path of paths) if (user !== undefined) await chown(path, user.uid, user.gid)
    },
    kill: () => end('SIGKILL'),
    start: async () => {
      server = await start()
    },
    follow: (more) =>
      makeCluster(more, ({ pg_basebackup }) => [
        pg_basebackup!,
        ...['-R', '--checkpoint=fast', '--no-sync', '-U', 'splitcart', '-h', at.path, '-p', port],
      ]),
    [Symbol.asyncDispose]: async () => {
      // SIGINT: all connections are ended at once.
      await end('SIGINT')
      await at[Symbol.asyncDispose]()
    },
  }
}

/** Makes an empty database in a cluster that runs, by the address of the database that is always there. */
export async function makeDatabaseAt(address: string): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`
  await ask(address, `create database ${name}`)
  const made = new URL(address)
  made.pathname = name
  return { address: made.href, [Symbol.asyncDispose]: () => ask(address, `drop database ${name} with (force)`) }
}

/** Starts the server and waits until it answers. What is left of one that was killed may keep it from starting at first. */
async function startServer(
  at: TemporaryFolder,
  user: User,
  options: readonly string[],
  address: string,
): Promise<ChildProcess> {
  const end = performance.now() + START_MS_MAX
  for (;;) {
    const said: Buffer[] = []
    const stdio: ['ignore', 'ignore', 'pipe'] = ['ignore', 'ignore', 'pipe']
    const args = ['-D', join(at.path, 'data'), ...options.flatMap((option) => ['-c', option])]
    const server = spawn(PROGRAMS!.postgres!, args, {
      ...user,
      stdio,
      cwd: at.path,
    })
    server.stderr.on('data', (words) => said.push(words))
    if (await answers(server, address, end)) return server
    server.kill('SIGKILL')
    if (performance.now() > end) throw new Error(`PostgreSQL does not start: ${Buffer.concat(said)}`)
    await sleep(100)
  }
}

async function answers(server: ChildProcess, address: string, end: number): Promise<boolean> {
  while (server.exitCode === null && performance.now() < end) {
    try {
      await ask(address, 'select 1')
      return true
    } catch {
      await sleep(50)
    }
  }
  return false
}

async function ask(address: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: address })
  client.on('error', () => {})
  try {
    await client.connect()
    await client.query(sql)
  } finally {
    await client.end()
  }
}

type User = Readonly<{ uid: number; gid: number }> | undefined

/** PostgreSQL does not run as root: then it runs as another user that this machine has. */
function userOf(): User {
  if (process.getuid?.() !== 0) return undefined
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
  const [, , uid, gid] = users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody') ?? []
  return { uid: Number(uid), gid: Number(gid) }
}

/** Where the programs are: in the path, or where Debian has them; of several versions the newest. */
function programsOf(names: readonly string[]): Readonly<Record<string, string>> | undefined {
  const versions = globSync('/usr/lib/postgresql/*/bin').sort((one, other) => versionOf(other) - versionOf(one))
  const folders = [...versions, ...(process.env.PATH ?? '').split(delimiter)]
  const folder = folders.find((each) => names.every((name) => existsSync(join(each, name))))
  return folder === undefined ? undefined : Object.fromEntries(names.map((name) => [name, join(folder, name)]))
}

function versionOf(folder: string): number {
  return Number(/\d+/.exec(folder)?.[0])
}
