/**
 * Orphaned parts: part files whose writer died. They are reported, and salvaged on request: everything up to the last
 * complete line goes to the outbox as `<stem>-salvaged.jsonl`.
 *
 *   part ── copy to the last 0x0A ──▶ <part>.salvaged ── land ──▶ outbox ── only now ──▶ the part is removed
 *
 * Each step is repeatable after a crash: the copy is rewritten, and a file already in the outbox is recognised.
 */
import { uptime } from 'node:os'
import { basename, join } from 'node:path'
import { type Digest, Digester } from '@splitcart/shared/digest.ts'
import { codeOf, type Disk, undefinedIfMissing } from '@splitcart/shared/disk.ts'
import { publish, remove, removeIfThere, writePart } from '@splitcart/shared/durable-file.ts'
import { candidateNames, faultOfFileName, nameWithSuffix } from '@splitcart/shared/file-name.ts'
import { readLines } from '@splitcart/shared/lines.ts'
import { isRejection, readRow } from '@splitcart/shared/row.ts'
import { HOUR_MS } from '@splitcart/shared/time.ts'
import { chunksOf } from './chunks.ts'
import type { Folders } from './folders.ts'
import type { FindWriters } from './open-writers.ts'
import { faultOfOutboxName } from './outbox.ts'
import { readPartName } from './part-name.ts'
import { scrapeName, unnamedScrape } from './scrape-name.ts'

const UNTOUCHED_MS_MIN = HOUR_MS
const ROWS_TRIED_MAX = 100
const COPY_ENDING = '.salvaged'

/** A part file that no process writes any more. */
export type OrphanedPart = Readonly<{ name: string; path: string; size: number; mtimeMs: number }>

/** A salvaged file in the outbox; `bytesDropped` is the length of the incomplete last line. */
export type Salvaged = Readonly<{ name: string; path: string; bytesDropped: number }> & Digest

/** Finds part files left by a crash: their writer is dead or long idle, and no process has them open, if known. */
export async function orphanedPartsIn(
  disk: Disk,
  folders: Folders,
  now: number = Date.now(),
  findWriters: FindWriters = async () => new Set(),
): Promise<OrphanedPart[]> {
  const found: (OrphanedPart & Readonly<{ ino: number }>)[] = []
  for (const name of await partNames(disk, folders.part)) {
    const path = join(folders.part, name)
    const stats = await disk.lstat(path).catch(undefinedIfMissing)
    if (!stats?.isFile() || isStillWritten(name, stats.mtimeMs, now)) continue
    found.push({ name, path, size: stats.size, mtimeMs: stats.mtimeMs, ino: stats.ino })
  }
  const open = found.length === 0 ? new Set() : await findWriters(found)
  return found.filter(({ name }) => !open.has(name))
}

/** Moves all complete lines of a part to the outbox, under a free name. Null and no change if it has none. */
export async function salvage(disk: Disk, folders: Folders, orphan: OrphanedPart): Promise<Salvaged | null> {
  const bytes = await completeLinesBytes(disk, orphan.path)
  if (bytes === 0) return null
  const copy = `${orphan.path}${COPY_ENDING}`
  await removeIfThere(disk, copy)
  const digest = await copyBytes(disk, orphan.path, copy, bytes)
  const wanted = nameWithSuffix(await nameFor(disk, orphan), 'salvaged')
  const { name } = await publish(disk, copy, folders.outbox, candidateNames(wanted, digest.sha256))
  await remove(disk, orphan.path)
  return { name, path: join(folders.outbox, name), bytesDropped: orphan.size - bytes, ...digest }
}

async function partNames(disk: Disk, folder: string): Promise<string[]> {
  const names = await disk.readdir(folder).catch(undefinedIfMissing)
  return (names ?? []).filter((name) => !name.endsWith(COPY_ENDING)).sort()
}

function isStillWritten(name: string, mtimeMs: number, now: number): boolean {
  const { pid } = readPartName(name)
  if (pid === undefined) return now - mtimeMs < UNTOUCHED_MS_MIN
  // A part last written before the machine booted cannot belong to a running process: its pid was reused.
  return mtimeMs >= now - uptime() * 1000 && isAlive(pid)
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return codeOf(error) === 'EPERM'
  }
}

async function completeLinesBytes(disk: Disk, path: string): Promise<number> {
  let [at, whole] = [0, 0]
  for await (const chunk of chunksOf(disk, path)) {
    const last = chunk.lastIndexOf(0x0a)
    if (last >= 0) whole = at + last + 1
    at += chunk.length
  }
  return whole
}

function copyBytes(disk: Disk, from: string, to: string, bytes: number): Promise<Digest> {
  return writePart(disk, to, async (part) => {
    const digester = new Digester()
    for await (const chunk of chunksOf(disk, from)) {
      const wanted = chunk.subarray(0, bytes - digester.bytes)
      digester.add(wanted)
      await part.appendFile(wanted)
      if (digester.bytes === bytes) break
    }
    return digester.digest()
  })
}

async function nameFor(disk: Disk, orphan: OrphanedPart): Promise<string> {
  const { fileName } = readPartName(basename(orphan.path))
  if (fileName !== undefined && faultOfOutboxName(fileName) === undefined) return fileName
  const name =
    (await nameByRows(disk, orphan.path)) ?? unnamedScrape(new Date(orphan.mtimeMs).toISOString().slice(0, 10))
  return faultOfFileName(name) === undefined ? name : 'scrape.jsonl'
}

async function nameByRows(disk: Disk, path: string): Promise<string | undefined> {
  for await (const lines of readLines(chunksOf(disk, path))) {
    for (const line of lines) {
      const row = readRow(line.bytes)
      if (!isRejection(row)) return scrapeName(row)
      if (line.number === ROWS_TRIED_MAX) return undefined
    }
  }
  return undefined
}
