/**
 * Replaces the databases in use by others, all or none.
 *
 *   new databases beside the old ─▶ marker file ─▶ for each: rename the old, publish the new ─▶ remove the marker
 *
 * While the marker file exists, no program opens the databases, and a person finishes the swap or undoes it.
 */
import { readFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { type Disk, isMissing, undefinedIfMissing } from '@splitcart/shared/disk.ts'
import { move, publish, remove, replace } from '@splitcart/shared/durable-file.ts'
import { Problem } from '@splitcart/shared/problem.ts'

const MARKER = '.restoring.json'
const SUFFIXES = ['', '-wal', '-shm'] as const

/** A swap in progress, as the marker file stores it. `aside`: the suffix that renamed previous databases get. */
export type Swap = Readonly<{ databases: readonly string[]; aside: string }>

/** The path of the database that will replace another. */
export function stagedPathOf(database: string): string {
  return `${database}.restoring`
}

/** Writes the marker file. The new databases must already lie durably at their `stagedPathOf`. */
export async function beginSwap(disk: Disk, dataFolder: string, swap: Swap): Promise<void> {
  await replace(disk, join(dataFolder, MARKER), `${JSON.stringify(swap)}\n`)
}

/** The unfinished swap in this data folder; undefined if there is none. */
export async function readSwap(dataFolder: string): Promise<Swap | undefined> {
  const text = await readFile(join(dataFolder, MARKER), 'utf8').catch(undefinedIfMissing)
  return text === undefined ? undefined : JSON.parse(text)
}

/** Throws `machine_refused` while a swap is unfinished. */
export async function checkNoSwap(dataFolder: string): Promise<void> {
  if ((await readSwap(dataFolder)) === undefined) return
  const detail = `a restore was begun in ${dataFolder} and not finished; finish it (splitcart restore --finish), or put back what was there (splitcart restore --take-back)`
  throw new Problem('machine_refused', detail)
}

/** Finishes a swap. Safe to repeat after a crash at any point. */
export async function finishSwap(disk: Disk, dataFolder: string, { databases, aside }: Swap): Promise<void> {
  for (const database of databases) {
    if (await isMissing(disk, stagedPathOf(database))) continue
    if (!(await isSameFile(disk, database, stagedPathOf(database))))
      for (const ending of SUFFIXES) await moveIfThere(disk, database + ending, asidePathOf(database, aside) + ending)
    await publish(disk, stagedPathOf(database), dirname(database), [basename(database)])
  }
  await remove(disk, join(dataFolder, MARKER))
}

/** Restores the previous databases. Safe to repeat after a crash at any point. */
export async function undoSwap(disk: Disk, dataFolder: string, { databases, aside }: Swap): Promise<void> {
  for (const database of databases) {
    const old = asidePathOf(database, aside)
    // The old database moves back after its log: as long as it has not, the file in its place is the new one.
    if (!(await isMissing(disk, old))) {
      await remove(disk, database)
      for (const ending of ['-wal', '-shm', '']) await moveIfThere(disk, old + ending, database + ending)
    }
    await remove(disk, stagedPathOf(database))
  }
  await remove(disk, join(dataFolder, MARKER))
}

function asidePathOf(database: string, aside: string): string {
  return `${database}.${aside}`
}

async function moveIfThere(disk: Disk, from: string, to: string): Promise<void> {
  if (!(await isMissing(disk, from))) await move(disk, from, dirname(to), [basename(to)])
}

async function isSameFile(disk: Disk, one: string, other: string): Promise<boolean> {
  if (await isMissing(disk, one)) return false
  const [a, b] = [await disk.lstat(one), await disk.lstat(other)]
  return a.ino === b.ino && a.dev === b.dev
}
