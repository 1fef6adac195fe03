/** Loading the scrapes of a day into PostgreSQL: by one loader, by two, and what a plain COPY of the same rows takes. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { openPostgresCatalogue } from '@splitcart/data-management/catalogue/dialects/postgres/catalogue.ts'
import { copyLine } from '@splitcart/data-management/database/postgres-copy.ts'
import { digestOfFile } from '@splitcart/shared/digest.ts'
import { realDisk } from '@splitcart/shared/disk.ts'
import { isRejection, readRow } from '@splitcart/shared/row.ts'
import pg from 'pg'
import { from } from 'pg-copy-streams'
import { temporaryFolder } from '../test/folders.ts'
import { startCluster, type TestDatabase } from '../test/postgres.ts'
import type { Comparison, Contestant } from './compare.ts'
import { DAYS_OF_80_STORES, daysOf, filesIn, realFiles, shuffled } from './data.ts'
import { quiet } from './stage.ts'

// As a server of its own would have it, on a machine of this size; every commit is synced.
const OPTIONS = ['listen_addresses=', 'shared_buffers=1GB', 'max_wal_size=8GB', 'log_min_messages=warning']
const LOADER = join(import.meta.dirname, 'postgres-loader.ts')
const COLUMNS = `company text, store text, date text, sku text, key text, name text, brand text, barcode text, size text, url text,
  image_url text, categories text, price_cents integer, was_price_cents integer, is_on_special boolean, is_available boolean`

/** The first scrapes of 80 stores that drift apart, into an empty catalogue. */
export async function firstLoadIntoPostgres(): Promise<Comparison> {
  const [first = ''] = await daysOf(DAYS_OF_80_STORES)
  return loading('First load into PostgreSQL: a day of 80 generated stores with drift', [], await filesIn(first))
}

/** The real scrapes, into an empty catalogue, in the order of their dates. */
export async function realLoadIntoPostgres(): Promise<Comparison | undefined> {
  const files = await realFiles()
  return files && loading('First load into PostgreSQL: real scrapes, in the order of their dates', [], files)
}

/** The same in any other order. */
export async function realShuffledIntoPostgres(): Promise<Comparison | undefined> {
  const files = await realFiles()
  return files && loading('First load into PostgreSQL: real scrapes, shuffled', [], shuffled(files))
}

/** The last date of real stores, into a catalogue that has all before. */
export async function realNextIntoPostgres(): Promise<Comparison | undefined> {
  const files = await realFiles()
  const [last, before] = [/2025-09-2/, /2025-09-(09|1)/].map((date) => files?.filter((path) => date.test(path)))
  return last && before && loading('A real next day, into PostgreSQL', before, last)
}

async function loading(title: string, before: readonly string[], files: readonly string[]): Promise<Comparison> {
  const stack = new AsyncDisposableStack()
  const at = stack.use(await temporaryFolder())
  const cluster = stack.use(await startCluster(OPTIONS))
  const rows = await writeRows(files, join(at.path, 'rows'))
  const [digested, digestedBefore] = [await withDigests(files), await withDigests(before)]
  const byLoaders = (name: string, count: number) =>
    loadedBy({ name, count, before: digestedBefore, files: digested }, cluster.makeDatabase)
  return {
    title: `${title}, ${rows.toLocaleString('en')} rows`,
    amount: rows,
    unit: 'rows',
    contestants: [
      byLoaders('splitcart: one loader', 1),
      byLoaders('splitcart: two loaders, each with half of the files', 2),
      copied(join(at.path, 'rows'), cluster.makeDatabase),
    ],
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

type Loaders = Readonly<{ name: string; count: number; before: readonly string[]; files: readonly string[] }>

function loadedBy({ name, count, before, files }: Loaders, makeDatabase: () => Promise<TestDatabase>): Contestant {
  let database: TestDatabase | undefined
  let loaders: Loader[] = []
  return {
    name,
    prepare: async () => {
      database = await makeDatabase()
      await (await startLoader(database.address, before)).load()
      const share = Math.ceil(files.length / count)
      const shares = Array.from({ length: count }, (_, loader) => files.slice(loader * share, (loader + 1) * share))
      loaders = await Promise.all(shares.map((paths) => startLoader(database!.address, paths)))
      await quiet()
    },
    run: async () => void (await Promise.all(loaders.map((loader) => loader.load()))),
    facts: async () => {
      const { address } = database!
      await using _ = database!
      await using catalogue = await openPostgresCatalogue(address)
      const sql = `select (select count(*) from listing) as listings, (select count(*) from price_run) as runs,
        (select sum(listings) from scrape) as prices`
      return { ...(await catalogue.database.get<Record<string, number>>(sql)) }
    },
  }
}

type Loader = Readonly<{ load: () => Promise<void> }>

/** Starts a loader, which waits until it is told to load. */
async function startLoader(address: string, files: readonly string[]): Promise<Loader> {
  const child = spawn(process.execPath, [LOADER, address, ...files], { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = once(child, 'close')
  await Promise.race([once(child.stdout, 'data'), ended])
  const load = async () => {
    child.stdin.end()
    const [code] = await ended
    if (code !== 0) throw new Error(`a loader ended with ${code}`)
  }
  return { load }
}

/** The files as the loader wants them: SHA256:FILE. */
async function withDigests(files: readonly string[]): Promise<string[]> {
  const digests = await Promise.all(files.map((path) => digestOfFile(realDisk(), path)))
  return files.map((path, index) => `${digests[index]!.sha256}:${path}`)
}

function copied(rows: string, makeDatabase: () => Promise<TestDatabase>): Contestant {
  let database: TestDatabase | undefined
  return {
    name: 'floor: COPY of the same rows, read before, into a table without an index',
    prepare: async () => {
      database = await makeDatabase()
      await ask(database.address, (client) => client.query(`create table rows (${COLUMNS})`))
      await quiet()
    },
    run: () =>
      ask(database!.address, (client) => pipeline(createReadStream(rows), client.query(from('copy rows from stdin')))),
    facts: async () => {
      await database![Symbol.asyncDispose]()
      return {}
    },
  }
}

async function ask(address: string, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: address })
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}

/** Writes the rows of files as COPY wants them; returns how many there are. */
async function writeRows(files: readonly string[], path: string): Promise<number> {
  const lines: string[] = []
  for (const file of files)
    for (const line of (await readFile(file, 'utf8')).split('\n')) {
      const row = readRow(Buffer.from(line))
      if (isRejection(row)) continue
      const { company, storeCode, date, sku, key, name, brand, barcode, size, url, imageUrl, categoryPath } = row
      const texts = [company, storeCode, date, sku, key, name, brand, barcode, size, url, imageUrl]
      const terms = [row.priceCents, row.wasPriceCents, flag(row.isOnSpecial), flag(row.isAvailable)]
      lines.push(copyLine([...texts, categoryPath.join(' / '), ...terms]))
    }
  await writeFile(path, lines.join(''))
  return lines.length
}

function flag(value: boolean | null): string | null {
  return value === null ? null : String(value)
}
