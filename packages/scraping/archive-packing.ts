/**
 * Compresses archived files that need no further work: loaded by the server, rejects fetched, and unchanged for
 * a while. An idle round packs some; the caller holds the lock on the archive.
 */
import { join } from 'node:path'
import { codeOf, type Disk } from '@splitcart/shared/disk.ts'
import { removeIfThere } from '@splitcart/shared/durable-file.ts'
import { removeBaseParts } from '@splitcart/shared/packed/bases.ts'
import { type CompactionOutcome, compact } from '@splitcart/shared/packed/compact.ts'
import type { KeptForm } from '@splitcart/shared/packed/forms.ts'
import { HOUR_MS } from '@splitcart/shared/time.ts'
import { type Archived, fileStatsAt, isOver, lacksItsRejects, receiptsIn } from './archive.ts'
import type { Folders } from './folders.ts'
import type { FindWriters, Named } from './open-writers.ts'
import type { FileStats } from './outbox.ts'

// A program that goes on writing into a sent file is assumed to do so within this time.
const REST_MS = HOUR_MS
// Batch size: open writers are looked up once for this many files.
const AT_ONCE = 50

/** `now`: in ms since 1970. `restMs`: how long a file must be unchanged; 0: no minimum. */
export type Packing = Readonly<{
  disk: Disk
  folders: Folders
  form: KeptForm
  now: number
  findWriters: FindWriters
  restMs?: number
}>

/** A processed file and its result; `fault`: why it could not be packed and is unchanged. */
export type PackedFile = Readonly<{ name: string; became: CompactionOutcome; fault?: unknown }>

/** Packs one file after the other while `mayGoOn`. Safe to repeat after a crash at any point. */
export async function* packArchive(packing: Packing, mayGoOn: MayGoOn): AsyncGenerator<PackedFile> {
  const { disk, folders } = packing
  if (packing.form === 'plain') return
  await removeParts(disk, folders.archive)
  const names = new Set(await disk.readdir(folders.archive))
  const ready: Archived[] = []
  for await (const archived of receiptsIn(disk, folders, (name) => !names.has(name))) {
    if (isDone(archived, names) && (await hasRested(packing, archived.path))) ready.push(archived)
    if (ready.length === AT_ONCE) yield* packReady(packing, ready.splice(0), mayGoOn)
    if (!(await mayGoOn())) return
  }
  yield* packReady(packing, ready, mayGoOn)
}

type MayGoOn = () => boolean | Promise<boolean>

async function* packReady(packing: Packing, ready: Archived[], mayGoOn: MayGoOn): AsyncGenerator<PackedFile> {
  const { disk, form, findWriters } = packing
  if (ready.length === 0) return
  const there: Named[] = []
  for (const { name, path } of ready) there.push({ name, path, ino: (await fileStatsAt(disk, path))?.ino ?? 0 })
  const writtenTo = await findWriters(there)
  for (const { name, path, receipt } of ready) {
    if (writtenTo.has(name)) continue
    if (!(await mayGoOn())) return
    yield await packOne(disk, form, { name, path, receipt })
  }
}

/** Packs one file. An error is returned, so that the next file is still packed. */
async function packOne(disk: Disk, form: KeptForm, { name, path, receipt }: Archived): Promise<PackedFile> {
  const isRight = (sha256: string) => sha256 === receipt.sha256
  try {
    const became = await compact(disk, { path, form: form === 'gzip' ? form : 'packed', isRight, nameOnly: true })
    return { name, became }
  } catch (fault) {
    return { name, became: 'kept', fault }
  }
}

const LACKS_ROOM = new Set(['ENOSPC', 'EDQUOT', 'EROFS'])

/** Whether a fault means that no other file can be written either. */
export function lacksRoom(fault: unknown): boolean {
  return LACKS_ROOM.has(codeOf(fault))
}

/** Removes part files that interrupted runs left. */
async function removeParts(disk: Disk, archive: string): Promise<void> {
  for (const name of await disk.readdir(archive))
    if (/^\.[0-9a-f]{64}\.(?:gz|dcz)\.part$/.test(name)) await removeIfThere(disk, join(archive, name))
  await removeBaseParts(disk, archive)
}

/** Whether a file needs no further work; while rejects are missing it does, since their rows are read from it. */
function isDone(archived: Archived, names: ReadonlySet<string>): boolean {
  const { receipt } = archived
  return isOver(receipt) && receipt.state !== 'failed' && !lacksItsRejects(archived, names)
}

async function hasRested({ disk, now, restMs = REST_MS }: Packing, path: string): Promise<boolean> {
  const seen = await fileStatsAt(disk, path)
  // What an interrupted run has left of it, and this one has removed, was a link to it: that is the last change of the file.
  return seen !== undefined && (restMs === 0 || now - touchedAt(seen) >= restMs)
}

function touchedAt({ mtimeMs, ctimeMs }: FileStats): number {
  return Math.max(mtimeMs, ctimeMs)
}
