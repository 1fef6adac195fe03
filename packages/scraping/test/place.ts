/** A scraping machine in a temporary folder, and rows to write there. */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { realDisk } from '@splitcart/shared/disk.ts'
import { type Folders, openFolders } from '../folders.ts'
import type { ScrapedRow } from '../jsonl-writer.ts'

export const disk = realDisk()

/** Opened folders that are gone at the end of the test. */
export type Place = AsyncDisposable & Readonly<{ dataDir: string; folders: Folders }>

export async function freshPlace(): Promise<Place> {
  const dataDir = await mkdtemp(join(tmpdir(), 'splitcart-scraping-'))
  const folders = await openFolders(disk, dataDir)
  return { dataDir, folders, [Symbol.asyncDispose]: () => rm(dataDir, { recursive: true, force: true, maxRetries: 3 }) }
}

/** A row that is good, with whatever is to be different. */
export function row(name: string, product: object = {}, metadata: object = {}): ScrapedRow {
  return {
    product: { sku: null, name, normalized_name_brand_size: name.toLowerCase(), price_current: 1.5, ...product },
    metadata: { company: 'aldi', store_name: 'nerang', store_id: 'G120', scraped_date: '2025-09-12', ...metadata },
  }
}

/** Rows as the text of a file. */
export function textOf(...rows: readonly object[]): string {
  return rows.map((one) => `${JSON.stringify(one)}\n`).join('')
}

/** Puts a file into the outbox as a scraper of somebody else would. */
export async function putInOutbox(place: Place, name: string, text: string): Promise<string> {
  const path = join(place.folders.outbox, name)
  await writeFile(path, text)
  return path
}

/** The names in a folder that a person sees. */
export async function visible(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => !name.startsWith('.')).sort()
}

/** What the spool holds apart from the note about the last run. */
export async function copiesIn(spool: string): Promise<string[]> {
  return (await readdir(spool)).filter((name) => name !== 'last-run.json')
}
