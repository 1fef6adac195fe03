/** What any single request may cost: whatever is asked for, the thread that serves all is never held for long. */
import { spawnSync } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { foldersIn } from '@splitcart/data-management/folders.ts'
import type { KeyWithText } from '@splitcart/data-management/ledger/keys.ts'
import { openLedger } from '@splitcart/data-management/ledger/ledger.ts'
import { rowsText } from '../../packages/data-management/test/receiver.ts'
import { openMachines, type Server, until } from '../../test/machines.ts'
import type { Case, Fault } from '../campaign.ts'
import type { Asked, Exchange, There } from './asked.ts'
import { fillLarge, type Sizes } from './large-data.ts'
import { faultsOfLists, REQUESTS, routesIn } from './requests.ts'

/** The longest that one request may hold the event loop. */
const HELD_MS_MAX = 50
// More than this nobody reads at once: what is longer has pages.
const BYTES_MAX = 512 * 1024
// An export goes on for as long as somebody reads, and a product has all of its listings: 1.4 MB for 3,000.
const WHOLE = /^\/api\/(export\/|products\/\d+$)/
// The first answer, from disks that nobody has read yet, at the sizes that are promised.
const FIRST_MS_MAX = 10_000

// What else the machine does may hold it, too; a request that does so does it each time.
const TRIES = 8
const PAUSE_MS = 100
const KEY = 'a-key-of-the-campaign-of-costs'
const PRELOADED = new URL('loop-delay.ts', import.meta.url)
const HELD = /held the event loop for ([\d.]+) ms/g

/** How a request was answered, and after how long. */
type Answer = Readonly<{ status: number; bytes: number; tookMs: number }>

/** What a request held the event loop for, at best of some tries; `first`: how it was answered when the disks were cold. */
export type Cost = Answer &
  Readonly<{ route: string; path: string; heldMs: number; answer: number | undefined; first: Answer }>

/** Makes the case. */
export function costs(sizes: Sizes): Case {
  let figure = ''
  const round = async (): Promise<Fault> => {
    const all = await costsOf(sizes)
    const worst = all.reduce((one, other) => (other.heldMs > one.heldMs ? other : one))
    const slowest = all.reduce((one, other) => (other.first.tookMs > one.first.tookMs ? other : one))
    figure = `${all.length} requests, at most ${worst.heldMs} ms (${worst.path}), the first answer after ${slowest.first.tookMs} ms (${slowest.path})`
    return faultOfCosts(all) ?? faultOfFirst(all)
  }
  return Object.assign(round, { figure: () => figure })
}

/** What is wrong with some costs. */
export function faultOfCosts(all: readonly Cost[]): Fault {
  return faultWhere(all, (cost) => {
    const { first, heldMs, bytes } = cost
    const isLong = bytes > BYTES_MAX && !WHOLE.test(cost.path)
    return heldMs > HELD_MS_MAX || isLong || !isAnswered(cost) || !isAnswered({ ...cost, ...first })
  })
}

/** The same of the times of first answers: they are those of the machine, and nothing for a test. */
export function faultOfFirst(all: readonly Cost[]): Fault {
  return faultWhere(all, ({ first }) => first.tookMs > FIRST_MS_MAX)
}

function faultWhere(all: readonly Cost[], isWrong: (cost: Cost) => boolean): Fault {
  const wrong = all.filter(isWrong).map(({ route, path, status, heldMs, bytes, first }) => {
    return `${route} (${path}): ${status}, ${heldMs} ms, ${bytes} bytes; first ${first.status} after ${first.tookMs} ms`
  })
  return wrong.length === 0 ? undefined : wrong.join('; ')
}

/** Serves databases of these sizes and asks for everything. */
export async function costsOf(sizes: Sizes): Promise<Cost[]> {
  await using machines = await openMachines()
  const { dataManagement: data } = machines
  await mkdir(data, { recursive: true, mode: 0o700 })
  const sender = await senderIn(data)
  await fillLarge(data, sizes, sender.id)
  const server = await machines.serve(['--no-update-db'], {
    API_SECRET_KEY: KEY,
    NODE_OPTIONS: `--import=${PRELOADED}`,
    REQUESTS_PER_MINUTE_MAX: '100000',
    LOG_LEVEL: 'error',
    PICTURES: 'on',
  })
  goFirst(server)
  const described = await askerOf(server, KEY)<Parameters<typeof routesIn>[0]>('GET', '/api/openapi.json')
  const faults = faultsOfLists(routesIn(described))
  if (faults.length > 0) throw new Error(faults.join('; '))
  const there = await thereIn(server, { sizes, senderKey: sender.text, data })
  const all: Cost[] = []
  for (const asked of REQUESTS) all.push(await costOf(server, asked, { ...there, data }))
  return all
}

/** The key of who has sent everything. */
async function senderIn(dataFolder: string): Promise<KeyWithText> {
  await using ledger = openLedger(dataFolder)
  return await ledger.keys.create({ name: 'sender', scopes: ['upload'], onlyFor: null, expiresAt: null }, Date.now())
}

type Filled = Readonly<{ sizes: Sizes; senderKey: string; data: string }>
type Known = Omit<There, 'key' | 'tries'>

/** What there is to ask for. The files of some held uploads are where they would be. */
async function thereIn(server: Server, { sizes, senderKey, data }: Filled): Promise<Known> {
  const ask = askerOf(server, KEY)
  const listed = async (query: string) =>
    (await ask<{ uploads: { id: string; filename: string }[] }>('GET', `/api/uploads?${query}`)).uploads
  const held = await listed('state=held&limit=30')
  for (const { filename } of held) await writeFile(join(foldersIn(data).held, filename), rowsText(1))
  const [newest, loaded] = [await listed('limit=6'), await listed('state=loaded&limit=100')]
  const ids = (uploads: readonly { id: string }[]) => uploads.map(({ id }) => id)
  const own = { newest: ids(newest), held: ids(held), loaded: ids(loaded) }
  return { url: server.url, senderKey, sizes, ...own, ask }
}

/**
 * What else the machine does is not to be measured: the thread that serves all runs before all others, where this user may have that. The
 * threads beside it do not: two of them would then keep it off two processors, and Linux stops threads of this class for 50 ms of each second
 * in which they leave no time to others.
 */
function goFirst({ child }: Server): void {
  spawnSync('chrt', ['--reset-on-fork', '--fifo', '--pid', '1', String(child.pid)], { stdio: 'ignore' })
}

type Served = Known & Readonly<{ data: string }>

async function costOf(server: Server, { route, prepare, answer }: Asked, known: Served): Promise<Cost> {
  let best: Cost | undefined
  for (let tries = 0; tries < TRIES && (best === undefined || excessOf(best) >= HELD_MS_MAX / 2); tries++) {
    if (tries > 0) await sleep(PAUSE_MS)
    // What a key has used up of its time is not to be measured.
    const there = { ...known, tries, key: await newKey(known) }
    const exchange = await prepare(there)
    if (tries === 0) forgetRead(known.data)
    await heldBy(server)
    const answered = await answerOf(there, route, exchange)
    const { first } = best ?? { first: answered }
    const cost = { ...answered, route, path: exchange.path, heldMs: await heldBy(server), answer, first }
    if (best === undefined || excessOf(cost) < excessOf(best)) best = cost
  }
  return best!
}

/** What the machine has read of the databases it forgets, where it can. */
function forgetRead(data: string): void {
  for (const name of ['catalogue.db', 'ledger.db'])
    spawnSync('dd', [`if=${join(data, name)}`, 'iflag=nocache', 'count=0'], { stdio: 'ignore' })
}

/** An answer that is none says nothing of what it costs. */
function excessOf(cost: Cost): number {
  return isAnswered(cost) ? cost.heldMs : Number.POSITIVE_INFINITY
}

function isAnswered({ status, answer }: Pick<Cost, 'status' | 'answer'>): boolean {
  return status < 400 || status === answer
}

async function answerOf({ url, key }: There, route: string, exchange: Exchange): Promise<Answer> {
  const { path, headers = {}, body, bytes } = exchange
  const { key: sent = key } = exchange
  const own = { ...(sent !== '' && { 'X-API-Key': sent }), ...(body && { 'Content-Type': 'application/json' }) }
  const content = bytes ?? (body && JSON.stringify(body))
  const method = route.split(' ')[0]!
  const start = performance.now()
  const response = await fetch(url + path, { method, headers: { ...own, ...headers }, body: content ?? null })
  const { length } = await response.bytes()
  return { status: response.status, bytes: length, tookMs: Math.round(performance.now() - start) }
}

/** How long the event loop was held since this was asked last. */
async function heldBy(server: Server): Promise<number> {
  const told = () => [...server.printed().matchAll(HELD)]
  const before = told().length
  server.child.kill('SIGUSR2')
  await until(() => told().length > before, 'the server tells how long it was held')
  return Number(told().at(-1)![1])
}

async function newKey({ ask }: Known): Promise<string> {
  return (await ask<{ key: string }>('POST', '/api/keys', { name: 'costs', scopes: ['upload', 'read', 'admin'] })).key
}

function askerOf({ url }: Server, key: string): There['ask'] {
  return async <T>(method: string, path: string, body?: object) => {
    const headers = { 'X-API-Key': key, ...(body && { 'Content-Type': 'application/json' }) }
    const response = await fetch(url + path, {
      method,
      headers,
      body: body === undefined ? null : JSON.stringify(body),
    })
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
    return (await response.json()) as T
  }
}
