/** Loading the scrapes of a day into SQLite. */
import { createReadStream } from 'node:fs'
import { copyFile, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { openCatalogue } from '@splitcart/data-management/catalogue/dialects/sqlite/catalogue.ts'
import { readLines } from '@splitcart/shared/lines.ts'
import { temporaryFolder } from '../test/folders.ts'
import type { Comparison, Contestant, Facts } from './compare.ts'
import { DAYS_OF_80_STORES, daysOf, filesIn, realFiles, shuffled } from './data.ts'
import { loadFiles } from './loading.ts'
import { output } from './programs.ts'
import { factsInDuckdb, loadWithDuckdb, makeDuckdb } from './rivals/duckdb.ts'
import { quiet } from './stage.ts'

const READ_BYTES = 1024 * 1024
// It takes ten times as long as the others.
const ROUNDS_OF_SQLITE_UTILS = 3

/** The first scrapes of 80 stores that drift apart, into an empty catalogue. */
export async function firstLoad(): Promise<Comparison> {
  const [first = ''] = await daysOf(DAYS_OF_80_STORES)
  return loading('First load: a day of 80 generated stores with drift', [], await filesIn(first))
}

/** The scrapes of the next day, into a catalogue that has the first. */
export async function nextDayLoad(): Promise<Comparison> {
  const [first = '', second = ''] = await daysOf(DAYS_OF_80_STORES)
  return loading('Next day of the same 80 generated stores', await filesIn(first), await filesIn(second))
}

/** The real scrapes, into an empty catalogue, in the order of their dates. */
export async function realLoad(): Promise<Comparison | undefined> {
  const files = await realFiles()
  return files && loading('First load: real scrapes, in the order of their dates', [], files)
}

/** The same in any other order. */
export async function realLoadShuffled(): Promise<Comparison | undefined> {
  const files = await realFiles()
  return files && loading('First load: real scrapes, shuffled', [], shuffled(files))
}

/** The second date of real stores, scraped in the same way, into a catalogue that has the first: prices of 0.2 to 3.2 rows in 100 differ. */
export async function realNextDay(): Promise<Comparison | undefined> {
  const files = await realFiles()
  const [first, second] = ['2025-09-09', '2025-09-12'].map((date) => files?.filter((path) => path.includes(date)))
  return first && second && loading('A real next day', first, second)
}

/** The last date of real stores, into a catalogue that has all before: the scraper writes 40 keys in 100 otherwise than in theirs. */
export async function realNextVersion(): Promise<Comparison | undefined> {
  const files = await realFiles()
  const [last, before] = [/2025-09-2/, /2025-09-(09|1)/].map((date) => files?.filter((path) => date.test(path)))
  return last && before && loading('A real next day after another version of the scraper', before, last)
}

async function loading(title: string, before: readonly string[], files: readonly string[]): Promise<Comparison> {
  const at = await temporaryFolder()
  const rows = await rowsIn(files)
  return {
    title: `${title}, ${rows.toLocaleString('en')} rows`,
    amount: rows,
    unit: 'rows',
    contestants: [
      await ours(at.path, before, files),
      await viaDuckdb(at.path, before, files),
      await viaSqliteUtils(at.path, before, files),
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

async function viaDuckdb(folder: string, before: readonly string[], files: readonly string[]): Promise<Contestant> {
  const { database, prepare } = await fromCopy(folder, 'duckdb', async (path) => {
    await makeDuckdb(path)
    if (before.length > 0) await loadWithDuckdb(path, before)
  })
  return {
    name: 'DuckDB: read_ndjson with columns, products and prices upserted',
    prepare,
    run: () => loadWithDuckdb(database, files),
    facts: () => factsInDuckdb(database),
  }
}

async function viaSqliteUtils(
  folder: string,
  before: readonly string[],
  files: readonly string[],
): Promise<Contestant> {
  const insert = (database: string, from: readonly string[]) =>
    output('sh', [
      '-c',
      `to="$1"; shift; cat "$@" | sqlite-utils insert "$to" rows - --nl --alter`,
      'insert',
      database,
      ...from,
    ])
  const { database, prepare } = await fromCopy(folder, 'sqlite-utils.db', async (path) => {
    await using _ = await open(path, 'w')
    if (before.length > 0) await insert(path, before)
  })
  return {
    name: 'sqlite-utils insert --nl: rows as they are, nothing checked or compared',
    prepare,
    run: async () => void (await insert(database, files)),
    facts: async () => ({}),
    roundsMax: ROUNDS_OF_SQLITE_UTILS,
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
