/** Copies both SQLite databases consistently while they are in use, and checks such copies. */
import { basename, dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type Disk, undefinedIfMissing } from '@splitcart/shared/disk.ts'
import { finishPart, publish, remove, removeIfThere } from '@splitcart/shared/durable-file.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import { isDamageCode, isReadCode, resultCodeOf } from './sqlite-result.ts'

/** The paths of both databases: those in use, or those of a backup. */
export type DatabaseFiles = Readonly<{ catalogue: string; ledger: string }>

const PART = '.part'
// The suffixes of a database file and of the files that SQLite creates beside it.
const SQLITE_SUFFIXES = ['', '-journal', '-wal', '-shm']
// SQLite's primary result codes SQLITE_FULL, SQLITE_IOERR, SQLITE_CANTOPEN and SQLITE_READONLY.
const TARGET_ERROR_CODES = new Set([13, 10, 14, 8])

/**
 * Copies both databases as they are now, while others may write to them. The copies appear complete and durable, and
 * never replace an existing file. Throws `copy_not_made`, or `database_unusable` if a source cannot be opened; then no
 * file is left behind.
 *
 *   parts of both ─▶ the ledger gets its name ─▶ the catalogue gets its name
 *
 * While the catalogue is still a part, the ledger beside it belongs to an interrupted backup; the next one removes it.
 */
export async function backUp(disk: Disk, from: DatabaseFiles, to: DatabaseFiles): Promise<void> {
  await removeUnfinishedBackup(disk, to)
  for (const path of [to.catalogue, to.ledger]) await checkNotThere(disk, path)
  try {
    // The ledger first: a load that only the catalogue contains is recognized when its file is sent again. A load that
    // only the ledger contains would be lost.
    await copyToPart(disk, from.ledger, to.ledger)
    await copyToPart(disk, from.catalogue, to.catalogue)
    await publishCopy(disk, to.ledger)
    await publishCopy(disk, to.catalogue)
  } catch (cause) {
    await removeUnfinishedBackup(disk, to).catch(() => {})
    throw cause
  }
}

/** Removes the files of an interrupted backup with these paths. A complete backup stays. */
export async function removeUnfinishedBackup(disk: Disk, { catalogue, ledger }: DatabaseFiles): Promise<void> {
  if ((await fileExists(disk, catalogue + PART)) && !(await fileExists(disk, catalogue))) {
    if (await fileExists(disk, ledger)) await remove(disk, ledger)
  }
  for (const path of [ledger, catalogue]) await removePart(disk, path)
}

/** Removes the part of the copy with this path, and the files that SQLite created beside it. */
async function removePart(disk: Disk, path: string): Promise<void> {
  for (const beside of SQLITE_SUFFIXES) await removeIfThere(disk, path + PART + beside)
}

/** Copies a database durably to a part beside `to`; `publishCopy` then renames it to `to`. Throws as `backUp`. */
async function copyToPart(disk: Disk, from: string, to: string): Promise<void> {
  {
    using source = openReadOnly(from)
    vacuumInto(source, from, to)
  }
  // VACUUM INTO does not sync the copy.
  const part = await disk.open(to + PART, 'r+')
  try {
    await finishPart(part)
  } catch (cause) {
    await part.close().catch(() => {})
    throw cause
  }
}

/** Renames a part to its final path. Throws `copy_not_made` if there is a file with this path. */
async function publishCopy(disk: Disk, path: string): Promise<void> {
  const published = await publish(disk, path + PART, dirname(path), [basename(path)])
  if (published.wasThere) throw targetExists(path)
}

function vacuumInto(source: DatabaseSync, from: string, to: string): void {
  try {
    source.prepare('vacuum into ?').run(to + PART)
  } catch (cause) {
    const code = resultCodeOf(cause)
    if (code === undefined) throw cause
    throw new Problem('copy_not_made', copyErrorPrefix(from, to, code) + (cause as Error).message, { cause })
  }
}

/** The beginning of an error message, which SQLite's own message completes. */
function copyErrorPrefix(from: string, to: string, code: number): string {
  if (isDamageCode(code)) return `${from} is damaged; restore an earlier backup (splitcart restore): `
  // Only the source is read.
  const isOfTarget = TARGET_ERROR_CODES.has(code & 0xff) && !isReadCode(code)
  return isOfTarget ? `${to} cannot be written: ` : `${from} cannot be read: `
}

async function checkNotThere(disk: Disk, path: string): Promise<void> {
  if (await fileExists(disk, path)) throw targetExists(path)
}

function targetExists(path: string): Problem {
  return new Problem('copy_not_made', `${path} exists, and no backup is written over anything; name another file`)
}

/** Checks the pages of a copy, and that it has a table of the expected database. Throws `backup_unusable`. */
export function checkCopy(path: string, table: string): void {
  try {
    using copy = openReadOnly(path)
    const result = copy.prepare('pragma integrity_check').get()?.integrity_check
    if (result !== 'ok') throw new Error(String(result))
    copy.prepare(`select count(*) from ${table}`).get()
  } catch (cause) {
    throw new Problem('backup_unusable', `${path}: ${cause instanceof Error ? cause.message : cause}`, { cause })
  }
}

function openReadOnly(path: string): DatabaseSync {
  try {
    return new DatabaseSync(path, { readOnly: true, timeout: 30_000 })
  } catch (cause) {
    throw new Problem('database_unusable', `${path}: ${cause instanceof Error ? cause.message : cause}`, { cause })
  }
}

async function fileExists(disk: Disk, path: string): Promise<boolean> {
  return (await disk.lstat(path).catch(undefinedIfMissing)) !== undefined
}
