/** Backups that are kept in a folder, each under the time at which it was made. */
import { join } from 'node:path'
import type { Disk } from '@splitcart/shared/disk.ts'
import { remove, removeIfThere } from '@splitcart/shared/durable-file.ts'
import { HOUR_MS } from '@splitcart/shared/time.ts'
import { type Databases, removeUnfinished } from './backup.ts'

// Names made by older versions have no milliseconds.
const OURS = /^splitcart-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d(\.\d{3})?Z\.db$/
const PART_OF_OURS = /^(splitcart-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d(?:\.\d{3})?Z\.db)(\.ledger)?\.part(-journal)?$/

/** The files of a backup: the catalogue has the name that was asked for, the ledger lies next to it. */
export function backupOf(catalogue: string): Databases {
  return { catalogue, ledger: `${catalogue}.ledger` }
}

/** The files of a backup that is made in a folder now: to the millisecond, as a timer and a person can ask within one second. */
export function backupIn(folder: string, now: Date): Databases {
  return backupOf(join(folder, `splitcart-${now.toISOString().replaceAll(':', '-')}.db`))
}

/** Removes what backups left in a folder that broke off: those to which nothing was written for an hour. */
export async function removeBroken(disk: Disk, folder: string, now: Date): Promise<void> {
  for (const name of await disk.readdir(folder)) {
    const [, backup] = PART_OF_OURS.exec(name) ?? []
    // Removed already, with another part of the same backup.
    const stats = backup === undefined ? undefined : await disk.lstat(join(folder, name)).catch(() => undefined)
    if (stats === undefined || now.getTime() - stats.mtimeMs < HOUR_MS) continue
    await removeUnfinished(disk, backupOf(join(folder, backup!)))
  }
}

/**
 * Removes the oldest backups of a folder that have a name by their time, so that so many stay; returns the files of catalogues it removed. What
 * else lies there stays. A backup is no longer one when its catalogue is gone, so that goes first.
 */
export async function removeOldest(disk: Disk, folder: string, keep: number): Promise<string[]> {
  const ours = (await disk.readdir(folder)).filter((name) => OURS.test(name)).sort()
  const old = ours.slice(0, Math.max(0, ours.length - keep)).map((name) => backupOf(join(folder, name)))
  for (const { catalogue, ledger } of old) {
    await remove(disk, catalogue)
    await removeIfThere(disk, ledger)
  }
  return old.map(({ catalogue }) => catalogue)
}
