/** Valid files that cost memory, received in one control group and loaded in another: what each may have of it is enough, whatever they are made of. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { HEAVY_FILES, type HeavyFile, writeHeavyFile } from '../test/heavy-files.ts'
import {
  type Ended,
  listening,
  type Machines,
  openMachines,
  PROGRAM,
  recordsIn,
  type Started,
  startProgram,
  withoutSettings,
} from '../test/machines.ts'
import { type MemoryGroup, memoryGroup, watchPeak } from '../test/memory-group.ts'
import type { Case, Fault, Options } from './campaign.ts'

const MIB = 2 ** 20
const LOAD_MS_MAX = 30 * 60 * 1000
// What is repeated compresses well; that it is refused for it is another campaign (bombs).
const LIMITS = { CONTENT_RATIO_MAX: '1000000', HOLD_ROWS_MIN: '0', LOG_LEVEL: 'warn' }

type Peaks = { server: number; loader: number; isLimited: boolean; files: number; most: string }

/** Makes the case: file after file, each with an honest one behind it. */
export function memory({ megabytes = 0, loader = 0, server = 0 }: Options): Case {
  const peaks: Peaks = { server: 0, loader: 0, isLimited: true, files: 0, most: '' }
  const round = async (seed: number) => {
    using serverGroup = memoryGroup(server * MIB)
    using loaderGroup = memoryGroup(loader * MIB)
    peaks.isLimited &&= serverGroup.isLimited && loaderGroup.isLimited
    await using machines = await openMachines()
    const file = HEAVY_FILES[seed % HEAVY_FILES.length]!
    const scene = { machines, file, bytes: megabytes * MIB, serverGroup, loaderGroup, peaks }
    const fault = (await sendAll(scene)) ?? (await loadAll(scene))
    peaks.files++
    const tooMuch = [peaks.server > server * MIB && 'server', peaks.loader > loader * MIB && 'loader'].filter(Boolean)
    const found = fault ?? (tooMuch.length > 0 ? `the ${tooMuch.join(' and the ')} took more than allowed` : undefined)
    return found === undefined ? undefined : `${file.name}: ${found}`
  }
  const figure = () => {
    const limits = peaks.isLimited
      ? `in ${server} and ${loader} MiB`
      : 'measured only, no control group can be made here'
    const most = `server ${Math.round(peaks.server / MIB)} MiB, loader ${Math.round(peaks.loader / MIB)} MiB (${peaks.most})`
    return `${peaks.files} files of ${megabytes} MiB ${limits}, at most ${most}`
  }
  return Object.assign(round, { figure })
}

type Scene = Readonly<{
  machines: Machines
  file: HeavyFile
  bytes: number
  serverGroup: MemoryGroup
  loaderGroup: MemoryGroup
  peaks: Peaks
}>

/** Sends the heavy file and an honest one to a server that nobody loads for. */
async function sendAll({ machines, file, bytes, serverGroup, peaks }: Scene): Promise<Fault> {
  const outbox = join(machines.scraping, 'product_outbox')
  await mkdir(outbox, { recursive: true })
  await writeHeavyFile(join(outbox, 'a-heavy.jsonl'), file, bytes * (file.share ?? 1))
  await writeHeavyFile(join(outbox, 'b-honest.jsonl'), HONEST, 1)
  const key = await machines.key('upload')
  const started = startIn(serverGroup, machines, ['serve', '--port', '0', '--no-update-db'])
  const peak = watchPeak(started.child.pid!)
  try {
    const sent = await machines.upload(await listening(started), key, '--json')
    return sent.code === 0 ? undefined : `sending ended with ${sent.code}: ${sent.stdout}${sent.stderr}`
  } finally {
    peaks.server = Math.max(peaks.server, peak())
    started.child.kill('SIGTERM')
    await started.ended
  }
}

async function loadAll({ machines, file, loaderGroup, peaks }: Scene): Promise<Fault> {
  const started = startIn(loaderGroup, machines, ['update-db', '--products', '--force', '--json'])
  const peak = watchPeak(started.child.pid!)
  const tooLong = setTimeout(() => started.child.kill('SIGKILL'), LOAD_MS_MAX)
  const ended = await started.ended
  clearTimeout(tooLong)
  const bytes = peak()
  if (bytes > peaks.loader) Object.assign(peaks, { loader: bytes, most: file.name })
  return faultOfLoads(file, ended)
}

type FileRecord = Readonly<{ type: string; name?: string; state?: string }>

function faultOfLoads({ isRejected, isHeld }: HeavyFile, ended: Ended): Fault {
  const files = recordsIn<FileRecord>(ended).filter(({ type }) => type === 'file')
  const states = Object.fromEntries(files.map(({ name = '', state = '' }) => [name, state]))
  const expected = { 'a-heavy.jsonl': isRejected ? 'failed' : isHeld ? 'held' : 'loaded', 'b-honest.jsonl': 'loaded' }
  const isAsExpected = Object.entries(expected).every(([name, state]) => states[name] === state)
  if (isAsExpected) return undefined
  return `the loader ended with ${ended.code ?? ended.signal}, the files are ${JSON.stringify(states)}: ${ended.stderr.slice(-500)}`
}

const HONEST: HeavyFile = {
  name: 'an honest file',
  line: () =>
    JSON.stringify({
      product: { sku: '1', name: 'Bread', normalized_name_brand_size: 'bread', price_current: 2 },
      metadata: { company: 'honest', store_id: '1', scraped_date: '2026-06-29' },
    }),
}

function startIn(group: MemoryGroup, { path, dataManagement }: Machines, args: readonly string[]): Started {
  const [program, given] = group.entering([process.execPath, PROGRAM, ...args])
  const env = { ...withoutSettings(), DATA_MANAGEMENT_DATA_DIR: dataManagement, ...LIMITS }
  return startProgram(given, path, env, program)
}
