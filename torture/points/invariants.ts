/** What must be true of the two machines, whatever was done to their processes. */
import { join } from 'node:path'
import { openCatalogue } from '@splitcart/data-management/catalogue/dialects/sqlite/catalogue.ts'
import { catalogueDigest } from '@splitcart/data-management/catalogue/digest.ts'
import { SqliteDatabase } from '@splitcart/data-management/database/sqlite.ts'
import type { Fault } from '../campaign.ts'
import { digestOf, type File } from './files.ts'
import { contentsOf, namesIn } from './place.ts'
import { LIMITED_KEY } from './receiving.ts'

// Folders that have a check of their own, locks, and what the sender notes of its last run.
const BELONG_HERE = new Set(['.lock', '.part', '.spool', '.resumable', 'last-run.json', 'server-history.json'])

/** The first of some SHA-256 that no file in these folders has. */
export async function missingFrom(wanted: Iterable<string>, ...folders: readonly string[]): Promise<Fault> {
  const found = new Set<string>()
  for (const folder of folders) for (const sha256 of (await contentsOf(folder)).values()) found.add(sha256)
  for (const sha256 of wanted) if (!found.has(sha256)) return `${sha256} is in none of ${folders.join(', ')}`
  return undefined
}

/** A file under a final name whose bytes nobody published: torn, or mixed. */
export async function foreignIn(files: readonly File[], ...folders: readonly string[]): Promise<Fault> {
  const published = new Set(files.map(({ sha256 }) => sha256))
  for (const folder of folders)
    for (const [name, sha256] of await contentsOf(folder)) {
      // Notes, and what is becoming one, are looked at when all is quiet.
      const isNote = /\.(receipt|problem)\.json$|\.rejects\.jsonl$|\.part$|^how-to-read-dcz\.txt$/.test(name)
      if (!isNote && !published.has(sha256)) return `${folder}/${name} has bytes that nobody published (${sha256})`
    }
  return undefined
}

/** Something that should be gone by now. */
export async function leftIn(...folders: readonly string[]): Promise<Fault> {
  for (const folder of folders) {
    const left = (await namesIn(folder)).filter((name) => !BELONG_HERE.has(name))
    if (left.length > 0) return `left in ${folder}: ${left.join(', ')}`
  }
  return undefined
}

// Where nothing lies when all is loaded.
const IN_BETWEEN = [
  'product_inbox',
  'product_inbox/.part',
  'product_inbox/.resumable',
  'product_held',
  'product_failed',
]

/** What is wrong with a receiving machine that has loaded these files. */
export async function faultOfReceiver(folder: string, files: readonly File[]): Promise<Fault> {
  const at = (name: string) => join(folder, name)
  return (
    (await leftIn(...IN_BETWEEN.map(at))) ??
    (await foreignIn(files, at('product_processed'))) ??
    (await missingFrom(
      files.map(({ sha256 }) => sha256),
      at('product_processed'),
    )) ??
    (await partsIn(at('product_processed'))) ??
    (await faultOfCatalogue(at('catalogue.db'), files)) ??
    faultOfLedger(at('ledger.db'), files)
  )
}

async function partsIn(folder: string): Promise<Fault> {
  const parts = (await namesIn(folder)).filter((name) => name.endsWith('.part'))
  return parts.length === 0 ? undefined : `left in ${folder}: ${parts.join(', ')}`
}

async function faultOfCatalogue(path: string, files: readonly File[]): Promise<Fault> {
  using catalogue = openCatalogue(path)
  const { database } = catalogue
  const integrity = faultOfIntegrity(database, path)
  if (integrity !== undefined) return integrity
  const digest = await catalogueDigest(database)
  const expected = await digestOf(files)
  if (digest !== expected) return `the catalogue has the digest ${digest} instead of ${expected}`
  const wrong = database.all<{ filename: string }>(
    "select filename from load where state <> 'loaded' or rows <> inserted + changed + unchanged + duplicate + rejected",
  )
  if (wrong.length > 0) return `the counts of ${wrong.map(({ filename }) => filename)} do not add up`
  const rejects = database.get<{ number: number }>('select count(*) as number from reject')?.number
  const rejected = files.reduce((sum, file) => sum + file.rejected, 0)
  return rejects === rejected ? undefined : `${rejects} rejects instead of ${rejected}`
}

function faultOfLedger(path: string, files: readonly File[]): Fault {
  using database = SqliteDatabase.open(path, LEDGER_MIGRATIONS)
  const integrity = faultOfIntegrity(database, path)
  if (integrity !== undefined) return integrity
  const uploads = database.all<{ sha256: string; state: string }>('select sha256, state from upload')
  const expected = new Set(files.map(({ sha256 }) => sha256))
  if (uploads.length !== expected.size) return `${uploads.length} uploads in the ledger instead of ${expected.size}`
  const wrong = uploads.find(({ sha256, state }) => !expected.has(sha256) || state !== 'loaded')
  if (wrong !== undefined) return `the ledger says ${wrong.state} of ${wrong.sha256}`
  return faultOfSenders(database, files)
}

const SENT_WITH = `select sha256 from upload join delivery on upload_id = upload.id join api_key on key_id = api_key.id
  where name = ?`

// A file that was sent has its sender on record, whatever died between its name and its record.
function faultOfSenders(database: SqliteDatabase, files: readonly File[]): Fault {
  const known = new Set(database.all<{ sha256: string }>(SENT_WITH, LIMITED_KEY).map(({ sha256 }) => sha256))
  const lost = files.find(({ sha256, onlyFor }) => onlyFor !== null && !known.has(sha256))
  return lost && `${lost.name} has lost its sender`
}

const LEDGER_MIGRATIONS = new URL('../../packages/data-management/ledger/migrations/sqlite', import.meta.url).pathname

function faultOfIntegrity(database: SqliteDatabase, path: string): Fault {
  const { integrity_check: integrity } = database.get('pragma integrity_check') ?? {}
  return integrity === 'ok' ? undefined : `integrity_check of ${path} says ${integrity}`
}
