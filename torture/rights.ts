/**
 * A server that is killed, on a disk that is slow, while keys send rows that they may not write: none of those is ever loaded, and every
 * upload knows who sent it.
 */
import { type FSWatcher, watch } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openCatalogue } from '@splitcart/data-management/catalogue/dialects/sqlite/catalogue.ts'
import type { Sql } from '@splitcart/data-management/database/sql.ts'
import { type Ledger, openLedger } from '@splitcart/data-management/ledger/ledger.ts'
import { Chance } from '../packages/data-management/test/random.ts'
import { temporaryFolder } from '../test/folders.ts'
import { PROGRAM, type Started, startProgram, until, withoutSettings } from '../test/machines.ts'
import { childrenOf } from '../test/processes.ts'
import type { Case, Fault, Options } from './campaign.ts'
import { sha256Of } from './points/files.ts'

const KEYS = 16
const OWN_STORE = 's'
const SENDERS_PER_KEY = 4
// Longer than a name must be still before the loader takes it.
const SLOW_MICROSECONDS = 2_200_000
// With more rows of others than that it would be held.
const OWN_ROWS = 6
const PAUSE_MS = 100
const LIFE_MS_MAX = 3_000
const NAMES_MAX = 60
const LOADED_MS_MAX = 600_000

type Key = Readonly<{ id: string; text: string; company: string; store: string | null }>

/** A file, and the key that sends it. */
export type Sent = Readonly<{ name: string; text: string; sha256: string; key: Key }>

/** A server that comes back whenever it was killed. `url` is undefined meanwhile. */
type Life = { url: string | undefined; server: Started | undefined; kills: number; isOver: boolean }

/** Rounds of so many uploads, with a server that is killed so many times in each. */
export function rights({ uploads = 0, kills = 0 }: Options): Case {
  const figures = { uploads: 0, kills: 0, slow: 0 }
  const round = async (seed: number): Promise<Fault> => {
    const chance = new Chance(seed)
    await using at = await temporaryFolder()
    const folder = join(at.path, 'data')
    await mkdir(folder, { mode: 0o700 })
    const keys = await keysIn(folder)
    // By turns.
    const isSlow = seed % 2 === 0
    const life: Life = { url: undefined, server: undefined, kills: 0, isOver: false }
    const files = filesOf(chance, keys, uploads)
    const living = live(life, { folder, chance, kills, isSlow })
    // A process of its own, whose disk is not slow.
    const loader = startProgram([PROGRAM, 'update-db', '--products', '--watch'], folder, environmentOf(folder))
    try {
      await sendAll(life, files)
      await untilLoaded(folder, files.length)
    } finally {
      life.isOver = true
      kill(loader)
      await Promise.all([living, loader.ended])
    }
    figures.uploads += files.length
    figures.kills += life.kills
    figures.slow += isSlow ? files.length : 0
    return await faultIn(folder, files)
  }
  const figure = () => `${figures.uploads} uploads (${figures.slow} on a slow disk), ${figures.kills} kills`
  return Object.assign(round, { figure })
}

async function keysIn(folder: string): Promise<Key[]> {
  await using ledger = openLedger(folder)
  return await makeKeys(ledger)
}

/** Keys, each for one company, and by turns for one store of it. */
export async function makeKeys(ledger: Ledger): Promise<Key[]> {
  const make = async (_: unknown, number: number): Promise<Key> => {
    const [company, store] = [`company ${number}`, number % 2 === 0 ? null : OWN_STORE]
    const onlyFor = [store === null ? company : `${company}/${store}`]
    const wanted = { name: company, scopes: ['upload'], onlyFor, expiresAt: null } as const
    return { ...(await ledger.keys.create(wanted, Date.now())), company, store }
  }
  return await Promise.all(Array.from({ length: KEYS }, make))
}

/** So many files, by turns of the keys. */
export function filesOf(chance: Chance, keys: readonly Key[], count: number): Sent[] {
  return Array.from({ length: count }, (_, number) => fileOf(chance, number, keys[number % KEYS]!))
}

/** Rows that the key may write, and one that it may not: of somebody else, or of another store; now and then under a name that others have, too. */
function fileOf(chance: Chance, number: number, key: Key): Sent {
  const row = (kind: string, company: string, store_id = OWN_STORE) => {
    const name = `${kind} ${number}`
    const product = { sku: name, name, normalized_name_brand_size: name, price_current: 1 }
    return `${JSON.stringify({ product, metadata: { company, store_id, scraped_date: '2025-09-12' } })}\n`
  }
  const own = Array.from({ length: OWN_ROWS }, (_, index) => row(`own ${index}`, key.company)).join('')
  const isOfStore = key.store !== null && chance.is(0.5)
  const foreign = isOfStore ? row('foreign', key.company, 'another') : row('foreign', `company ${(number + 1) % KEYS}`)
  const text = own + foreign
  const name = chance.is(0.3) ? 'a.jsonl' : `${number}.jsonl`
  return { name, text, sha256: sha256Of(text), key }
}

type Conditions = Readonly<{ folder: string; chance: Chance; kills: number; isSlow: boolean }>

/** Starts the server again and again, and kills it after a while or when so many names have come; the last one is left alone. */
async function live(life: Life, { folder, chance, kills, isSlow }: Conditions): Promise<void> {
  while (!life.isOver) {
    const server = start(folder, isSlow)
    life.server = server
    life.url = await urlOf(server)
    if (life.kills < kills) {
      await Promise.race([momentIn(folder, chance), sleep(chance.between(1, LIFE_MS_MAX))])
      life.kills++
    } else while (!life.isOver && server.child.exitCode === null) await sleep(PAUSE_MS)
    life.url = undefined
    kill(server)
    await server.ended
  }
}

/** Resolves when a name has come into the inbox, some time from now. */
function momentIn(folder: string, chance: Chance): Promise<void> {
  let left = chance.between(1, NAMES_MAX)
  const { promise, resolve } = Promise.withResolvers<void>()
  const watcher: FSWatcher = watch(join(folder, 'product_inbox'), () => {
    if (--left > 0) return
    watcher.close()
    resolve()
  })
  setTimeout(() => watcher.close(), LIFE_MS_MAX).unref()
  return promise
}

function start(folder: string, isSlow: boolean): Started {
  const env = environmentOf(folder)
  const command = [PROGRAM, 'serve', '--port', '0', '--no-update-db']
  if (!isSlow) return startProgram(command, folder, env)
  const inject = ['-e', `inject=fsync:delay_enter=${SLOW_MICROSECONDS}`, '-P', join(folder, 'product_inbox')]
  const options = ['-f', '-qq', '-o', '/dev/null', '-e', 'trace=fsync', '-e', 'signal=none', '--seccomp-bpf', ...inject]
  return startProgram([...options, process.execPath, ...command], folder, env, 'strace')
}

function environmentOf(folder: string): NodeJS.ProcessEnv {
  const own = {
    DATA_MANAGEMENT_DATA_DIR: folder,
    DISK_BYTES_KEPT: '0',
    LOG_LEVEL: 'error',
    REQUESTS_PER_MINUTE_MAX: '100000',
  }
  return { ...withoutSettings(), ...own }
}

/** Kills a program, or the one that strace runs. */
function kill({ child }: Started): void {
  const traced = child.spawnfile === 'strace' ? childrenOf(child.pid!) : []
  for (const pid of traced.length > 0 ? traced : [child.pid!])
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It has ended meanwhile.
    }
}

async function urlOf(server: Started): Promise<string | undefined> {
  const address = () => /^Listening on (\S+)/m.exec(server.printed())?.[1]
  await until(() => address() !== undefined || server.child.exitCode !== null, 'the server listens', LOADED_MS_MAX)
  return address()
}

/** Where a server is, while there is one. */
type Place = Readonly<{ url: string | undefined }>

/** Sends all files, each until it is taken. */
export async function sendAll(life: Place, files: readonly Sent[]): Promise<void> {
  const queues = Map.groupBy(files, ({ key }) => key)
  const lanes = [...queues.values()].flatMap((queue) => {
    const waiting = queue[Symbol.iterator]()
    return Array.from({ length: SENDERS_PER_KEY }, async () => {
      for (const file of waiting) while (!(await isTaken(life, file))) await sleep(PAUSE_MS)
    })
  })
  await Promise.all(lanes)
}

async function isTaken({ url }: Place, { name, text, key }: Sent): Promise<boolean> {
  if (url === undefined) return false
  const headers = {
    'X-API-Key': key.text,
    'Content-Type': 'application/x-ndjson',
    'Content-Disposition': `attachment; filename="${name}"`,
  }
  try {
    const answer = await fetch(new URL('/api/upload/', url), { method: 'POST', headers, body: text })
    await answer.arrayBuffer()
    return answer.ok
  } catch {
    return false
  }
}

async function untilLoaded(folder: string, count: number): Promise<void> {
  await using ledger = openLedger(folder)
  await untilDealtWith(ledger, count)
}

/** Waits until so many uploads have been dealt with. */
export async function untilDealtWith(ledger: Ledger, count: number): Promise<void> {
  const isDone = async () => {
    const { accepted, loading, ...settled } = await ledger.uploads.countByState()
    return accepted + loading === 0 && settled.loaded + settled.held + settled.failed === count
  }
  await until(isDone, 'all uploads were dealt with', LOADED_MS_MAX).catch(async (cause: unknown) => {
    throw new Error(`of ${count} uploads: ${JSON.stringify(await ledger.uploads.countByState())}`, { cause })
  })
}

async function faultIn(folder: string, files: readonly Sent[]): Promise<Fault> {
  await using ledger = openLedger(folder)
  using catalogue = openCatalogue(join(folder, 'catalogue.db'))
  const fault = await faultOfAll(catalogue.database, ledger, files)
  if (fault !== undefined) return fault
  const sent = new Set(files.map(({ sha256 }) => sha256))
  const left = await ledger.arrivals.list()
  // What was cut off behind the name is told by its upload; the next start takes these away.
  return left.every(({ sha256 }) => sent.has(sha256)) ? undefined : 'something is arriving that nobody sent'
}

/** What is wrong once all files have been dealt with. */
export async function faultOfAll(catalogue: Sql, ledger: Ledger, files: readonly Sent[]): Promise<Fault> {
  const fault = await faultSoFar(catalogue, ledger, files)
  if (fault !== undefined) return fault
  const { count } = (await catalogue.get<{ count: number }>('select count(*) as count from listing'))!
  if (count !== files.length * OWN_ROWS) return `${count} listings instead of ${files.length * OWN_ROWS}`
  const uploads = await ledger.uploads.list({ limit: files.length + 1 })
  return uploads.length === files.length ? undefined : `${uploads.length} uploads instead of ${files.length}`
}

/** Whether something is loaded that its sender may not write, or on record without the one who sent it. */
export async function faultSoFar(catalogue: Sql, ledger: Ledger, files: readonly Sent[]): Promise<Fault> {
  const foreign = await catalogue.get<{ code: string }>("select code from listing where code like 'foreign%' limit 1")
  if (foreign !== undefined) return `${foreign.code} was loaded, which its sender may not write`
  const bySha256 = new Map(files.map((file) => [file.sha256, file]))
  for (const upload of await ledger.uploads.list({ limit: files.length + 1 })) {
    const sender = (await ledger.sendersOf([upload.id])).get(upload.id)?.keyId
    const { key, name } = bySha256.get(upload.sha256)!
    if (sender !== key.id) return `${name} (${upload.id}) was sent by ${key.id}, and the ledger says ${sender}`
    if (upload.wire_bytes === null) return `${name} (${upload.id}) counts as copied by hand`
  }
  return undefined
}
