/**
 * Real files, each under the names of other stores, until there are as many stores as a chain has: what a row costs in the first tenth of
 * the files, and in the last, in the order of their dates and in any other.
 */
import { readFile, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Catalogue } from '@splitcart/data-management/catalogue/catalogue.ts'
import { openPostgresCatalogue } from '@splitcart/data-management/catalogue/dialects/postgres/catalogue.ts'
import { openCatalogue } from '@splitcart/data-management/catalogue/dialects/sqlite/catalogue.ts'
import { loadFile } from '@splitcart/data-management/update-db/load-file.ts'
import { ReaderClient } from '@splitcart/data-management/update-db/reader-client.ts'
import { hash } from '@splitcart/generator/random.ts'
import { digestOfFile } from '@splitcart/shared/digest.ts'
import { realDisk } from '@splitcart/shared/disk.ts'
import { temporaryFolder } from '../test/folders.ts'
import { startCluster } from '../test/postgres.ts'
import { median } from './compare.ts'
import { dateIn, realFiles } from './data.ts'
import { orderOf } from './loading.ts'
import type { Report } from './report.ts'

const STORES = 1260
const STORES_OF_REAL_FILES = 27
const TENTHS = 10
const OPTIONS = ['listen_addresses=', 'shared_buffers=1GB', 'max_wal_size=8GB', 'log_min_messages=warning']

/** A real file under the names of other stores. */
type Copy = Readonly<{ path: string; number: number }>

/** What a file took: of the clock, and of the processors in this process. */
type Taken = Readonly<{ sha256: string; rows: number; seconds: number; cpuSeconds: number }>

/** Loads them into SQLite, in both orders; undefined where there are no real files. */
export function realMany(stores = STORES): Promise<Report | undefined> {
  return loadedInBothOrders('SQLite', stores, inSqlite)
}

/** The same into PostgreSQL. */
export function realManyIntoPostgres(stores = STORES): Promise<Report | undefined> {
  return loadedInBothOrders('PostgreSQL', stores, inPostgres)
}

async function loadedInBothOrders(
  database: string,
  stores: number,
  load: (copies: readonly Copy[]) => Promise<number[]>,
): Promise<Report | undefined> {
  const files = await realFiles()
  if (files === undefined) return undefined
  const times = Math.ceil(stores / STORES_OF_REAL_FILES)
  const copies = Array.from({ length: times }, (_, number) => files.map((path) => ({ path, number }))).flat()
  return {
    title: `${database}: real files under the names of ${stores.toLocaleString('en')} stores, ${copies.length.toLocaleString('en')} files`,
    columns: [
      'rows',
      's',
      'rows/s',
      'µs a row, first tenth',
      'last tenth',
      'last : first',
      'CPU µs a row of ours, first tenth',
      'last tenth',
      'undo : load, CPU of ours, last tenth',
      'of any of them, at most',
    ],
    rows: [
      ['in the order of dates', ...(await load(byDate(copies)))],
      ['shuffled', ...(await load(byChance(copies)))],
    ],
  }
}

function byDate(copies: readonly Copy[]): Copy[] {
  return copies.toSorted((one, other) => (dateIn(one.path) < dateIn(other.path) ? -1 : 1))
}

function byChance(copies: readonly Copy[]): Copy[] {
  const keys = new Map(copies.map((copy, place) => [copy, hash(2, place)]))
  return copies.toSorted((one, other) => keys.get(one)! - keys.get(other)!)
}

async function inSqlite(copies: readonly Copy[]): Promise<number[]> {
  await using at = await temporaryFolder()
  using catalogue = openCatalogue(join(at.path, 'catalogue.db'))
  return await figuresOf(catalogue, copies, at.path)
}

async function inPostgres(copies: readonly Copy[]): Promise<number[]> {
  await using at = await temporaryFolder()
  await using cluster = await startCluster(OPTIONS)
  await using database = await cluster.makeDatabase()
  await using catalogue = await openPostgresCatalogue(database.address, { connections: 3 })
  return await figuresOf(catalogue, copies, at.path)
}

async function figuresOf(catalogue: Catalogue, copies: readonly Copy[], folder: string): Promise<number[]> {
  const taken: Taken[] = []
  await using reader = new ReaderClient()
  for (const copy of copies) {
    const path = join(folder, `${copy.number}-${basename(copy.path)}`)
    await writeCopy(copy, path)
    const { sha256 } = await digestOfFile(realDisk(), path)
    const order = orderOf(path, sha256)
    const [start, cpuBefore] = [performance.now(), cpuSeconds()]
    const { result } = await loadFile(catalogue, { ...order, reader })
    await catalogue.durable()
    const seconds = (performance.now() - start) / 1000
    taken.push({ sha256, rows: result.rows, seconds, cpuSeconds: cpuSeconds() - cpuBefore })
    await rm(path)
  }
  const [rows, seconds] = [sum(taken.map((each) => each.rows)), sum(taken.map((each) => each.seconds))]
  const tenth = Math.ceil(taken.length / TENTHS)
  const [first, last] = [taken.slice(0, tenth), taken.slice(-tenth)]
  const micros = [first, last].map((some) => median(some.map((each) => (each.seconds * 1e6) / each.rows)))
  const cpuMicros = [first, last].map(
    (some) => (sum(some.map((each) => each.cpuSeconds)) * 1e6) / sum(some.map((each) => each.rows)),
  )
  return [
    rows,
    seconds,
    rows / seconds,
    ...micros,
    micros[1]! / micros[0]!,
    ...cpuMicros,
    ...(await undoByLoad(catalogue, last)),
  ]
}

/** How many times as long as loading them undoing files takes, the last one first: all of them, and any of them at most. */
async function undoByLoad(catalogue: Catalogue, files: readonly Taken[]): Promise<[all: number, most: number]> {
  const undone: number[] = []
  for (const { sha256 } of files.toReversed()) {
    const before = cpuSeconds()
    await catalogue.undo(sha256, 'measured', 1)
    undone.push(cpuSeconds() - before)
  }
  const loaded = files.toReversed().map((each) => each.cpuSeconds)
  return [sum(undone) / sum(loaded), Math.max(...undone.map((seconds, place) => seconds / loaded[place]!))]
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

/** The text with other names of stores: what tells one store from another is its id, or its name where it has none. */
async function writeCopy({ path, number }: Copy, target: string): Promise<void> {
  const text = await readFile(path, 'latin1')
  const named = number === 0 ? text : text.replace(/("store_(?:id|name)": ?"[^"]*)"/g, `$1 ${number}"`)
  await writeFile(target, named, 'latin1')
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
