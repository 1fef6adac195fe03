/** Lists of stores and of barcodes: how fast they are loaded, and in how much memory. */
import { createWriteStream } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { openMachines } from '../test/machines.ts'
import type { Report } from './report.ts'
import { watched } from './watched.ts'

const ROWS = [100_000, 1_000_000]
const COMPANIES = 8
const MIB = 2 ** 20

/** What a row of each kind says, by its number. */
const KINDS: Readonly<Record<string, (number: number) => object>> = {
  stores: (number) => ({
    store_id: `S${number}`,
    name: `Store ${number}`,
    address: `${number % 400} Example Street`,
    suburb: `Suburb ${number % 900}`,
    state: 'QLD',
    postcode: String(4000 + (number % 900)),
    latitude: -27 - (number % 1000) / 1000,
    longitude: 153 + (number % 1000) / 1000,
    is_open: true,
  }),
  barcodes: (number) => ({ sku: String(number), barcode: String(9_300_000_000_000 + number * 10) }),
}

/** One list of each kind and size, each loaded into an empty catalogue by a new process. */
export async function feeds(): Promise<Report> {
  const rows: [string, ...number[]][] = []
  for (const [kind, of] of Object.entries(KINDS))
    for (const count of ROWS) {
      await using machines = await openMachines()
      await machines.makeServerData()
      const inbox = join(machines.dataManagement, `${kind}_inbox`)
      await mkdir(inbox, { recursive: true, mode: 0o700 })
      await pipeline(Readable.from(linesOf(count, of)), createWriteStream(join(inbox, 'list.jsonl')))
      const { seconds, peakBytes } = await watched(machines.start(['update-db', `--${kind}`]))
      await rm(machines.dataManagement, { recursive: true })
      rows.push([`${count.toLocaleString('en')} ${kind}`, seconds, count / seconds, peakBytes / MIB])
    }
  return { title: 'Lists of stores and of barcodes', columns: ['load s', 'rows/s', 'peak MiB'], rows }
}

function* linesOf(count: number, of: (number: number) => object): Generator<string> {
  for (let number = 1; number <= count; number++) {
    const row = { company: `chain${number % COMPANIES}`, ...of(number), scraped_date: '2026-05-01' }
    yield `${JSON.stringify(row)}\n`
  }
}
