/** State of a scraping machine: waiting files, running uploader, result of the last run. Changes nothing. */
import { basename, join } from 'node:path'
import { type Disk, isMissing } from '@splitcart/shared/disk.ts'
import { type FolderUsage, folderUsage, Inspections } from '@splitcart/shared/folder-usage.ts'
import { isLocked } from '@splitcart/shared/lock.ts'
import { originalNameIn } from '@splitcart/shared/packed/kept-file.ts'
import type { UploadState } from '@splitcart/shared/receipt.ts'
import { receiptsIn } from './archive.ts'
import { type Folders, foldersIn, isDataFile, kindsWithOutbox } from './folders.ts'
import { type LastRun, readLastRun } from './last-run.ts'
import { orphanedPartsIn } from './orphaned-parts.ts'
import { type SkippedEntry, scanOutbox } from './outbox.ts'

/** A field is null if it could not be read; `problems` says why. Names are those of `status --json`: stable API. */
export type ScrapingStatus = Readonly<{
  outbox: FolderUsage | null
  ignored: readonly SkippedEntry[] | null
  being_written: FolderUsage | null
  left_over: number | null
  archive: FolderUsage | null
  uploads: Readonly<Record<UploadState, number>> | null
  refused: FolderUsage | null
  uploader_running: boolean | null
  last_run: LastRun | null
  /** Folders of kinds other than products, by kind. */
  kinds: Readonly<Record<string, KindStatus>>
  problems: readonly string[]
}>

/** Usage of the folders of one kind. */
export type KindStatus = Readonly<Record<'outbox' | 'archive' | 'refused', FolderUsage | null>>

/** Collects the status; `undefined` if there is no outbox, i.e. nothing has ever been scraped. */
export async function scrapingStatus(disk: Disk, dataDir: string): Promise<ScrapingStatus | undefined> {
  const folders = foldersIn(dataDir)
  const inspections = new Inspections()
  const others = (await inspections.inspect(dataDir, () => kindsWithOutbox(disk, dataDir))) ?? []
  if (others.length <= 1 && (await isMissing(disk, folders.outbox))) return undefined
  return {
    outbox: await inspections.inspect('product_outbox', () => folderUsage(disk, folders.outbox, isDataFile)),
    ignored: await inspections.inspect('product_outbox', async () => (await scanOutbox(disk, folders.outbox)).skipped),
    being_written: await inspections.inspect('product_outbox/.part', () => folderUsage(disk, folders.part)),
    left_over: await inspections.inspect(
      'product_outbox/.part',
      async () => (await orphanedPartsIn(disk, folders)).length,
    ),
    archive: await inspections.inspect('temp_jsonl_product_storage', () =>
      folderUsage(disk, folders.archive, isArchived),
    ),
    uploads: await inspections.inspect('temp_jsonl_product_storage', () => uploadsByState(disk, folders)),
    refused: await inspections.inspect('product_refused', () => folderUsage(disk, folders.refused, isDataFile)),
    uploader_running: await inspections.inspect('the lock of upload-data', () =>
      isLocked(join(folders.outbox, '.lock')),
    ),
    last_run: (await inspections.inspect('the record of the last run', () => readLastRun(disk, folders))) ?? null,
    kinds: await statusOfKinds(disk, dataDir, others.slice(1), inspections),
    problems: [...new Set(inspections.problems)],
  }
}

async function statusOfKinds(
  disk: Disk,
  dataDir: string,
  kinds: readonly string[],
  inspections: Inspections,
): Promise<Record<string, KindStatus>> {
  const found: Record<string, KindStatus> = {}
  for (const kind of kinds) {
    const { outbox, archive, refused } = foldersIn(dataDir, kind)
    const look = (folder: string, counts = isDataFile) =>
      inspections.inspect(basename(folder), () => folderUsage(disk, folder, counts))
    found[kind] = { outbox: await look(outbox), archive: await look(archive, isArchived), refused: await look(refused) }
  }
  return found
}

/** Whether a name is that of an archived file, packed or not. */
function isArchived(name: string): boolean {
  return isDataFile(originalNameIn(name) ?? '')
}

async function uploadsByState(disk: Disk, folders: Folders): Promise<Record<UploadState, number>> {
  const counts = { accepted: 0, loading: 0, loaded: 0, held: 0, failed: 0, delivered: 0 }
  if (await isMissing(disk, folders.archive)) return counts
  const names = new Set((await disk.readdir(folders.archive)).map(originalNameIn))
  for await (const { name, receipt } of receiptsIn(disk, folders)) if (names.has(name)) counts[receipt.state]++
  return counts
}
