/** Generated scrapes spread over several senders, and what the catalogue must hold when all of them have been loaded once. */
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openCatalogue } from '@splitcart/data-management/catalogue/dialects/sqlite/catalogue.ts'
import { catalogueDigest } from '@splitcart/data-management/catalogue/digest.ts'
import type { SqliteDatabase } from '@splitcart/data-management/database/sqlite.ts'
import { openLedger } from '@splitcart/data-management/ledger/ledger.ts'
import { loadFile } from '@splitcart/data-management/update-db/load-file.ts'
import { type CatalogueCounts, expectedCounts } from '@splitcart/generator/expected-counts.ts'
import { NO_DRIFT, type Plan, planOf } from '@splitcart/generator/plan.ts'
import { type GeneratedScrape, scrapesOf } from '@splitcart/generator/scrapes.ts'
import { writeScrape } from '@splitcart/generator/write.ts'
import { digestOfFile } from '@splitcart/shared/digest.ts'
import { realDisk } from '@splitcart/shared/disk.ts'
import { originalNameIn } from '@splitcart/shared/packed/kept-file.ts'
import type { Fault } from '../campaign.ts'

/** A file that is sent: which sender has it, its name and its SHA-256. */
export type Given = Readonly<{ folder: string; name: string; sha256: string; path: string }>

const OUTBOX = 'product_outbox'
const COMPANIES = 4
const DAYS = 5
// A dozen rows a file: what is tried here are deliveries, not loads.
const PRODUCTS = 12
const PUT_AWAY_MS_MAX = 10_000
const LOOK_EVERY_MS = 50

/** A plan of about so many files. */
export function planOfFiles(files: number, seed: number): Plan {
  const stores = Math.max(1, Math.round(files / COMPANIES / DAYS))
  return planOf({ seed, companies: COMPANIES, stores, days: DAYS, products: PRODUCTS, drift: NO_DRIFT })
}

/** Writes the scrapes of a plan into the outboxes below these folders (or another place there), one after the other in turn. */
export async function writeOutboxes(plan: Plan, folders: readonly string[], place = OUTBOX): Promise<Given[]> {
  for (const folder of folders) await mkdir(join(folder, place), { recursive: true })
  const given: Given[] = []
  for (const scrape of scrapesOf(plan))
    given.push(await writeOne(plan, scrape, folders[given.length % folders.length]!, place))
  return given
}

async function writeOne(plan: Plan, { store, day, fileName: name }: GeneratedScrape, folder: string, place: string) {
  const path = join(folder, place, name)
  await writeScrape(path, plan, store, day)
  return { folder, name, path, sha256: (await digestOfFile(realDisk(), path)).sha256 }
}

/** The outbox of a sender. */
export function outboxOf(folder: string): string {
  return join(folder, OUTBOX)
}

/** The digest of a catalogue into which the scrapes of a plan were loaded one after the other, undisturbed. */
export async function digestOfPlan(given: readonly Given[]): Promise<string> {
  using catalogue = openCatalogue(':memory:')
  for (const { path, name: filename, sha256 } of given) {
    const bytes = await readFile(path)
    const order = { lineBytesMax: 1024 * 1024, hold: undefined, now: () => 1 }
    const file = { sha256, filename, receivedAt: 1 }
    await loadFile(catalogue, {
      ...order,
      file,
      bytes: async function* () {
        yield bytes
      },
    })
  }
  return await catalogueDigest(catalogue.database)
}

/** What is to be found at the end. */
export type Expected = Readonly<{ plan: Plan; given: readonly Given[]; digest: string }>

/** Looks at everything both machines hold, and says what is not as it must be. */
export async function faultIn(dataManagement: string, { plan, given, digest }: Expected): Promise<Fault> {
  using catalogue = openCatalogue(join(dataManagement, 'catalogue.db'))
  const figures = figuresIn(catalogue.database)
  const wanted = expectedCounts(plan)
  if (JSON.stringify(figures) !== JSON.stringify(wanted))
    return `the catalogue has ${JSON.stringify(figures)} instead of ${JSON.stringify(wanted)}`
  if ((await catalogueDigest(catalogue.database)) !== digest)
    return 'the digest differs from that of an undisturbed load'
  if (catalogue.database.get('pragma integrity_check')?.integrity_check !== 'ok') return 'integrity_check fails'
  for (const { sha256, name } of given) {
    const state = (await catalogue.findLoad(sha256))?.state
    if (state !== 'loaded') return `${name} is ${state ?? 'not known to the catalogue'}`
  }
  return (await faultOfServer(dataManagement, given)) ?? (await faultOfSenders(given))
}

async function faultOfServer(dataManagement: string, given: readonly Given[]): Promise<Fault> {
  const inbox = await leftInInbox(join(dataManagement, 'product_inbox'))
  if (inbox.length > 0) return `in the inbox: ${inbox}`
  const names = await readdir(join(dataManagement, 'product_processed'))
  const processed = new Set(names.flatMap((name) => originalNameIn(name) ?? []))
  if (processed.size !== given.length) return `${processed.size} of ${given.length} files are processed`
  await using ledger = openLedger(dataManagement)
  const { loaded, ...others } = await ledger.uploads.countByState()
  if (loaded === given.length && Object.values(others).every((count) => count === 0)) return undefined
  return `the ledger has ${loaded} loaded uploads and ${JSON.stringify(others)}`
}

// The ledger, and so the sender, knows of a load before its file is put away: that takes a few syncs of the disk more.
async function leftInInbox(inbox: string): Promise<string[]> {
  const end = performance.now() + PUT_AWAY_MS_MAX
  for (;;) {
    // Of a resumed upload its note stays for a while, for a sender that has not heard of its end.
    const all = await readdir(inbox, { recursive: true })
    const left = all.filter((name) => name !== '.part' && !name.startsWith('.resumable'))
    if (left.length === 0 || performance.now() > end) return left
    await sleep(LOOK_EVERY_MS)
  }
}

async function faultOfSenders(given: readonly Given[]): Promise<Fault> {
  for (const { folder, name, sha256 } of given) {
    const archive = join(folder, 'temp_jsonl_product_storage')
    const receipt = JSON.parse(await readFile(join(archive, name.replace(/\.jsonl$/, '.receipt.json')), 'utf8'))
    if (receipt.sha256 !== sha256 || receipt.state !== 'loaded') return `the receipt of ${name} says ${receipt.state}`
    if ((await digestOfFile(realDisk(), join(archive, name))).sha256 !== sha256)
      return `${name} is damaged in the archive`
  }
  for (const folder of new Set(given.map((each) => each.folder))) {
    const left = (await readdir(outboxOf(folder), { recursive: true })).filter((name) => !KEPT.has(name))
    if (left.length > 0) return `in the outbox of ${folder}: ${left}`
  }
  return undefined
}

const KEPT = new Set([
  '.lock',
  '.part',
  '.spool',
  ...['last-run.json', 'server-history.json'].map((each) => join('.spool', each)),
])

function figuresIn(database: SqliteDatabase): CatalogueCounts {
  const count = (sql: string) => database.get<{ count: number }>(`select ${sql} as count`)!.count
  return {
    companies: count('(select count(*) from company)'),
    stores: count('(select count(*) from store)'),
    scrapes: count('(select count(*) from scrape)'),
    listings: count('(select count(*) from listing)'),
    products: count('(select count(*) from listing where product_id = id)'),
    observations: count('(select sum(listings) from scrape)'),
  }
}

/** How many uploads reached the server more than once, and how often one did at most. */
export async function deliveriesIn(dataManagement: string): Promise<{ repeated: number; timesMax: number }> {
  using catalogue = openCatalogue(join(dataManagement, 'catalogue.db'))
  catalogue.database.run('attach ? as ledger', join(dataManagement, 'ledger.db'))
  const sql = `select count(*) filter (where times > 1) as repeated, max(times) as timesMax
    from (select sum(times) as times from ledger.delivery group by upload_id)`
  return catalogue.database.get<{ repeated: number; timesMax: number }>(sql)!
}
