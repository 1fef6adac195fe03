/** Loading the scrapes of a day into SQLite. */
import { createReadStream } from 'node:fs'
import { copyFile, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { openCatalogue } from '@splitcart/data-management/catalogue/dialects/sqlite/catalogue.ts'
import { bytesOf, type Stored } from '@splitcart/data-management/inbox/stored.ts'
import { type LoadOrder, loadFile } from '@splitcart/data-management/update-db/load-file.ts'
import { ThreadReader } from '@splitcart/data-management/update-db/thread-reader.ts'
import { digestOfFile } from '@splitcart/shared/digest.ts'
import { realDisk } from '@splitcart/shared/disk.ts'
import { LINE_BYTES_MAX, readLines } from '@splitcart/shared/lines.ts'
import { temporaryFolder } from '../test/folders.ts'
import type { Comparison, Contestant, Facts } from './compare.ts'
import { DAY_OF_80_STORES, daysOf, filesIn, realFiles } from './data.ts'
import { output } from './programs.ts'
import { factsInDuckdb, loadWithDuckdb, makeDuckdb } from './rivals/duckdb.ts'
import { quiet } from './stage.ts'

const DISK = realDisk()
const READ_BYTES = 1024 * 1024
// It takes ten times as long as the others.
const ROUNDS_OF_SQLITE_UTILS = 3

/** The first scrapes of 80 stores, into an empty catalogue. */
export async function firstLoad(): Promise<Comparison> {
  const [first = ''] = await daysOf(DAY_OF_80_STORES)
  return loading('First load: a day of 80 stores', [], first)
}

/** The scrapes of the next day, into a catalogue that has the first: about 3 rows in 100 differ. */
export async function nextDayLoad(): Promise<Comparison> {
  const [first = '', second = ''] = await daysOf(DAY_OF_80_STORES)
  return loading('Next day of the same 80 stores', [first], second)
}

/** The real scrapes, into an empty catalogue. */
export async function realLoad(): Promise<Comparison | undefined> {
  const folder = await realFiles()
  return folder === undefined ? undefined : loading('First load: real scrapes', [], folder)
}

async function loading(title: string, before: readonly string[], folder: string): Promise<Comparison> {
  const at = await temporaryFolder()
  const files = await filesIn(folder)
  const earlier = await Promise.all(before.map(filesIn))
  const rows = await rowsIn(files)
  return {
    title: `${title}, ${rows.toLocaleString('en')} rows`,
    amount: rows,
    unit: 'rows',
    contestants: [
      await ours(at.path, earlier.flat(), files),
      await viaDuckdb(at.path, before, folder),
      await viaSqliteUtils(at.path, before, folder),
      { name: 'floor: JSON.parse of every line', run: () => parseOnly(files), facts: async () => ({}) },
    ],
    [Symbol.asyncDispose]: () => at[Symbol.asyncDispose](),
  }
}

/** Begins each run with a copy of a database, or with none. */
async function fromCopy(folder: string, name: string, fill: (database: string) => Promise<void>) {
  const [before, database] = [join(folder, `${name}-before`), join(folder, name)]
  await fill(before)
  const prepare = async () => {
    for (const ending of ['', '-wal', '-shm', '.wal']) await rm(`${database}${ending}`, { force: true })
    await copyFile(before, database)
    await quiet()
  }
  return { database, prepare }
}

async function ours(folder: string, before: readonly string[], files: readonly string[]): Promise<Contestant> {
  const { database, prepare } = await fromCopy(folder, 'splitcart.db', (path) => loadFiles(path, before))
  return {
    name: 'splitcart: each file in a transaction of its own',
    prepare,
    run: () => loadFiles(database, files),
    facts: async () => factsIn(database),
  }
}

async function viaDuckdb(folder: string, before: readonly string[], files: string): Promise<Contestant> {
  const { database, prepare } = await fromCopy(folder, 'duckdb', async (path) => {
    await makeDuckdb(path)
    for (const each of before) await loadWithDuckdb(path, join(each, '*.jsonl'))
  })
  return {
    name: 'DuckDB: read_ndjson with columns, products and prices upserted',
    prepare,
    run: () => loadWithDuckdb(database, join(files, '*.jsonl')),
    facts: () => factsInDuckdb(database),
  }
}

async function viaSqliteUtils(folder: string, before: readonly string[], files: string): Promise<Contestant> {
  const insert = (database: string, from: string) =>
    output('sh', ['-c', `cat "$1"/*.jsonl | sqlite-utils insert "$2" rows - --nl`, 'insert', from, database])
  const { database, prepare } = await fromCopy(folder, 'sqlite-utils.db', async (path) => {
    await using _ = await open(path, 'w')
    for (const each of before) await insert(path, each)
  })
  return {
    name: 'sqlite-utils insert --nl: rows as they are, nothing checked or compared',
    prepare,
    run: async () => void (await insert(database, files)),
    facts: async () => ({}),
    roundsMax: ROUNDS_OF_SQLITE_UTILS,
  }
}

/** Loads files one after the other as `update-db` does: a thread reads them, one file ahead, and checks their digests. */
export async function loadFiles(database: string, files: readonly string[]): Promise<void> {
  const orders = await Promise.all(files.map(orderFor))
  using catalogue = openCatalogue(database)
  await using reader = new ThreadReader()
  for (const [index, order] of orders.entries()) {
    reader.expect(order)
    if (index + 1 < orders.length) reader.expect(orders[index + 1]!)
    await loadFile(catalogue, { ...order, reader })
  }
}

// The server has computed them when the files came.
const digests = new Map<string, Promise<string>>()

export async function orderFor(path: string): Promise<LoadOrder> {
  if (!digests.has(path))
    digests.set(
      path,
      digestOfFile(DISK, path).then((digest) => digest.sha256),
    )
  const sha256 = await digests.get(path)!
  const stored: Stored = { path, sha256, isCompressed: false, place: 'inbox' }
  return {
    file: { sha256, filename: path, receivedAt: 0 },
    stored,
    bytes: () => bytesOf(DISK, stored),
    lineBytesMax: LINE_BYTES_MAX,
    hold: undefined,
    now: Date.now,
  }
}

function factsIn(database: string): Facts {
  using catalogue = openCatalogue(database)
  const sql = 'select (select count(*) from listing) as listings, (select sum(listings) from scrape) as prices'
  return { ...catalogue.database.get<Record<string, number>>(sql) }
}

async function parseOnly(files: readonly string[]): Promise<void> {
  for (const path of files)
    for await (const lines of readLines(createReadStream(path, { highWaterMark: READ_BYTES })))
      for (const { bytes } of lines) JSON.parse(bytes.toString())
}

async function rowsIn(files: readonly string[]): Promise<number> {
  let rows = 0
  for (const path of files)
    for await (const lines of readLines(createReadStream(path, { highWaterMark: READ_BYTES }))) rows += lines.length
  return rows
}
