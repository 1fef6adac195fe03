/**
 * Replaces the databases in use by others, all or none.
 *
 *   new ones beside the old ─▶ marker ─▶ old one with its log aside, new one in its place (each) ─▶ marker gone
 *
 * Until the marker is there nothing has changed; while it is there nobody works with the databases, and the swap is finished or taken back.
 */
import { readFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { type Disk, isMissing, undefinedIfMissing } from '@splitcart/shared/disk.ts'
import { move, publish, remove, replace } from '@splitcart/shared/durable-file.ts'
import { Problem } from '@splitcart/shared/problem.ts'

const MARKER = '.restoring.json'
const ENDINGS = ['', '-wal', '-shm'] as const

/** A swap that has begun. `aside`: the suffix, after a dot, that the files of the previous databases get. */
export type Swap = Readonly<{ databases: readonly string[]; aside: string }>

/** The path of the database that will replace another. */
export function stagedPathOf(database: string): string {
  return `${database}.restoring`
}

/** Writes the marker of a swap. The new databases must lie beside the old ones, durable. */
export async function beginSwap(disk: Disk, dataFolder: string, swap: Swap): Promise<void> {
  await replace(disk, join(dataFolder, MARKER), `${JSON.stringify(swap)}\n`)
}

/** The unfinished swap in this data folder; undefined if there is none. */
export async function swapIn(dataFolder: string): Promise<Swap | undefined> {
  const text = await readFile(join(dataFolder, MARKER), 'utf8').catch(undefinedIfMissing)
  return text === undefined ? undefined : JSON.parse(text)
}

/** Throws `machine_refused` while a swap has begun and not ended. */
export async function checkNoSwap(dataFolder: string): Promise<void> {
  if ((await swapIn(dataFolder)) === undefined) return
  const detail = `a restore was begun in ${dataFolder} and not finished; finish it (splitcart restore --finish), or put back what was there (splitcart restore --take-back)`
  throw new Problem('machine_refused', detail)
}

/** Finishes a swap. Safe to repeat after a crash at any point. */
export async function finishSwap(disk: Disk, dataFolder: string, { databases, aside }: Swap): Promise<void> {
  for (const database of databases) {
    if (!(await isThere(disk, stagedPathOf(database)))) continue
    if (!(await areOne(disk, database, stagedPathOf(database))))
      for (const ending of ENDINGS) await moveIfThere(disk, database + ending, asideOf(database, aside) + ending)
    await publish(disk, stagedPathOf(database), dirname(database), [basename(database)])
  }
  await remove(disk, join(dataFolder, MARKER))
}

/** Restores the previous databases. Safe to repeat after a crash at any point. */
export async function undoSwap(disk: Disk, dataFolder: string, { databases, aside }: Swap): Promise<void> {
  for (const database of databases) {
    const old = asideOf(database, aside)
    // The old database is moved back last: until then the file in its place is the new one.
    if (await isThere(disk, old)) {
      await remove(disk, database)
      for (const ending of ['-wal', '-shm', '']) await moveIfThere(disk, old + ending, database + ending)
    }
    await remove(disk, stagedPathOf(database))
  }
  await remove(disk, join(dataFolder, MARKER))
}

function asideOf(database: string, aside: string): string {
  return `${database}.${aside}`
}

async function moveIfThere(disk: Disk, from: string, to: string): Promise<void> {
  if (await isThere(disk, from)) await move(disk, from, dirname(to), [basename(to)])
}

async function isThere(disk: Disk, path: string): Promise<boolean> {
  return !(await isMissing(disk, path))
}

async function areOne(disk: Disk, one: string, other: string): Promise<boolean> {
  if (!(await isThere(disk, one))) return false
  const [a, b] = [await disk.lstat(one), await disk.lstat(other)]
  return a.ino === b.ino && a.dev === b.dev
}
