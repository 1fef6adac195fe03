/**
 * An older version is replaced by this one while senders send and a loader loads real files: nothing is lost, and the catalogue is the one
 * that this version makes of the same files by itself. On SQLite and, by turns, on PostgreSQL.
 */
import { createHash } from 'node:crypto'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openPostgresCatalogue } from '@splitcart/data-management/catalogue/dialects/postgres/catalogue.ts'
import { openCatalogue } from '@splitcart/data-management/catalogue/dialects/sqlite/catalogue.ts'
import { catalogueDigest, catalogueLines } from '@splitcart/data-management/catalogue/digest.ts'
import type { Sql } from '@splitcart/data-management/database/sql.ts'
import { openSqlite } from '../packages/data-management/test/catalogues.ts'
import { loadWhole } from '../packages/data-management/test/history-case.ts'
import { Chance } from '../packages/data-management/test/random.ts'
import type { RealFile } from '../packages/data-management/test/real-files.ts'
import { freePorts } from '../test/free-ports.ts'
import {
  listening,
  type Machines,
  openMachines,
  PROGRAM,
  recordsIn,
  type Started,
  startProgram,
  until,
  withoutSettings,
} from '../test/machines.ts'
import { startCluster } from '../test/postgres.ts'
import type { Case, Fault } from './campaign.ts'
import { olderVersion } from './older-version.ts'

const LOADED_MS_MAX = 30 * 60_000
const OF_LABELS = new Set(['listing', 'label', 'label_run', 'listing_category', 'contested'])

/** Makes the case: of each round some files are sent to the older version, the others while it is replaced and afterwards. */
export async function upgrade(files: readonly RealFile[]): Promise<Case> {
  const older = await olderVersion('identity')
  const expected = await expectedOf(files)
  const figures: string[] = []
  const round = async (seed: number): Promise<Fault> => {
    await using machines = await openMachines()
    if (seed % 2 === 0) return await play({ machines, older: older.program, files, expected, seed }, figures)
    await using cluster = await startCluster()
    const database = await cluster.makeDatabase()
    return await play({ machines, older: older.program, files, expected, seed, database: database.address }, figures)
  }
  return Object.assign(round, { figure: () => figures.join('; '), close: async () => older[Symbol.asyncDispose]() })
}

type Scene = Readonly<{
  machines: Machines
  older: string
  files: readonly RealFile[]
  expected: Expected
  seed: number
  database?: string
}>

type Expected = Readonly<{ prices: string; whole: string }>

async function expectedOf(files: readonly RealFile[]): Promise<Expected> {
  await using catalogue = await openSqlite()
  for (const file of files) await loadWhole(catalogue, file)
  return { prices: await digestOfPrices(catalogue.database), whole: await catalogueDigest(catalogue.database) }
}

async function play(scene: Scene, figures: string[]): Promise<Fault> {
  const { machines, files, older, seed } = scene
  const chance = new Chance(seed)
  const settings = settingsOf(scene, (await freePorts(1))[0]!)
  await machines.makeServerData()
  const run = (program: string, ...args: string[]) => startProgram([program, ...args], machines.path, settings)
  const key = (await run(older, 'keys', 'create', 'a laptop', '--scope', 'upload,read').ended).stdout.trim()
  settings.API_SECRET_KEY = key
  const running = new Set(await begin(run, older))
  const sentBefore = Math.floor(files.length * (0.3 + 0.4 * chance.next()))
  const outbox = join(machines.scraping, 'product_outbox')
  await mkdir(outbox, { recursive: true })
  let isReplaced = false
  let sent = 0
  const sendAll = async () => {
    for (const [index, file] of chance.shuffled(files).entries()) {
      await put(outbox, file)
      // Machines at home are upgraded later.
      await run(index % 2 === 0 || !isReplaced ? older : PROGRAM, 'upload-data', '--quiet').ended
      sent = index + 1 - (await machines.names('scraping', 'product_outbox')).length
    }
  }
  try {
    const sending = sendAll()
    await until(async () => sent > sentBefore, 'some are sent', LOADED_MS_MAX)
    const sentToOlder = sent
    for (const each of running) await end(each, chance.is(0.5) ? 'SIGTERM' : 'SIGKILL')
    running.clear()
    isReplaced = true
    for (const each of await begin(run, PROGRAM)) running.add(each)
    await sending
    const fault = await faultIn(scene, run)
    figures.push(`${nameOf(scene)}: ${files.length} files, the older version was replaced after ${sentToOlder}`)
    return fault
  } finally {
    for (const each of running) await end(each, 'SIGTERM')
  }
}

function settingsOf({ machines, database }: Scene, port: number): NodeJS.ProcessEnv {
  return {
    ...withoutSettings(),
    SCRAPING_DATA_DIR: machines.scraping,
    DATA_MANAGEMENT_DATA_DIR: machines.dataManagement,
    OUTBOX_REST_SECONDS: '0',
    PORT: String(port),
    API_SERVER_URL: `http://127.0.0.1:${port}`,
    ...(database !== undefined && { DATABASE_URL: database }),
  }
}

type Run = (program: string, ...args: string[]) => Started

/** A server and a loader, as processes of their own. */
async function begin(run: Run, program: string): Promise<Started[]> {
  const server = await listening(run(program, 'serve', '--no-update-db'))
  return [server, run(program, 'update-db', '--products', '--watch', '--force', '--quiet')]
}

async function end({ child, ended }: Started, signal: NodeJS.Signals): Promise<void> {
  child.kill(signal)
  await ended
}

async function put(outbox: string, { name, bytes }: RealFile): Promise<void> {
  const part = join(outbox, `.${name}`)
  await writeFile(part, bytes)
  await rename(part, join(outbox, name.replace(/\.gz$/, '')))
}

async function faultIn(scene: Scene, run: Run): Promise<Fault> {
  const { machines, files, expected, database } = scene
  let states: Record<string, number> = {}
  const areLoaded = async () => {
    await run(PROGRAM, 'upload-data', '--quiet').ended
    const { stdout } = await run(PROGRAM, 'loads', 'list', '--json', '--limit', '500').ended
    const loads = recordsIn<{ state: string }>({ stdout })
    states = Object.fromEntries(
      Map.groupBy(loads, ({ state }) => state)
        .entries()
        .map(([state, of]) => [state, of.length]),
    )
    return (states.loaded ?? 0) >= files.length
  }
  const isDone = await until(areLoaded, 'all are loaded', LOADED_MS_MAX).then(
    () => true,
    () => false,
  )
  if (!isDone) return `of ${files.length} files these are loaded: ${JSON.stringify(states)}`
  const waiting = await machines.names('scraping', 'product_outbox')
  if (waiting.length > 0) return `still in the outbox: ${waiting}`
  await using catalogue =
    database === undefined
      ? openCatalogue(join(machines.dataManagement, 'catalogue.db'))
      : await openPostgresCatalogue(database)
  const prices = await digestOfPrices(catalogue.database)
  if (prices !== expected.prices) return `${nameOf(scene)}: the prices are not those of the files`
  // What the older version did not read of rows, and this one does.
  const { code, stdout, stderr } = await run(PROGRAM, 'loads', 'replay', '--older', '--json').ended
  if (code !== 0) return `loads replay --older ended with ${code}: ${stderr}`
  const [summary] = recordsIn<Replayed>({ stdout }).slice(-1)
  if (summary?.not_kept !== 0) return `loads replay --older says: ${JSON.stringify(summary)}`
  const isSame = (await catalogueDigest(catalogue.database)) === expected.whole
  return isSame ? undefined : `${nameOf(scene)}: the catalogue is another one, also after ${summary.replayed} replays`
}

type Replayed = Readonly<{ replayed: number; not_kept: number }>

/** What was shown where, when and for how much, and what is one product: without what is said of listings, of which a newer version reads more. */
async function digestOfPrices(database: Sql): Promise<string> {
  const hash = createHash('sha256')
  for await (const line of catalogueLines(database))
    if (!OF_LABELS.has(JSON.parse(line)[0])) hash.update(line).update('\n')
  return hash.digest('hex')
}

function nameOf({ database }: Scene): string {
  return database === undefined ? 'SQLite' : 'PostgreSQL'
}
