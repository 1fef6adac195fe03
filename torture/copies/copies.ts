/**
 * Files copied straight into the outbox in pieces, with pauses, while `upload-data --watch` runs and is killed now and then: every row
 * must be in the catalogue at the end, once, and the archive must hold every file as it was meant, beside parts that were sent early.
 */
import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isLocked } from '@splitcart/shared/lock.ts'
import { Chance } from '../../packages/data-management/test/random.ts'
import { type Machines, openMachines, recordsIn, type Started, until } from '../../test/machines.ts'
import type { Case, Fault, Options } from '../campaign.ts'
import { copy, copyByLink, MANNERS, piecesOf } from './copier.ts'

const ROWS_MAX = 60
const COPIED_AT_ONCE = 12
// No more: on a machine that needs longer for a file than the kills leave it, nothing would ever arrive.
const KILLS_PER_FILE_MAX = 2
const DATE = '2026-07-01'

type File = Readonly<{ name: string; text: Buffer; skus: readonly string[] }>

/** What happened in a round. */
type Sum = { files: number; rows: number; kills: number; early: number; late: number; returned: number }

/** Makes the case: so many files, pauses of up to so long, a kill about every so many milliseconds. */
export function copies({ files = 100, pausems = 10_000, killms = 12_000, rest = 2 }: Options): Case {
  const sum: Sum = { files: 0, rows: 0, kills: 0, early: 0, late: 0, returned: 0 }
  const round = async (seed: number): Promise<Fault> => {
    await using machines = await openMachines()
    const chance = new Chance(seed)
    const given = Array.from({ length: files }, (_, index) => fileOf(index, chance))
    const server = await machines.serve([], { HOLD_ROWS_MIN: '1000000' })
    const settings = { API_SERVER_URL: server.url, API_SECRET_KEY: await machines.key('upload,read') }
    const own = { ...settings, OUTBOX_REST_SECONDS: String(rest), UPLOAD_WATCH_SECONDS: '1' }
    const watch = () => machines.start(['upload-data', '--watch', '--json'], own)
    const isAtWork = () => isLocked(join(machines.scraping, 'product_outbox', '.lock'))
    const killsMax = KILLS_PER_FILE_MAX * files
    await using killed = killing(watch, { chance, killms, killsMax, isAtWork })
    const late = await copyAll(machines, given, { chance, pausems })
    await until(() => isQuiet(machines, given), 'all is loaded', 120_000)
    sum.kills += await killed.end()
    add(sum, given, killed.printed())
    sum.late += late
    // Each part that was taken for the whole is a file of the archive.
    sum.early += (await archivedIn(machines.scraping)).size - given.length
    if (late === 0) return 'nothing was written into a file that had been sent: the way back was not tried'
    return (await faultOfRows(machines, given)) ?? (await faultOfArchive(machines))
  }
  const figure = () =>
    `${sum.files} files of ${sum.rows} rows in pieces, ${sum.kills} kills of the watch, ` +
    `${sum.early} parts of files sent before the whole, ${sum.late} pieces written into files that were archived, ` +
    `${sum.returned} of these seen to go back to the outbox`
  return Object.assign(round, { figure })
}

/** A file with rows that no other has. */
function fileOf(index: number, chance: Chance): File {
  const skus = Array.from({ length: chance.between(2, ROWS_MAX) }, (_, row) => `f${index}r${row}`)
  const lines = skus.map((sku, row) => {
    const product = {
      sku,
      name: `Milk ${sku}`,
      normalized_name_brand_size: sku,
      price_current: 1 + ((index + 5 * row) % 37),
    }
    const metadata = { company: `shop${index}`, store_id: 'S1', store_name: `Store ${index}`, scraped_date: DATE }
    return `${JSON.stringify({ product, metadata })}\n`
  })
  return { name: `aldi-s${index}-${DATE}.jsonl`, text: Buffer.from(lines.join('')), skus }
}

/** Copies all, several at once. Returns how many pieces were written into a file that had been sent. */
async function copyAll(
  { scraping }: Machines,
  given: readonly File[],
  { chance, pausems }: Readonly<{ chance: Chance; pausems: number }>,
): Promise<number> {
  const outbox = join(scraping, 'product_outbox')
  const own = join(scraping, 'folder-of-a-program')
  for (const folder of [outbox, own]) await mkdir(folder, { recursive: true, mode: 0o700 })
  const queue = given.entries()
  let late = 0
  const lane = async () => {
    for (const [index, { name, text }] of queue) {
      const pause = () => chance.between(0, pausems)
      const manner = MANNERS[index % MANNERS.length]!
      const pieces = piecesOf(text, chance)
      if (manner === 'links') late += await copyByLink(join(outbox, name), join(own, name), pieces, pause)
      else await copy(join(outbox, name), pieces, { manner, pause })
    }
  }
  await Promise.all(Array.from({ length: COPIED_AT_ONCE }, lane))
  return late
}

type Killing = Readonly<{ chance: Chance; killms: number; killsMax: number; isAtWork: () => boolean }>

/** A watch that is killed at random and started again, until it is to end. Its time begins when it is at work, however long it takes to start. */
function killing(watch: () => Started, { chance, killms, killsMax, isAtWork }: Killing) {
  const stop = new AbortController()
  const before: string[] = []
  let now = watch()
  let kills = 0
  const running = (async () => {
    while (kills < killsMax) {
      await until(() => isAtWork() || stop.signal.aborted, 'the watch is at work')
      await sleep(chance.between(1, 2 * killms), undefined, { signal: stop.signal }).catch(() => {})
      if (stop.signal.aborted) return
      now.child.kill('SIGKILL')
      await now.ended
      kills++
      before.push(now.printed())
      now = watch()
    }
  })()
  const end = async () => {
    stop.abort()
    await running
    now.child.kill('SIGTERM')
    await now.ended
    return kills
  }
  return { printed: () => before.join('') + now.printed(), end, [Symbol.asyncDispose]: async () => void (await end()) }
}

/** Whether the outbox is empty, and each file is in the archive as it is, and loaded. */
async function isQuiet({ scraping }: Machines, given: readonly File[]): Promise<boolean> {
  await sleep(200)
  const outbox = await readdir(join(scraping, 'product_outbox'))
  if (outbox.some((name) => !name.startsWith('.'))) return false
  const archived = await archivedIn(scraping)
  return given.every(({ text }) => archived.get(digest(text)) === 'loaded')
}

/** The state of every file of the archive, by the digest of what it holds. */
async function archivedIn(scraping: string): Promise<Map<string, string>> {
  const archive = join(scraping, 'temp_jsonl_product_storage')
  const states = new Map<string, string>()
  for (const name of (await readdir(archive)).filter((each) => /(?<!\.rejects)\.jsonl$/.test(each))) {
    const note = await readFile(join(archive, name.replace(/jsonl$/, 'receipt.json')), 'utf8').catch(() => '{}')
    const bytes = await readFile(join(archive, name)).catch(() => Buffer.alloc(0))
    const { state, sha256 } = JSON.parse(note)
    states.set(digest(bytes), sha256 === digest(bytes) ? state : 'of other bytes')
  }
  return states
}

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

async function faultOfRows(machines: Machines, given: readonly File[]): Promise<Fault> {
  const exported = recordsIn<{ sku: string }>(await machines.run(['export', 'observations']))
  const times = new Map<string, number>()
  for (const { sku } of exported) times.set(sku, (times.get(sku) ?? 0) + 1)
  const all = given.flatMap(({ skus }) => skus)
  const missing = all.filter((sku) => !times.has(sku))
  if (missing.length > 0) return `${missing.length} of ${all.length} rows are missing, such as ${missing[0]}`
  const double = [...times].find(([, number]) => number > 1)
  if (double !== undefined) return `the row ${double[0]} is there ${double[1]} times`
  return times.size === all.length ? undefined : `${times.size - all.length} rows are there that nobody wrote`
}

/** No file of the archive is other bytes than its receipt says. That each is there whole was waited for. */
async function faultOfArchive({ scraping }: Machines): Promise<Fault> {
  const states = [...(await archivedIn(scraping)).values()]
  return states.includes('of other bytes') ? 'a file of the archive is not what its receipt says' : undefined
}

function add(sum: Sum, given: readonly File[], printed: string): void {
  const stdout = printed
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .join('\n')
  const events = recordsIn<{ state?: string }>({ stdout })
  sum.files += given.length
  sum.rows += given.reduce((rows, { skus }) => rows + skus.length, 0)
  sum.returned += events.filter(({ state }) => state === 'returned').length
}
