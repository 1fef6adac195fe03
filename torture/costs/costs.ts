/** What any single request may cost: whatever is asked for, the thread that serves all is never held for long. */
import { spawnSync } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { rowsText } from '../../packages/data-management/test/receiver.ts'
import { type Machines, openMachines, type Server, until } from '../../test/machines.ts'
import type { Case, Fault } from '../campaign.ts'
import { COMMON_WORD, fillLarge, type Sizes } from './large-data.ts'

/** The longest that one request may hold the event loop. */
export const HELD_MS_MAX = 50

// What else the machine does may hold it, too; a request that does so does it each time.
const TRIES = 8
const PAUSE_MS = 100
const KEY = 'a-key-of-the-campaign-of-costs'
const PRELOADED = new URL('loop-delay.ts', import.meta.url)
// About the product of very many listings.
const GIANT = [
  '/api/products/1',
  '/api/products/1/prices?limit=20',
  `/api/products?q=${COMMON_WORD}%20nu&prices=true&limit=100`,
]
const HELD = /held the event loop for ([\d.]+) ms/g

/** What a request held the event loop for, at best of some tries. */
export type Cost = Readonly<{ path: string; status: number; heldMs: number; tookMs: number }>

type Asked = Server & Readonly<{ key: string }>

/** Makes the case. */
export function costs(sizes: Sizes): Case {
  let figure = ''
  const round = async (): Promise<Fault> => {
    const all = await costsOf(sizes)
    const worst = all.reduce((one, other) => (other.heldMs > one.heldMs ? other : one))
    figure = `${all.length} routes, at most ${worst.heldMs} ms (${worst.path})`
    return faultOfCosts(all)
  }
  return Object.assign(round, { figure: () => figure })
}

/** What is wrong with some costs. */
export function faultOfCosts(all: readonly Cost[]): Fault {
  const wrong = all.filter((cost) => cost.heldMs > HELD_MS_MAX || !isAnswered(cost))
  return wrong.length === 0
    ? undefined
    : wrong.map(({ path, status, heldMs }) => `${path}: ${status}, ${heldMs} ms`).join('; ')
}

/** Serves databases of these sizes and asks for everything. */
export async function costsOf(sizes: Sizes): Promise<Cost[]> {
  await using machines = await openMachines()
  await mkdir(machines.dataManagement, { recursive: true, mode: 0o700 })
  await fillLarge(machines.dataManagement, sizes, 'settings')
  return await costsIn(machines, sizes)
}

/** Serves what is there, which `fillLarge` has made, and asks for everything. */
export async function costsIn(machines: Machines, sizes: Sizes): Promise<Cost[]> {
  const environment = {
    API_SECRET_KEY: KEY,
    NODE_OPTIONS: `--import=${PRELOADED}`,
    REQUESTS_PER_MINUTE_MAX: '100000',
    LOG_LEVEL: 'error',
  }
  const server = await machines.serve(['--no-update-db'], environment)
  goFirst(server)
  const paths = await pathsOf(server, sizes)
  await checkThatNoneIsMissing(server, paths)
  const all: Cost[] = []
  for (const path of paths) all.push(await costOf(server, path))
  return all
}

/** What else the machine does is not to be measured: the threads that are there now run before all others, where this user may have that. */
function goFirst({ child }: Server): void {
  spawnSync('chrt', ['--all-tasks', '--reset-on-fork', '--fifo', '--pid', '1', String(child.pid)], { stdio: 'ignore' })
}

async function costOf(server: Server, path: string): Promise<Cost> {
  let best: Cost | undefined
  for (let tries = 0; tries < TRIES && (best === undefined || excessOf(best) >= HELD_MS_MAX / 2); tries++) {
    if (tries > 0) await sleep(PAUSE_MS)
    // What a key has used up of its time is not to be measured.
    const asked = { ...server, key: await newKey(server) }
    await heldBy(server)
    const start = performance.now()
    const status = path.startsWith('POST ') ? await upload(asked, tries) : await read(asked, path)
    const tookMs = Math.round(performance.now() - start)
    const cost = { path, status, heldMs: await heldBy(server), tookMs }
    if (best === undefined || excessOf(cost) < excessOf(best)) best = cost
  }
  return best!
}

/** An answer that is none says nothing of what it costs. */
function excessOf(cost: Cost): number {
  return isAnswered(cost) ? cost.heldMs : Number.POSITIVE_INFINITY
}

/** What thousands of listings of one product cost in thousands of stores may be too much for one answer: then that is the answer. */
function isAnswered({ status, path }: Cost): boolean {
  return status < 400 || (status === 503 && GIANT.includes(path))
}

async function read({ url, key }: Asked, path: string): Promise<number> {
  const response = await fetch(url + path, { headers: { 'X-API-Key': key } })
  await response.bytes()
  return response.status
}

async function upload({ url, key }: Asked, price: number): Promise<number> {
  const headers = {
    'X-API-Key': key,
    'Content-Type': 'application/gzip',
    'Content-Disposition': 'attachment; filename="costs.jsonl.gz"',
  }
  const body = gzipSync(rowsText(2_000, 1 + price))
  const response = await fetch(`${url}/api/upload/`, { method: 'POST', headers, body })
  await response.bytes()
  return response.status
}

/** How long the event loop was held since this was asked last. */
async function heldBy(server: Server): Promise<number> {
  const told = () => [...server.printed().matchAll(HELD)]
  const before = told().length
  server.child.kill('SIGUSR2')
  await until(() => told().length > before, 'the server tells how long it was held')
  return Number(told().at(-1)![1])
}

/** Every route that is asked for something, in the way that costs most. */
async function pathsOf(server: Server, { listings, stores }: Sizes): Promise<string[]> {
  const newest = await json<{ uploads: { id: string }[] }>(server, '/api/uploads?limit=6')
  const ids = newest.uploads.map(({ id }) => id)
  const ofUploads = ids.slice(0, 1).flatMap((id) => [`/api/uploads/${id}`, `/api/uploads/${id}/preview`])
  const lookups = [`q=${COMMON_WORD}`, 'company=company1', 'sku=sku7']
  return [
    ...['/healthz', '/readyz', '/metrics', '/api/openapi.json', '/api/overview', '/api/system', '/api/session'],
    ...[
      '/api/sources',
      '/api/references?company=company1&store_id=s3&date=2030-01-01',
      '/api/sources?state=good&limit=200',
      '/api/stores?limit=500',
      '/api/keys',
      '/api/audit',
      '/api/sessions',
      '/api/changes',
      '/api/changes?days=366&sort=cents&limit=200',
      '/api/findings',
      '/api/suggestions',
      '/api/verdicts',
    ],
    ...[`/api/scrapes?store=company1/s${stores - (stores % 3)}`, '/api/rejects?limit=100', '/api/products'],
    ...lookups.map((query) => `/api/products?${query}`),
    ...[...GIANT, `/api/products/${listings}`],
    ...['/api/uploads?q=nowhere', '/api/uploads?q=1.jsonl&limit=200', '/api/uploads?key=settings&state=failed'],
    ...ofUploads,
    ...ids.map((id) => `/api/uploads/${id}/rejects`),
    '/api/export/products',
    ...['POST /api/upload/'],
  ]
}

/** A route that is described and not asked for here would be one that nobody knows the cost of. */
async function checkThatNoneIsMissing(server: Server, paths: readonly string[]): Promise<void> {
  const { paths: described } = await json<{ paths: Record<string, object> }>(server, '/api/openapi.json')
  // Of a file and of what goes on for as long as somebody reads, the first bytes are sent like the last.
  const exports = ['prices', 'observations', 'names'].map((what) => `/api/export/${what}`)
  const ofFiles = ['content', 'repair'].map((what) => `/api/uploads/{id}/${what}`)
  const streamed = new Set([...ofFiles, '/api/rejects/lines', '/api/events', ...exports])
  const asked = paths.map((path) => path.split('?')[0]!)
  const missing = Object.entries(described)
    .filter(([path, methods]) => 'get' in methods && !streamed.has(path))
    .filter(([path]) => !asked.some((each) => new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`).test(each)))
  if (missing.length > 0) throw new Error(`not asked for: ${missing.map(([path]) => path).join(', ')}`)
}

async function newKey({ url }: Server): Promise<string> {
  const headers = { 'X-API-Key': KEY, 'Content-Type': 'application/json' }
  const body = JSON.stringify({ name: 'costs', scopes: ['upload', 'read', 'admin'] })
  const made = await fetch(`${url}/api/keys`, { method: 'POST', headers, body })
  return ((await made.json()) as { key: string }).key
}

async function json<T>({ url }: Server, path: string): Promise<T> {
  return (await (await fetch(url + path, { headers: { 'X-API-Key': KEY } })).json()) as T
}
