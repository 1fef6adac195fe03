/** Generated scrapes as files. They can be made again, so nothing is synced. */
import { createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { countLines } from '@splitcart/shared/lines.ts'
import type { Store } from './chains.ts'
import { type Plan, planOf } from './plan.ts'
import { cachedLineWriter, linesOf, scrapesOf } from './scrapes.ts'

/** The size of a written file. */
export type WrittenSize = Readonly<{ bytes: number; rows: number }>

const WAITING_BYTES_MAX = 1024 * 1024
const ROW_BYTES = 1200
const PRODUCTS_MIN = 20
const PRODUCTS_MAX = 2600
const SCRAPES_MIN = 12
const STORES_MAX = 20
const CENTURY_DAYS = 36_525

/** Writes the scrape of a store on a day to a file. */
export async function writeScrape(path: string, plan: Plan, store: Store, day: number): Promise<WrittenSize> {
  return writeChunks(path, linesOf(plan, store, day))
}

/** Writes a file of at least `bytes` bytes, exceeded by at most one scrape: many stores, as many days as needed. */
export async function writeBigFile(
  path: string,
  { bytes, ...chosen }: Readonly<{ bytes: number }> & Partial<Plan>,
): Promise<WrittenSize & Readonly<{ scrapes: number; plan: Plan }>> {
  const plan = planForBytes(bytes, chosen)
  let scrapes = 0
  function* chunks(): Generator<Buffer> {
    const write = cachedLineWriter(plan)
    let written = 0
    for (const { store, day } of scrapesOf(plan)) {
      if (written >= bytes) return
      scrapes++
      for (const chunk of write(store, day)) {
        written += chunk.length
        yield chunk
      }
    }
  }
  const written = await writeChunks(path, chunks())
  return { ...written, scrapes, plan }
}

/** Writes chunks to a file, with backpressure. */
export async function writeChunks(path: string, chunks: Iterable<Buffer>): Promise<WrittenSize> {
  const count = { lines: 0, open: false }
  let bytes = 0
  function* counted(): Generator<Buffer> {
    for (const chunk of chunks) {
      countLines(count, chunk)
      bytes += chunk.length
      yield chunk
    }
  }
  await pipeline(counted(), createWriteStream(path, { highWaterMark: WAITING_BYTES_MAX }))
  return { bytes, rows: count.lines + (count.open ? 1 : 0) }
}

// A small file still has several stores and days, with fewer products each.
function planForBytes(bytes: number, chosen: Partial<Plan>): Plan {
  const products = Math.floor(bytes / ROW_BYTES / SCRAPES_MIN)
  const sized = planOf({ products: Math.max(PRODUCTS_MIN, Math.min(PRODUCTS_MAX, products)), ...chosen })
  const scrapes = bytes / ROW_BYTES / sized.products
  const stores = Math.max(1, Math.min(STORES_MAX, Math.round(Math.sqrt(scrapes / sized.companies))))
  return planOf({ ...sized, stores, ...chosen, days: CENTURY_DAYS })
}
