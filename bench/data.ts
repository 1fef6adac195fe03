/** The data of the benchmarks: generated once, the same on every machine, and kept in bench/.data; and real ones where they are. */
import { createReadStream, createWriteStream, existsSync } from 'node:fs'
import { appendFile, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { MEASURED_DRIFT, type Plan, planOf } from '@splitcart/generator/plan.ts'
import { hash } from '@splitcart/generator/random.ts'
import { cachedLineWriter, scrapesOf } from '@splitcart/generator/scrapes.ts'
import { writeBigFile, writeChunks } from '@splitcart/generator/write.ts'
import { output } from './programs.ts'

const KEPT = join(import.meta.dirname, '.data')
const REAL = join(import.meta.dirname, '../../shared/data')

// DuckDB's statements know no row without a price.
const RIVALS_DRIFT = { ...MEASURED_DRIFT, pricelessShare: 0 }

/** Drift of which no scrape is held: for what goes the whole way. */
export const WHOLE_DRIFT = { ...RIVALS_DRIFT, truncatedShare: 0, lostCategoryShare: 0 }

/** A day of 80 stores, about 200,000 rows and 250 MB; and the day after. */
export const DAYS_OF_80_STORES = planOf({ companies: 4, stores: 20, days: 2, products: 2600, drift: RIVALS_DRIFT })

/** The folders of the days of a plan, one file a store in each. */
export function daysOf(plan: Plan): Promise<string[]> {
  const { companies, stores, days, products } = plan
  const name = `${companies}x${stores}-drifting-stores-${products}-products-${days}-days`
  return kept(name, async (folder) => {
    const write = cachedLineWriter(plan)
    for (let day = 0; day < days; day++) await mkdir(join(folder, String(day)), { recursive: true })
    for (const { store, day, fileName } of scrapesOf(plan))
      await writeChunks(join(folder, String(day), fileName), write(store, day))
  }).then((folder) => Array.from({ length: days }, (_, day) => join(folder, String(day))))
}

/** One file of so many bytes, and the same as `gzip -6` makes it. */
export async function bigFile(bytes: number): Promise<{ plain: string; packed: string }> {
  const folder = await kept(`${bytes}-drifting-bytes`, async (path) => {
    await writeBigFile(join(path, 'big.jsonl'), { bytes, drift: WHOLE_DRIFT })
    await output('gzip', ['-6', '--keep', join(path, 'big.jsonl')])
  })
  return { plain: join(folder, 'big.jsonl'), packed: join(folder, 'big.jsonl.gz') }
}

/** The real files as plain JSON Lines, each by itself, in the order of their dates; undefined where they are not. */
export async function realFiles(): Promise<string[] | undefined> {
  if (!existsSync(REAL)) return undefined
  const folder = await kept('real', async (made) => {
    for (const name of (await readdir(REAL)).filter((each) => each.endsWith('.jsonl.gz'))) {
      const target = join(made, name.replace(/\.gz$/, ''))
      await pipeline(createReadStream(join(REAL, name)), createGunzip(), createWriteStream(target))
    }
  })
  return (await filesIn(folder)).toSorted((one, other) => (dateIn(one) < dateIn(other) ? -1 : 1))
}

/** The date in the name of a file. */
export function dateIn(path: string): string {
  return /\d{4}-\d\d-\d\d/.exec(path)?.[0] ?? ''
}

/** Things in an order that has nothing to do with what they are, the same every time. */
export function shuffled<T>(things: readonly T[]): T[] {
  const placed = things.map((thing, place) => ({ thing, key: hash(1, place) }))
  return placed.sort((one, other) => one.key - other.key).map(({ thing }) => thing)
}

const REAL_TIMES = 12

/** All of the real files, one behind the other, so often that it takes a while; undefined where they are not. */
export async function realAsOne(): Promise<string | undefined> {
  const files = await realFiles()
  if (files === undefined) return undefined
  const folder = await kept('real-as-one', async (path) => {
    for (const file of Array.from({ length: REAL_TIMES }, () => files).flat())
      await appendFile(join(path, 'real.jsonl'), await readFile(file))
  })
  return join(folder, 'real.jsonl')
}

/** The files in a folder, in the order of their names. */
export async function filesIn(folder: string): Promise<string[]> {
  return (await readdir(folder)).sort().map((name) => join(folder, name))
}

// Made next to its place and renamed, so that what an interrupted run leaves behind is not taken for whole.
async function kept(name: string, make: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(KEPT, name)
  if (existsSync(folder)) return folder
  process.stderr.write(`making ${folder}\n`)
  await rm(`${folder}.part`, { recursive: true, force: true })
  await mkdir(`${folder}.part`, { recursive: true })
  await make(`${folder}.part`)
  await rename(`${folder}.part`, folder)
  return folder
}
