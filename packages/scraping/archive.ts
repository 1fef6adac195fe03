/**
 * The archive: files the server has accepted, each with its receipt (`<stem>.receipt.json`) and, when rows were rejected,
 * these rows (`<stem>.rejects.jsonl`).
 *
 * Invariants:
 *  1. A file is here only after the server's receipt for exactly its bytes arrived.
 *  2. A receipt that says *loaded* is written after the rejects it counts: from then on the server is not asked again.
 */
import { join } from 'node:path'
import type { Disk } from '@splitcart/shared/disk.ts'
import { replace } from '@splitcart/shared/durable-file.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import { parseReceipt, type Receipt } from '@splitcart/shared/receipt.ts'
import type { Folders } from './folders.ts'
import { readNoteText } from './note.ts'
import { moveWithNote } from './noted-move.ts'
import type { Waiting } from './outbox.ts'
import { type Reject, rejectedRows } from './rejects.ts'
import { dropSpooled, type Spooled } from './spool.ts'

const RECEIPT_ENDING = '.receipt.json'
const REJECTS_ENDING = '.rejects.jsonl'

/** A file in the archive, with the last receipt that is known for it. */
export type Archived = Readonly<{ name: string; path: string; receipt: Receipt }>

/** A file whose fate is still open here. `lacksRejects`: its receipt counts rejects that have not come home. */
export type Unsettled = Archived & Readonly<{ lacksRejects: boolean }>

/** Moves an accepted file from the outbox to the archive, its receipt first. */
export async function archive(
  disk: Disk,
  folders: Folders,
  sent: Readonly<{ file: Waiting; spooled: Spooled; receipt: Receipt }>,
): Promise<Archived> {
  const { file, spooled, receipt } = sent
  const noted = {
    path: file.path,
    name: file.name,
    seen: spooled,
    sha256: spooled.sha256,
    noteEnding: RECEIPT_ENDING,
    note: receipt,
  }
  const name = await moveWithNote(disk, noted, folders.archive)
  await dropSpooled(disk, folders, file.name)
  return { name, path: join(folders.archive, name), receipt }
}

/** Every receipt in the archive, with the name of its file, which may be gone. Broken ones are left out. */
export async function* receiptsIn(
  disk: Disk,
  folders: Folders,
): AsyncGenerator<Readonly<{ name: string; receipt: Receipt }>> {
  for (const entry of (await disk.readdir(folders.archive)).sort()) {
    if (!entry.endsWith(RECEIPT_ENDING)) continue
    const receipt = await readReceipt(disk, join(folders.archive, entry))
    if (receipt !== undefined) yield { name: `${entry.slice(0, -RECEIPT_ENDING.length)}.jsonl`, receipt }
  }
}

/**
 * The archived files whose fate the server may still tell: all that are not loaded or failed, or whose rejects are not here
 * yet. `settled` collects the names that need no second look while this process runs.
 */
export async function unsettled(disk: Disk, folders: Folders, settled: Set<string>): Promise<Unsettled[]> {
  const names = new Set(await disk.readdir(folders.archive))
  const found: Unsettled[] = []
  for (const entry of [...names].sort()) {
    if (!entry.endsWith(RECEIPT_ENDING)) continue
    const stem = entry.slice(0, -RECEIPT_ENDING.length)
    const name = `${stem}.jsonl`
    if (settled.has(name) || !names.has(name)) continue
    const receipt = await readReceipt(disk, join(folders.archive, entry))
    if (receipt === undefined) continue
    const lacksRejects = (receipt.load?.rejected ?? 0) > 0 && !names.has(stem + REJECTS_ENDING)
    if (isOver(receipt) && !lacksRejects) settled.add(name)
    else found.push({ name, path: join(folders.archive, name), receipt, lacksRejects })
  }
  return found
}

/** Where the notes about an archived file lie. */
export function notesOf(path: string): Readonly<{ receipt: string; rejects: string }> {
  const stem = path.replace(/\.jsonl$/, '')
  return { receipt: stem + RECEIPT_ENDING, rejects: stem + REJECTS_ENDING }
}

/** Writes a newer receipt, after the rejects where rows were rejected. */
export async function settle(disk: Disk, archived: Archived, rejects: AsyncIterable<Reject>): Promise<void> {
  const notes = notesOf(archived.path)
  if ((archived.receipt.load?.rejected ?? 0) > 0)
    await replace(disk, notes.rejects, rejectedRows(disk, archived.path, rejects))
  await replace(disk, notes.receipt, `${JSON.stringify(archived.receipt, null, 2)}\n`)
}

// A held upload waits for a person at the server, who may release it any day.
function isOver({ state }: Receipt): boolean {
  return state === 'loaded' || state === 'failed'
}

async function readReceipt(disk: Disk, path: string): Promise<Receipt | undefined> {
  const text = await readNoteText(disk, path)
  if (text === undefined) return undefined
  try {
    return parseReceipt(text)
  } catch (error) {
    if (error instanceof Problem) return undefined
    throw error
  }
}
