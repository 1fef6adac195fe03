/**
 * The outbox: files that wait to be sent. Only regular files are opened; anything else in the folder is reported and
 * left alone.
 */
import { isUtf8 } from 'node:buffer'
import type { Stats } from 'node:fs'
import { join } from 'node:path'
import { type Disk, isUnchanged, undefinedIfMissing } from '@splitcart/shared/disk.ts'
import { faultOfFileName } from '@splitcart/shared/file-name.ts'

/** Stats that show whether a file has changed. `ctimeMs` is the last change of any kind; programs cannot set it. */
export type FileStats = Readonly<{ size: number; mtimeMs: number; ctimeMs: number; ino: number }>

/** A file that waits to be sent. `writtenOverMs`: from its creation to its last change; 0 if the disk does not know. */
export type OutboxFile = Readonly<{ name: string; path: string; writtenOverMs: number }> & FileStats

/** An entry of the outbox that is not sent, and why. */
export type SkippedEntry = Readonly<{ name: string; reason: string }>

export type OutboxScan = Readonly<{ waiting: readonly OutboxFile[]; skipped: readonly SkippedEntry[] }>

// Files that file managers and file systems create by themselves; ignored silently.
const SYSTEM_FILES = new Set(['Thumbs.db', 'ehthumbs.db', 'desktop.ini', 'Desktop.ini', 'lost+found'])

/** Why a name is invalid in the outbox, as the rest of a sentence that starts with the name; undefined if valid. */
export function faultOfOutboxName(name: string): string | undefined {
  // In the archive this name is used for the rejects of another file.
  if (/\.rejects\.jsonl$/i.test(name)) return 'ends in .rejects.jsonl, which is the name of rejected rows'
  return faultOfFileName(name)
}

/** Scans the outbox: waiting files, oldest first, and entries that are not sent. A missing folder is empty. */
export async function scanOutbox(disk: Disk, outbox: string): Promise<OutboxScan> {
  const waiting: OutboxFile[] = []
  const skipped: SkippedEntry[] = []
  for (const bytes of await namesIn(disk, outbox)) {
    const name = bytes.toString()
    if (name.startsWith('.') || SYSTEM_FILES.has(name)) continue
    const seen = await inspectEntry(disk, outbox, bytes)
    if (seen === undefined) continue
    if ('reason' in seen) skipped.push(seen)
    else waiting.push(seen)
  }
  return { waiting: waiting.sort(oldestFirst), skipped: skipped.sort(byName) }
}

/** Whether the ctime is the same too: it changes even if a file is linked, renamed, or has its mtime reset. */
export function isUntouched(one: FileStats, other: FileStats): boolean {
  return isUnchanged(one, other) && one.ctimeMs === other.ctimeMs
}

async function inspectEntry(disk: Disk, outbox: string, bytes: Buffer): Promise<OutboxFile | SkippedEntry | undefined> {
  const name = bytes.toString()
  if (!isUtf8(bytes)) return { name, reason: 'has a name that is not UTF-8' }
  const path = join(outbox, name)
  const stats = await disk.lstat(path).catch(undefinedIfMissing)
  if (stats === undefined) return undefined
  const reason = faultOfKind(stats) ?? faultOfOutboxName(name)
  return reason === undefined ? { name, path, ...fileStatsOf(stats), writtenOverMs: spanOf(stats) } : { name, reason }
}

/** Extracts from stats what identifies a file's state. */
export function fileStatsOf(stats: FileStats): FileStats {
  return { size: stats.size, mtimeMs: stats.mtimeMs, ctimeMs: stats.ctimeMs, ino: stats.ino }
}

// Some file systems do not record the creation time.
function spanOf({ birthtimeMs, ctimeMs }: Stats): number {
  return birthtimeMs > 0 ? Math.max(0, ctimeMs - birthtimeMs) : 0
}

async function namesIn(disk: Disk, folder: string): Promise<Buffer[]> {
  // As bytes: decoded, a name that is not UTF-8 would become one that does not exist.
  return (await disk.readdir(folder, { encoding: 'buffer' }).catch(undefinedIfMissing)) ?? []
}

function faultOfKind(stats: Stats): string | undefined {
  if (stats.isFile()) return undefined
  if (stats.isDirectory()) return 'is a folder'
  if (stats.isSymbolicLink()) return 'is a link'
  if (stats.isFIFO()) return 'is a FIFO'
  return stats.isSocket() ? 'is a socket' : 'is a device'
}

function oldestFirst(one: OutboxFile, other: OutboxFile): number {
  return one.mtimeMs - other.mtimeMs || byName(one, other)
}

function byName(one: { name: string }, other: { name: string }): number {
  return one.name < other.name ? -1 : Number(one.name > other.name)
}
