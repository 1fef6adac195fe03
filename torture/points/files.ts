/** The files that the scenes send, and what the catalogue must be when all of them are loaded. */
import { createHash } from 'node:crypto'
import { openCatalogue } from '@splitcart/data-management/catalogue/dialects/sqlite/catalogue.ts'
import { catalogueDigest } from '@splitcart/data-management/catalogue/digest.ts'
import { loadFile } from '@splitcart/data-management/update-db/load-file.ts'

/** `onlyFor`: what the key that sends it may write; null: everything. Rows of others are among its `rejected`. */
export type File = Readonly<{
  name: string
  text: string
  sha256: string
  rejected: number
  onlyFor: readonly string[] | null
}>

/** What the limited key of the scenes may write. */
export const ONLY_FOR = ['aldi'] as const

const ROWS = 6
const LARGE_ROWS = 240

/** When each scrape was made: always the same bytes. */
export const SCRAPED_AT = '2025-09-12T01:02:03.000Z'
const LINE_BYTES_MAX = 1024 * 1024

/** A file of one store; the last of its rows are broken. */
export function fileOf(name: string, store: string, rejected = 0): File {
  const lines = Array.from({ length: ROWS }, (_, index) =>
    index < ROWS - rejected ? JSON.stringify(rowOf(store, index)) : `{"product": ${index}`,
  )
  const text = `${lines.join('\n')}\n`
  return { name, text, sha256: sha256Of(text), rejected, onlyFor: null }
}

/** One that is large enough to be packed against others of its company when it was loaded. */
export function largeFileOf(name: string, store: string): File {
  // What all stores of a chain sell: a scrape of other articles would be held.
  const rows = Array.from({ length: LARGE_ROWS }, (_, index) => {
    const { product, metadata } = rowOf('all stores', index)
    return JSON.stringify({ product, metadata: { ...metadata, store_name: store, store_id: store } })
  })
  const text = `${rows.join('\n')}\n`
  return { name, text, sha256: sha256Of(text), rejected: 0, onlyFor: null }
}

/** The same, sent with the limited key, and with a row more that this one may not write. */
export function limitedFileOf(name: string, store: string, rejected = 0): File {
  const own = fileOf(name, store, rejected)
  const row = rowOf(store, ROWS)
  const foreign = { ...row, metadata: { ...row.metadata, company: 'somebody else' } }
  const text = `${JSON.stringify(foreign)}\n${own.text}`
  return { name, text, sha256: sha256Of(text), rejected: rejected + 1, onlyFor: ONLY_FOR }
}

/** A file as JsonlWriter makes it of the rows of a store. */
export function scrapeOf(store: string): File {
  const rows = rowsOf(store).map(({ product, metadata }) => ({
    product,
    metadata: { ...metadata, scraped_at: SCRAPED_AT },
  }))
  const text = rows.map((row) => `${JSON.stringify(row)}\n`).join('')
  return { name: `${store}.jsonl`, text, sha256: sha256Of(text), rejected: 0, onlyFor: null }
}

/** The rows of a store. */
export function rowsOf(store: string) {
  return Array.from({ length: ROWS }, (_, index) => rowOf(store, index))
}

function rowOf(store: string, index: number) {
  const name = `article ${index} of ${store}`
  return {
    product: { sku: `${store}-${index}`, name, normalized_name_brand_size: name, price_current: index + 0.99 },
    metadata: { company: 'aldi', store_name: store, store_id: store, scraped_date: '2025-09-12' },
  }
}

export function sha256Of(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex')
}

// Of the files of each scene, which asks for it after each blow.
const digests = new WeakMap<readonly File[], Promise<string>>()

/** The digest of the catalogue that an undisturbed run makes of files. */
export function digestOf(files: readonly File[]): Promise<string> {
  const digest = digests.get(files) ?? makeDigest(files)
  digests.set(files, digest)
  return digest
}

async function makeDigest(files: readonly File[]): Promise<string> {
  using catalogue = openCatalogue(':memory:')
  for (const { sha256, name: filename, text, onlyFor } of files) {
    const bytes = () => [Buffer.from(text)] as unknown as AsyncIterable<Buffer>
    const file = { sha256, filename, receivedAt: 1 }
    const order = { file, bytes, lineBytesMax: LINE_BYTES_MAX, hold: undefined, onlyFor, now: Date.now }
    await loadFile(catalogue, order)
  }
  return await catalogueDigest(catalogue.database)
}
