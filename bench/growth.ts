/**
 * How loading and looking change as the catalogue grows, from nothing to 2,000 stores and 10 million price runs.
 *
 * What 20 stores tell in 24 days is loaded as it always is. Then the stores are multiplied with all that belongs to them, in SQL, in
 * the same tables with the same indexes: to load so many files would take an hour. The scrapes that are timed are loaded as always.
 */
import { copyFile, mkdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { openCatalogue } from '@splitcart/data-management/catalogue/dialects/sqlite/catalogue.ts'
import { countChanges } from '@splitcart/data-management/catalogue/queries/count-changes.ts'
import { type LoadRequest, loadFile } from '@splitcart/data-management/update-db/load-file.ts'
import { type Plan, planOf } from '@splitcart/generator/plan.ts'
import { cachedLineWriter, scrapesOf } from '@splitcart/generator/scrapes.ts'
import { writeChunks } from '@splitcart/generator/write.ts'
import { median } from './compare.ts'
import { loadFiles, orderFor } from './loading.ts'
import { multiplyStores } from './multiply.ts'
import { QUERIES, serveTo, timeQueries } from './queries.ts'
import type { Report } from './report.ts'
import { openStage, quiet, type Stage } from './stage.ts'

const STORES = 20
const SEEN = planOf({ companies: 4, stores: STORES / 4, days: 25, products: 2600 })
// Behind the fifth chain they come again as other companies, with stores and listings of their own.
const UNSEEN = planOf({ companies: 9, stores: STORES / 4, days: 1, products: 2600 })
const TIMES = [1, 10, 100]
const ROUNDS = 3

type Files = Readonly<{ paths: readonly string[]; rows: number }>
type Row = [name: string, ...values: (number | null)[]]

/** Loads and asks at every size. */
export async function growth(): Promise<Report> {
  await using stage = await openStage()
  const folder = join(stage.machines.path, 'scrapes')
  const seen = await writeScrapes(join(folder, 'seen'), SEEN)
  const unseen = last(await writeScrapes(join(folder, 'unseen'), UNSEEN))
  const catalogue = join(stage.machines.path, 'catalogue.db')
  openCatalogue(catalogue)[Symbol.dispose]()
  const rows: Row[] = [
    ['nothing', 0, 0, await timeLoad(catalogue, unseen), null, null, null, ...QUERIES.map(() => null)],
  ]
  await loadFiles(
    catalogue,
    seen.slice(0, -STORES).flatMap(({ paths }) => paths),
  )
  for (const [step, times] of TIMES.entries()) {
    await multiply(catalogue, times / (TIMES[step - 1] ?? 1))
    rows.push(await measure(stage, catalogue, unseen, last(seen)))
  }
  const columns = [
    'million price runs',
    'MB',
    'µs a row, 20 new stores',
    'µs a row, next day of 20 stores',
    'undo : load, a new store',
    'undo : load, a next day',
  ]
  return { title: 'Growth', columns: [...columns, ...QUERIES.map((query) => `${query} p99 ms`)], rows }
}

function last(scrapes: readonly Files[]): Files {
  const latest = scrapes.slice(-STORES)
  return { paths: latest.flatMap(({ paths }) => paths), rows: latest.reduce((sum, { rows }) => sum + rows, 0) }
}

async function writeScrapes(folder: string, plan: Plan): Promise<Files[]> {
  await mkdir(folder, { recursive: true })
  const write = cachedLineWriter(plan)
  const written: Files[] = []
  for (const { store, day, fileName } of scrapesOf(plan)) {
    const path = join(folder, fileName)
    written.push({ paths: [path], rows: (await writeChunks(path, write(store, day))).rows })
  }
  return written
}

async function multiply(path: string, times: number): Promise<void> {
  using catalogue = openCatalogue(path)
  multiplyStores(catalogue.database, times)
  // Of the stores that were there, too.
  catalogue.database.script(
    'insert or replace into change_pending select company_id, store.id, min(date), 1 from store join scrape on store_id = store.id group by 2',
  )
  await countChanges(catalogue.database)
}

async function measure(stage: Stage, catalogue: string, unseen: Files, next: Files): Promise<Row> {
  const { stores, runs } = countsOf(catalogue)
  const { size } = await stat(catalogue)
  const times = [
    await timeLoad(catalogue, unseen),
    await timeLoad(catalogue, next),
    ...(await timeUndo(catalogue, unseen, next)),
  ]
  return [
    `${stores.toLocaleString('en')} stores`,
    runs / 1e6,
    size / 1e6,
    ...times,
    ...(await timeQueries(await serveTo(stage, catalogue), catalogue)),
  ]
}

function countsOf(path: string): { stores: number; runs: number } {
  using catalogue = openCatalogue(path)
  const sql = 'select (select count(*) from store) as stores, (select count(*) from price_run) as runs'
  return catalogue.database.get<{ stores: number; runs: number }>(sql)!
}

/** How many times as long as a load its undoing takes: of a store that is new, and of the next day of one that is there. */
async function timeUndo(catalogue: string, unseen: Files, next: Files): Promise<number[]> {
  const copy = `${catalogue}.copy`
  const ratios: number[] = []
  for (const path of [unseen.paths[0]!, next.paths[0]!]) {
    await copyFile(catalogue, copy)
    ratios.push(await undoByLoad(copy, await orderFor(path)))
    for (const ending of ['', '-wal', '-shm']) await rm(copy + ending, { force: true })
  }
  return ratios
}

async function undoByLoad(database: string, order: LoadRequest): Promise<number> {
  using catalogue = openCatalogue(database)
  const start = performance.now()
  await loadFile(catalogue, order)
  await catalogue.durable()
  const loaded = performance.now()
  await catalogue.undo(order.file.sha256, 'measured', 1)
  return (performance.now() - loaded) / (loaded - start)
}

/** The microseconds that a row takes, into a copy of a catalogue: the median of a few. */
async function timeLoad(catalogue: string, { paths, rows }: Files): Promise<number> {
  const copy = `${catalogue}.copy`
  const times: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    await copyFile(catalogue, copy)
    await quiet()
    const start = performance.now()
    await loadFiles(copy, paths)
    times.push(((performance.now() - start) * 1000) / rows)
    for (const ending of ['', '-wal', '-shm']) await rm(copy + ending, { force: true })
  }
  return median(times)
}
