/** The status of the server's machine: waiting files, running programs, free disk. Read-only. */
import { join } from 'node:path'
import { type Disk, isMissing } from '@splitcart/shared/disk.ts'
import { type FolderUsage, folderUsage, Inspections, isCompleteFile } from '@splitcart/shared/folder-usage.ts'
import { kindOfInbox, PRODUCTS } from '@splitcart/shared/kinds.ts'
import { isLocked } from '@splitcart/shared/lock.ts'
import { originalNameIn } from '@splitcart/shared/packed/kept-file.ts'
import type { UploadState } from '@splitcart/shared/receipt.ts'
import { openForReading } from './database/open-for-reading.ts'
import { foldersIn } from './folders.ts'
import { SERVE_LOCK, UPDATE_DB_LOCK } from './lock-names.ts'

/** The output of `status --json`, so its names must not change. Null: it could not be read; `problems` says why. */
export type DataManagementStatus = Readonly<{
  inbox: FolderUsage | null
  being_received: FolderUsage | null
  held: FolderUsage | null
  failed: FolderUsage | null
  processed: FolderUsage | null
  uploads: Readonly<Record<UploadState, number>> | null
  /** The inboxes of the kinds other than products. */
  kinds: Readonly<Record<string, FolderUsage | null>>
  server_running: boolean | null
  loader_running: boolean | null
  disk_free_bytes: number | null
  problems: readonly string[]
}>

/** Reads the status; undefined if no server ever ran here. `server`: the PostgreSQL that has the ledger, if one has. */
export async function dataManagementStatus(
  disk: Disk,
  dataDir: string,
  server: string | undefined,
): Promise<DataManagementStatus | undefined> {
  const folders = foldersIn(dataDir)
  const inspections = new Inspections()
  const isKept = (name: string) => originalNameIn(name) !== undefined
  const isData = (name: string) => isCompleteFile(name) && name.endsWith('.jsonl')
  if (await isMissing(disk, folders.inbox)) return undefined
  return {
    inbox: await inspections.inspect('product_inbox', () => folderUsage(disk, folders.inbox, isData)),
    being_received: await inspections.inspect('product_inbox/.part', () => folderUsage(disk, folders.parts)),
    held: await inspections.inspect('product_held', () => folderUsage(disk, folders.held, isData)),
    failed: await inspections.inspect('product_failed', () => folderUsage(disk, folders.failed)),
    processed: await inspections.inspect('product_processed', () => folderUsage(disk, folders.processed, isKept)),
    uploads: await inspections.inspect('ledger.db', () =>
      server === undefined ? countUploadsInFile(join(folders.data, 'ledger.db')) : countUploadsInPostgres(server),
    ),
    kinds: await otherInboxes(disk, folders.data, inspections),
    server_running: await inspections.inspect('the lock of serve', () => isLocked(join(folders.data, SERVE_LOCK))),
    loader_running: await inspections.inspect('the lock of update-db', () =>
      isLocked(join(folders.data, UPDATE_DB_LOCK)),
    ),
    disk_free_bytes: await inspections.inspect('the free disk', () => freeBytes(disk, folders.inbox)),
    problems: inspections.problems,
  }
}

async function otherInboxes(
  disk: Disk,
  dataDir: string,
  inspections: Inspections,
): Promise<Record<string, FolderUsage | null>> {
  const names = (await inspections.inspect(dataDir, () => disk.readdir(dataDir))) ?? []
  const kinds = names.sort().flatMap((name) => kindOfInbox(name) ?? [])
  const usages: Record<string, FolderUsage | null> = {}
  for (const kind of kinds.filter((each) => each !== PRODUCTS)) {
    const inbox = `${kind}_inbox`
    usages[kind] = await inspections.inspect(inbox, () =>
      folderUsage(disk, join(dataDir, inbox), (name) => isCompleteFile(name) && name.endsWith('.jsonl')),
    )
  }
  return usages
}

/** The bytes that can still be written to the file system of a folder. */
export async function freeBytes(disk: Disk, folder: string): Promise<number> {
  const { bavail, bsize } = await disk.statfs(folder)
  return bavail * bsize
}

async function countUploadsInPostgres(server: string): Promise<Record<UploadState, number>> {
  const { openPostgresLedger } = await import('./ledger/postgres.ts')
  await using ledger = await openPostgresLedger(server)
  return await ledger.uploads.countByState()
}

function countUploadsInFile(path: string): Record<UploadState, number> {
  const counts = { accepted: 0, loading: 0, loaded: 0, held: 0, failed: 0, delivered: 0 }
  const database = openForReading(path)
  try {
    const rows = database.prepare('select state, count(*) as number from upload group by state').all()
    for (const { state, number } of rows) counts[state as UploadState] = Number(number)
    return counts
  } finally {
    database.close()
  }
}
