/** Rows of an invented shop, written as scrapers write them, and loaded one file after the other. */
import { createHash } from 'node:crypto'
import type { Catalogue } from '../catalogue/catalogue.ts'
import type { LoadRecord } from '../catalogue/loads.ts'
import { loadFile } from '../update-db/load-file.ts'
import { holdBy } from './hold.ts'

type Fields = Readonly<Record<string, unknown>>

/** A line of a file: a row with some fields of its product and of its metadata otherwise; what is undefined is not there. */
export function line(product: Fields, metadata: Fields = {}): string {
  const { name = 'Oat flakes' } = product
  const key = String(name).toLowerCase().replaceAll(' ', '')
  return JSON.stringify({
    product: { name, normalized_name_brand_size: key, price_current: 2.5, ...product },
    metadata: { company: 'Cornershop', store_id: 'S1', scraped_date: '2026-05-01', ...metadata },
  })
}

/** Loads files in the order of their arrival, as update-db does with its usual limits. */
export function loaderInto(catalogue: Catalogue): (...lines: readonly (string | Buffer)[]) => Promise<LoadRecord> {
  let received = 0
  return (...lines) => {
    const bytes = Buffer.concat(lines.flatMap((each) => [Buffer.from(each), Buffer.from('\n')]))
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    return loadFile(catalogue, {
      file: { sha256, filename: `${sha256.slice(0, 8)}.jsonl`, receivedAt: ++received },
      bytes: async function* () {
        yield bytes
      },
      lineBytesMax: 20_000,
      // They are received at the beginning of time, and dated long after it.
      hold: holdBy({ HOLD_DAYS_AHEAD: 100_000, HOLD_DUPLICATES_SHARE: 0.2 }),
      now: () => received,
    })
  }
}
