/**
 * Mistakes that people make with both machines, in random orders, each with the real programs: each is told with what to do, is put right
 * as a person would, and has cost no row and no receipt.
 */
import { once } from 'node:events'
import { chmod, mkdir, rename, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Chance } from '../packages/data-management/test/random.ts'
import {
  type Ended,
  type Machines,
  openMachines,
  PROGRAM,
  type Server,
  startProgram,
  withoutSettings,
} from '../test/machines.ts'
import type { Case, Fault, Options } from './campaign.ts'

const LOAD = ['update-db', '--products'] as const
const ROWS = 3
const KILLED_MS_MAX = 900

/** Both machines, and how many files have been sent so far. */
type World = { readonly machines: Machines; readonly chance: Chance; readonly key: string; files: number }

/** A mistake and how it is put right; what was wrong with it, or undefined. */
type Mistake = (world: World) => Promise<Fault>

type Counted = { made: number; told: number; rows: number; receipts: number }

/** Makes the case: `mistakes` of them in each round. */
export function mistakesOfPeople({ mistakes = 0 }: Options, isClockThere: boolean): Case {
  const counted: Counted = { made: 0, told: 0, rows: 0, receipts: 0 }
  const names = Object.keys(MISTAKES).filter((name) => isClockThere || name !== 'a clock a year ahead')
  const round = async (seed: number): Promise<Fault> => {
    const chance = new Chance(seed)
    await using machines = await openMachines()
    const world: World = { machines, chance, key: await machines.key('upload'), files: 0 }
    await deliver(world)
    const inOrder = Array.from({ length: Math.ceil(mistakes / names.length) }, () => chance.shuffled(names)).flat()
    for (const name of inOrder.slice(0, mistakes)) {
      counted.made++
      const fault = await MISTAKES[name]!(world)
      if (fault === undefined) counted.told++
      const lost = await faultOfLoss(world, counted)
      if (fault !== undefined || lost !== undefined) return `${name}: ${[fault, lost].filter(Boolean).join('; ')}`
      await deliver(world)
    }
    return await faultOfLoss(world, counted)
  }
  const figure = () => {
    const without = isClockThere ? '' : ', none with a clock (faketime is not installed)'
    return `${counted.made} mistakes of ${names.length} kinds${without}, ${counted.told} told with what to do, ${counted.rows} rows and ${counted.receipts} receipts lost`
  }
  return Object.assign(round, { figure })
}

/** Writes a scrape of a store of its own into the outbox. */
async function write({ machines }: World, number: number): Promise<void> {
  const outbox = join(machines.scraping, 'product_outbox')
  await mkdir(outbox, { recursive: true })
  const lines = Array.from({ length: ROWS }, (_, row) =>
    JSON.stringify({
      product: {
        sku: String(row),
        name: `Tea ${row}`,
        normalized_name_brand_size: `tea ${row}`,
        price_current: row + 1,
      },
      metadata: { company: 'teahouse', store_id: `S${number}`, scraped_date: '2026-05-01' },
    }),
  )
  await writeFile(join(outbox, `${number}.jsonl`), lines.join('\n'))
}

/** A file goes the whole way, as on any day. */
async function deliver(world: World): Promise<void> {
  const { machines, key } = world
  await write(world, world.files++)
  await using server = await served(world)
  const sent = await machines.upload(server, key, '--wait')
  if (sent.code !== 0) throw new Error(`sending as on any day ended with ${sent.code}: ${sent.stderr}`)
}

async function served({ machines }: World): Promise<Server & AsyncDisposable> {
  const server = await machines.serve()
  return Object.assign(server, {
    [Symbol.asyncDispose]: async () => {
      server.child.kill('SIGTERM')
      await server.ended
    },
  })
}

/** Every row that was sent is in the catalogue once, and every file has its receipt. */
async function faultOfLoss({ machines, files }: World, counted: Counted): Promise<Fault> {
  // What a server of an older backup finds, it loads again.
  await machines.run(LOAD)
  const exported = await machines.run(['export', 'observations'])
  const rows = new Set(exported.stdout.split('\n').filter(Boolean)).size
  const archive = join('scraping', 'temp_jsonl_product_storage')
  const receipts = (await machines.names(archive)).filter((name) => name.endsWith('.receipt.json')).length
  counted.rows += Math.max(0, files * ROWS - rows)
  counted.receipts += Math.max(0, files - receipts)
  if (rows === files * ROWS && receipts === files) return undefined
  return `${rows} rows of ${files * ROWS} and ${receipts} receipts of ${files} are there: ${exported.stderr}`
}

/** Whether a command ended so and said so. */
function faultOfTold({ code, stdout, stderr }: Ended, codes: readonly number[], words: RegExp): Fault {
  const said = stdout + stderr
  if (/\n {4}at .*\.(ts|js):\d/.test(said)) return `a stack trace: ${said}`
  if (codes.includes(code ?? -1) && words.test(said)) return undefined
  return `ended with ${code} and said, instead of ${words}: ${said}`
}

/** Sends a file by mistake so, that it must stay in the outbox; then as on any day. */
async function sentWrongly(world: World, environment: Record<string, string>, told: [number[], RegExp]) {
  const { machines } = world
  await write(world, world.files++)
  const fault = faultOfTold(await machines.run(['upload-data'], environment), ...told)
  const waiting = await machines.names('scraping', 'product_outbox')
  const moved = waiting.length === 1 ? undefined : `the outbox has ${waiting.length} files instead of 1`
  await deliver(world)
  return fault ?? moved
}

const MISTAKES: Readonly<Record<string, Mistake>> = {
  'a mistyped DATABASE_URL': async ({ machines, chance }) => {
    const DATABASE_URL = `sqlite:${join(machines.dataManagement, 'catalog.db')}`
    const command = chance.is(0.5) ? LOAD : ['serve', '--port', '0']
    return faultOfTold(await machines.run(command, { DATABASE_URL }), [1], /is not the catalogue of .*join-databases/)
  },
  'a wrong folder': async ({ machines, chance }) => {
    const DATA_MANAGEMENT_DATA_DIR = join(machines.path, 'somewhere')
    const command = chance.is(0.5) ? ['keys', 'list'] : ['export', 'products']
    const told = /There is no server's data here.*--data-management-data-dir/s
    return faultOfTold(await machines.run(command, { DATA_MANAGEMENT_DATA_DIR }), [2], told)
  },
  'a wrong port': (world) =>
    sentWrongly(world, { API_SERVER_URL: 'http://127.0.0.1:1', API_SECRET_KEY: world.key }, [[5], /outbox/]),
  "another server's address": async (world) => {
    const page = createServer((_request, reply) => reply.end('<html>Welcome</html>'))
    page.listen(0, '127.0.0.1')
    await once(page, 'listening')
    const API_SERVER_URL = `http://127.0.0.1:${(page.address() as AddressInfo).port}`
    try {
      return await sentWrongly(world, { API_SERVER_URL, API_SECRET_KEY: world.key }, [[5], /SplitCart|answer/])
    } finally {
      page.closeAllConnections()
      page.close()
    }
  },
  'a key of somewhere else': async (world) => {
    await using server = await served(world)
    const API_SECRET_KEY = `${world.key.slice(0, -4)}aaaa`
    await write(world, world.files++)
    const sent = await world.machines.run(['upload-data'], { API_SERVER_URL: server.url, API_SECRET_KEY })
    const waiting = await world.machines.names('scraping', 'product_outbox')
    await world.machines.upload(server, world.key, '--wait')
    return faultOfTold(sent, [10], /key/) ?? (waiting.length === 1 ? undefined : 'the file has left the outbox')
  },
  'a key file that is not there': (world) =>
    sentWrongly(
      world,
      { API_SERVER_URL: 'http://127.0.0.1:1', API_SECRET_KEY_FILE: join(world.machines.path, 'no-key') },
      [[2], /API_SECRET_KEY_FILE/],
    ),
  'a key file that others can read': async (world) => {
    const API_SECRET_KEY_FILE = join(world.machines.path, 'key')
    await writeFile(API_SECRET_KEY_FILE, world.key)
    await chmod(API_SECRET_KEY_FILE, 0o666)
    return await sentWrongly(world, { API_SERVER_URL: 'http://127.0.0.1:1', API_SECRET_KEY_FILE }, [[2], /chmod/])
  },
  'a second loader': async (world) => {
    await using _server = await served(world)
    await sleep(500)
    return faultOfTold(await world.machines.run(LOAD), [11], /another|already|runs/i)
  },
  'a file copied into the inbox that was sent before': async (world) => {
    const { machines, chance } = world
    const number = chance.between(0, world.files - 1)
    await write(world, number)
    const [name = ''] = await machines.names('scraping', 'product_outbox')
    const copy = join(machines.dataManagement, 'product_inbox', 'again.jsonl')
    await rename(join(machines.scraping, 'product_outbox', name), copy)
    await sleep(2_500)
    const { code, stderr } = await machines.run(LOAD)
    return code === 0 ? undefined : `loading ended with ${code}: ${stderr}`
  },
  'an old backup put back': async (world) => {
    const { machines } = world
    const backup = join(machines.path, `backup-${world.files}.db`)
    const made = await machines.run(['backup', backup])
    if (made.code !== 0) return `the backup ended with ${made.code}: ${made.stderr}`
    for (let more = world.chance.between(1, 3); more > 0; more--) await deliver(world)
    const restored = await machines.run(['restore', backup])
    await deliver(world)
    return faultOfTold(restored, [0], /before|aside|restored/i)
  },
  'a restore that was killed': async (world) => {
    const { machines, chance } = world
    const backup = join(machines.path, `backup-${world.files}.db`)
    await machines.run(['backup', backup])
    await deliver(world)
    const restoring = machines.start(['restore', backup])
    await sleep(chance.between(0, KILLED_MS_MAX))
    restoring.child.kill('SIGKILL')
    await restoring.ended
    const next = await machines.run(['keys', 'list'])
    const isHalf = /restore --finish/.test(next.stdout + next.stderr)
    if (!isHalf && next.code !== 0) return faultOfTold(next, [0], /restore --finish/)
    const mended = isHalf ? await machines.run(['restore', chance.is(0.5) ? '--finish' : '--take-back']) : next
    await deliver(world)
    return mended.code === 0 ? undefined : `putting it right ended with ${mended.code}: ${mended.stderr}`
  },
  'a clock a year ahead': async ({ machines }) => {
    const before = await machines.processed()
    const env = { ...withoutSettings(), DATA_MANAGEMENT_DATA_DIR: machines.dataManagement }
    const args = ['-f', '+365d', process.execPath, PROGRAM, ...LOAD]
    const { code, stderr } = await startProgram(args, machines.path, env, 'faketime').ended
    const after = await machines.processed()
    if (code !== 0) return `loading ended with ${code}: ${stderr}`
    return after.length === before.length ? undefined : `${before.length - after.length} processed files are gone`
  },
}
