/** Loading scrapes into SQLite, against the floor of the runtime: parsing every line as JSON, and nothing else. */
import { copyFile, open } from 'node:fs/promises'
import { join } from 'node:path'
import { openCatalogue } from '@splitcart/data-management/catalogue/catalogue.ts'
import { loadFile } from '@splitcart/data-management/update-db/load-file.ts'
import { planOf } from '@splitcart/scraping/generator/plan.ts'
import { scrapesOf, scribe } from '@splitcart/scraping/generator/scrapes.ts'
import { LINE_BYTES_MAX, readLines } from '@splitcart/shared/lines.ts'
import { temporaryFolder } from '../test/folders.ts'
import type { Benchmark } from './compare.ts'

const PLAN = planOf({ companies: 2, stores: 10, days: 2, products: 2600 })
const READ_BYTES = 1024 * 1024

/** The first scrape of 20 stores, about 52,000 rows, into an empty catalogue. */
export function firstLoad(): Promise<Benchmark> {
  return loading('First load, 20 stores', 0)
}

/** The scrape of the next day into a catalogue that has the first: about 3 rows in 100 differ. */
export function nextDayLoad(): Promise<Benchmark> {
  return loading('Load of the next day, 20 stores', 1)
}

async function loading(title: string, day: number): Promise<Benchmark> {
  const at = await temporaryFolder()
  const files = await Promise.all([0, 1].map((each) => writeDay(join(at.path, `day${each}.jsonl`), each)))
  const before = join(at.path, 'before.db')
  {
    using catalogue = openCatalogue(before)
    for (const path of files.slice(0, day)) await load(catalogue, path)
    catalogue.database.script('pragma wal_checkpoint(truncate)')
  }
  let run = 0
  const ours = {
    name: 'splitcart',
    prepare: () => copyFile(before, join(at.path, `run${++run}.db`)),
    run: () => loadInto(join(at.path, `run${run}.db`), files[day]!),
  }
  const floor = { name: 'JSON.parse of every line', run: () => parseOnly(files[day]!) }
  const amount = Number(await floor.run())
  return {
    title,
    amount,
    unit: 'rows',
    contestants: [ours, floor],
    [Symbol.asyncDispose]: () => at[Symbol.asyncDispose](),
  }
}

async function loadInto(database: string, path: string): Promise<string> {
  using catalogue = openCatalogue(database)
  return String((await load(catalogue, path)).result.rows)
}

function load(catalogue: ReturnType<typeof openCatalogue>, path: string) {
  const file = { sha256: path, filename: path, receivedAt: 0 }
  return loadFile(catalogue, {
    file,
    bytes: () => bytesOf(path),
    lineBytesMax: LINE_BYTES_MAX,
    hold: undefined,
    now: Date.now,
  })
}

async function parseOnly(path: string): Promise<string> {
  let rows = 0
  for await (const lines of readLines(bytesOf(path)))
    for (const { bytes } of lines) {
      JSON.parse(bytes.toString())
      rows++
    }
  return String(rows)
}

async function writeDay(path: string, day: number): Promise<string> {
  const write = scribe(PLAN)
  await using file = await open(path, 'w')
  for (const scrape of scrapesOf(PLAN))
    if (scrape.day === day) for (const chunk of write(scrape.store, day)) await file.appendFile(chunk)
  return path
}

async function* bytesOf(path: string): AsyncGenerator<Buffer> {
  await using file = await open(path)
  const buffer = Buffer.allocUnsafe(READ_BYTES)
  for (;;) {
    const { bytesRead } = await file.read(buffer, 0, READ_BYTES, null)
    if (bytesRead === 0) return
    yield buffer.subarray(0, bytesRead)
  }
}
