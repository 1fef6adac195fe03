/**
 * The archive: files the server has accepted, each with its receipt (`<stem>.receipt.json`) and, when rows were rejected,
 * these rows (`<stem>.rejects.jsonl`).
 *
 * Invariants:
 *  1. A file is here only after the server's receipt for exactly its bytes arrived.
 *  2. A receipt that says *loaded* is written after the rejects it counts: from then on the server is not asked again.
 *  3. A file that was written to and no longer matches its receipt goes back to the outbox (archive-check.ts).
 *
 * Besides the server's fields, a stored receipt has `file`: the file's stats when its bytes were last compared with the
 * receipt. A file with unchanged stats is not read again; one that is shorter with an unchanged mtime is damaged.
 */
import { join } from 'node:path'
import { digestOfFile } from '@splitcart/shared/digest.ts'
import { type Disk, isUnchanged, undefinedIfMissing } from '@splitcart/shared/disk.ts'
import { replace } from '@splitcart/shared/durable-file.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import { parseReceipt, type Receipt } from '@splitcart/shared/receipt.ts'
import type { Folders } from './folders.ts'
import { moveOutOfOutbox } from './move-out-of-outbox.ts'
import { type FileStats, fileStatsOf, isUntouched, type OutboxFile } from './outbox.ts'
import { type Reject, rejectedRows } from './rejects.ts'
import { readSidecarText } from './sidecar.ts'
import type { Spooled } from './spool.ts'

const RECEIPT_ENDING = '.receipt.json'
const REJECTS_ENDING = '.rejects.jsonl'

/** A receipt as stored in the archive. */
export type StoredReceipt = Receipt & Readonly<{ file?: FileStats }>

/** A file in the archive, with its latest known receipt. */
export type ArchivedFile = Readonly<{ name: string; path: string; receipt: StoredReceipt }>

/** A file without a final result here. `lacksRejects`: its receipt counts rejects that are not fetched yet. */
export type UnsettledFile = ArchivedFile & Readonly<{ lacksRejects: boolean }>

/** Moves an accepted file from the outbox to the archive, its receipt first. */
export async function archive(
  disk: Disk,
  folders: Folders,
  sent: Readonly<{ file: OutboxFile; spooled: Spooled; receipt: Receipt }>,
): Promise<ArchivedFile> {
  const { file, spooled, receipt } = sent
  const sidecar: StoredReceipt = { ...receipt, file: fileStatsOf(spooled) }
  const leaving = { file, spooled, to: folders.archive, sidecarEnding: RECEIPT_ENDING, sidecar }
  const name = await moveOutOfOutbox(disk, folders, leaving)
  const path = join(folders.archive, name)
  const seen = await fileStatsAt(disk, path)
  // The move has just verified the bytes. A file copied to another disk has new stats and is verified again later.
  return {
    name,
    path,
    receipt: seen !== undefined && isUnchanged(seen, spooled) ? { ...receipt, file: seen } : receipt,
  }
}

/**
 * Compares a file with its receipt: by size, and by digest unless its stats are unchanged since the last comparison.
 * Returns the file's stats; or `changed` if a program has written to it since it was sent, and `damaged` if the disk has
 * cut it, which leaves its times unchanged.
 */
export async function compareWithReceipt(
  disk: Disk,
  archived: ArchivedFile,
): Promise<FileStats | 'missing' | 'changed' | 'damaged'> {
  const { path, receipt } = archived
  const stats = await fileStatsAt(disk, path)
  if (stats === undefined) return 'missing'
  if (stats.size !== receipt.bytes) return (await wasCut(disk, archived, stats)) ? 'damaged' : 'changed'
  if (receipt.file !== undefined && isUntouched(receipt.file, stats)) return stats
  return (await digestOfFile(disk, path)).sha256 === receipt.sha256 ? stats : 'changed'
}

/** Whether a file became shorter without having been written to. A ctime tells nothing: moving the file changes it. */
async function wasCut(disk: Disk, { path, receipt }: ArchivedFile, stats: FileStats): Promise<boolean> {
  if (stats.size > receipt.bytes) return false
  if (receipt.file !== undefined) return stats.mtimeMs === receipt.file.mtimeMs && stats.ino === receipt.file.ino
  // Receipts of earlier versions lack the stats; whatever is written to the file is newer than the receipt.
  const receiptStats = await fileStatsAt(disk, sidecarsOf(path).receipt)
  return receiptStats !== undefined && stats.mtimeMs < receiptStats.mtimeMs
}

/** The stats that identify a file's state now; undefined if there is no regular file. */
export async function fileStatsAt(disk: Disk, path: string): Promise<FileStats | undefined> {
  const stats = await disk.lstat(path).catch(undefinedIfMissing)
  return stats?.isFile() ? fileStatsOf(stats) : undefined
}

/** Every receipt in the archive, with its file's name; the file may be gone. Omits unreadable and skipped ones. */
export async function* receiptsIn(
  disk: Disk,
  folders: Folders,
  skips: (name: string) => boolean = () => false,
): AsyncGenerator<ArchivedFile> {
  for (const entry of (await disk.readdir(folders.archive)).sort()) {
    if (!entry.endsWith(RECEIPT_ENDING)) continue
    const name = `${entry.slice(0, -RECEIPT_ENDING.length)}.jsonl`
    const receipt = skips(name) ? undefined : await readReceipt(disk, join(folders.archive, entry))
    if (receipt !== undefined) yield { name, path: join(folders.archive, name), receipt }
  }
}

/**
 * Archived files without a final result: in none of the states loaded, failed and delivered, or with missing rejects.
 * Adds to `settled` the names that need not be checked again while this process runs.
 */
export async function listUnsettled(disk: Disk, folders: Folders, settled: Set<string>): Promise<UnsettledFile[]> {
  const names = new Set(await disk.readdir(folders.archive))
  const found: UnsettledFile[] = []
  for await (const archived of receiptsIn(disk, folders, (name) => settled.has(name) || !names.has(name))) {
    const lacksRejects = areRejectsMissing(archived, names)
    if (isConcluded(archived.receipt) && !lacksRejects) settled.add(archived.name)
    else found.push({ ...archived, lacksRejects })
  }
  return found
}

/** Whether a receipt counts rejects that are not among the names in the archive. */
export function areRejectsMissing({ name, receipt }: ArchivedFile, names: ReadonlySet<string>): boolean {
  return (receipt.load?.rejected ?? 0) > 0 && !names.has(sidecarsOf(name).rejects)
}

/** Paths of the sidecars of an archived file. */
export function sidecarsOf(path: string): Readonly<{ receipt: string; rejects: string }> {
  const stem = path.replace(/\.jsonl$/, '')
  return { receipt: stem + RECEIPT_ENDING, rejects: stem + REJECTS_ENDING }
}

/** Writes a newer receipt, after the rejects where rows were rejected. */
export async function writeResult(disk: Disk, archived: ArchivedFile, rejects: AsyncIterable<Reject>): Promise<void> {
  const sidecars = sidecarsOf(archived.path)
  if ((archived.receipt.load?.rejected ?? 0) > 0)
    await replace(disk, sidecars.rejects, rejectedRows(disk, archived.path, rejects))
  await writeReceipt(disk, archived)
}

/** Writes the receipt of an archived file. */
export async function writeReceipt(disk: Disk, { path, receipt }: ArchivedFile): Promise<void> {
  await replace(disk, sidecarsOf(path).receipt, `${JSON.stringify(receipt, null, 2)}\n`)
}

/** Whether the state is final. `held` is not: a person may release the upload on the server at any time. */
export function isConcluded({ state }: Receipt): boolean {
  return state === 'loaded' || state === 'failed' || state === 'delivered'
}

/** Reads the receipt at a path; undefined if it is missing or cannot be parsed. */
export async function readReceipt(disk: Disk, path: string): Promise<StoredReceipt | undefined> {
  const text = await readSidecarText(disk, path)
  if (text === undefined) return undefined
  try {
    return parseReceipt(text)
  } catch (error) {
    if (error instanceof Problem) return undefined
    throw error
  }
}
