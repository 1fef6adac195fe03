/** Backups in a folder, named by the time at which they were made. */
import { join } from 'node:path'
import type { Disk } from '@splitcart/shared/disk.ts'
import { remove, removeIfThere } from '@splitcart/shared/durable-file.ts'
import { HOUR_MS } from '@splitcart/shared/time.ts'
import { type DatabaseFiles, removeUnfinishedBackup } from './backup.ts'

// Names made by older versions have no milliseconds.
const BACKUP_NAME = /^splitcart-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d(\.\d{3})?Z\.db$/
const BACKUP_PART_NAME = /^(splitcart-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d(?:\.\d{3})?Z\.db)(\.ledger)?\.part(-journal)?$/

/** The files of a backup whose catalogue has this path; its ledger lies beside it. */
export function backupFilesOf(catalogue: string): DatabaseFiles {
  return { catalogue, ledger: `${catalogue}.ledger` }
}

/** The paths of a new backup. Named to the millisecond: a timer and a person may start backups in the same second. */
export function newBackupFiles(folder: string, now: Date): DatabaseFiles {
  return backupFilesOf(join(folder, `splitcart-${now.toISOString().replaceAll(':', '-')}.db`))
}

/** Removes the parts of interrupted backups from a folder: of those that have not changed for an hour. */
export async function removeInterruptedBackups(disk: Disk, folder: string, now: Date): Promise<void> {
  const changedAt = new Map<string, number>()
  for (const name of await disk.readdir(folder)) {
    const [, backup] = BACKUP_PART_NAME.exec(name) ?? []
    // A part may be gone already: a running backup has published it.
    const stats = backup === undefined ? undefined : await disk.lstat(join(folder, name)).catch(() => undefined)
    if (stats === undefined) continue
    // The newest part decides: the ledger's part does not change while the catalogue is copied.
    changedAt.set(backup!, Math.max(stats.mtimeMs, changedAt.get(backup!) ?? 0))
  }
  for (const [backup, at] of changedAt)
    if (now.getTime() - at >= HOUR_MS) await removeUnfinishedBackup(disk, backupFilesOf(join(folder, backup)))
}

/**
 * Removes the oldest backups of a folder so that `keep` of them stay, and returns the paths of the removed catalogues.
 * Files with other names stay. The catalogue goes first: without it, the rest does not count as a backup.
 */
export async function removeOldestBackups(disk: Disk, folder: string, keep: number): Promise<string[]> {
  const backups = (await disk.readdir(folder)).filter((name) => BACKUP_NAME.test(name)).sort()
  const old = backups.slice(0, Math.max(0, backups.length - keep)).map((name) => backupFilesOf(join(folder, name)))
  for (const { catalogue, ledger } of old) {
    await remove(disk, catalogue)
    await removeIfThere(disk, ledger)
  }
  return old.map(({ catalogue }) => catalogue)
}
