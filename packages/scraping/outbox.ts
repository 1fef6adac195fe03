/**
 * The outbox: the files that are complete and wait to be sent. Only regular files are ever opened; what else lies there is
 * reported and left alone.
 */
import { isUtf8 } from 'node:buffer'
import type { Stats } from 'node:fs'
import { join } from 'node:path'
import { codeOf, type Disk } from '@splitcart/shared/disk.ts'
import { faultOfFileName } from '@splitcart/shared/file-name.ts'

/** What tells whether a file is still the one that was seen. Only the system sets `ctimeMs`, the time of its last change of any kind. */
export type Sight = Readonly<{ size: number; mtimeMs: number; ctimeMs: number; ino: number }>

/** A file that waits to be sent. `spanMs`: from when it was made until it was changed last, as far as the disk knows. */
export type Waiting = Readonly<{ name: string; path: string; spanMs: number }> & Sight

/** Something in the outbox that is not sent, and why. */
export type Skipped = Readonly<{ name: string; reason: string }>

export type Scan = Readonly<{ waiting: readonly Waiting[]; skipped: readonly Skipped[] }>

// What file managers and file systems put into folders by themselves.
const OF_THE_SYSTEM = new Set(['Thumbs.db', 'ehthumbs.db', 'desktop.ini', 'Desktop.ini', 'lost+found'])

/** Why a name cannot be used in the outbox, as the rest of a sentence that starts with the name. */
export function faultOfOutboxName(name: string): string | undefined {
  // In the archive that name belongs to the rejects of another file.
  if (/\.rejects\.jsonl$/i.test(name)) return 'ends in .rejects.jsonl, which is the name of rejected rows'
  return faultOfFileName(name)
}

/** Looks at everything in the outbox: what waits, oldest first, and what is not sent. A folder that is missing is empty. */
export async function scanOutbox(disk: Disk, outbox: string): Promise<Scan> {
  const waiting: Waiting[] = []
  const skipped: Skipped[] = []
  for (const bytes of await namesIn(disk, outbox)) {
    const name = bytes.toString()
    if (name.startsWith('.') || OF_THE_SYSTEM.has(name)) continue
    const seen = await look(disk, outbox, bytes)
    if (seen === undefined) continue
    if ('reason' in seen) skipped.push(seen)
    else waiting.push(seen)
  }
  return { waiting: waiting.sort(oldestFirst), skipped: skipped.sort(byName) }
}

/** Whether two looks saw the same file, and nothing that is easily seen has changed. */
export function isSame(one: Sight, other: Sight): boolean {
  return one.size === other.size && one.mtimeMs === other.mtimeMs && one.ino === other.ino
}

/** Whether nobody has even touched a file between two looks. Who sets its times back, links or renames it, has. */
export function isUntouched(one: Sight, other: Sight): boolean {
  return isSame(one, other) && one.ctimeMs === other.ctimeMs
}

async function look(disk: Disk, outbox: string, bytes: Buffer): Promise<Waiting | Skipped | undefined> {
  const name = bytes.toString()
  if (!isUtf8(bytes)) return { name, reason: 'has a name that is not UTF-8' }
  const path = join(outbox, name)
  try {
    const stats = await disk.lstat(path)
    const reason = faultOfKind(stats) ?? faultOfOutboxName(name)
    return reason === undefined ? { name, path, ...sightOf(stats), spanMs: spanOf(stats) } : { name, reason }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

/** What is remembered of a file to know it again. */
export function sightOf(stats: Stats): Sight {
  return { size: stats.size, mtimeMs: stats.mtimeMs, ctimeMs: stats.ctimeMs, ino: stats.ino }
}

// Some file systems do not know when a file was made.
function spanOf({ birthtimeMs, ctimeMs }: Stats): number {
  return birthtimeMs > 0 ? Math.max(0, ctimeMs - birthtimeMs) : 0
}

async function namesIn(disk: Disk, folder: string): Promise<Buffer[]> {
  try {
    // As bytes: a name that is not UTF-8 would come as one that does not exist.
    return await disk.readdir(folder, { encoding: 'buffer' })
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return []
    throw error
  }
}

function faultOfKind(stats: Stats): string | undefined {
  if (stats.isFile()) return undefined
  if (stats.isDirectory()) return 'is a folder'
  if (stats.isSymbolicLink()) return 'is a link'
  if (stats.isFIFO()) return 'is a FIFO'
  return stats.isSocket() ? 'is a socket' : 'is a device'
}

function oldestFirst(one: Waiting, other: Waiting): number {
  return one.mtimeMs - other.mtimeMs || byName(one, other)
}

function byName(one: { name: string }, other: { name: string }): number {
  return one.name < other.name ? -1 : Number(one.name > other.name)
}
