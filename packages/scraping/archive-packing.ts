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
import { type ArchivedFile, areRejectsMissing, fileStatsAt, isConcluded, receiptsIn } from './archive.ts'
import type { Folders } from './folders.ts'
import type { FileWithInode, FindWriters } from './open-writers.ts'
import type { FileStats } from './outbox.ts'

// A program that goes on writing into a sent file is assumed to do so within this time.
const REST_MS = HOUR_MS
// Batch size: open writers are looked up once for this many files.
const AT_ONCE = 50

/** `now`: in ms since 1970. `restMs`: how long a file must be unchanged; 0: no minimum. */
export type PackingContext = Readonly<{
  disk: Disk
  folders: Folders
  form: KeptForm
  now: number
  findWriters: FindWriters
  restMs?: number
}>

/** A processed file and its result; `fault`: why it could not be packed and is unchanged. */
export type PackedFile = Readonly<{ name: string; outcome: CompactionOutcome; fault?: unknown }>

/** Packs one file after the other while `mayGoOn`. Safe to repeat after a crash at any point. */
export async function* packArchive(packing: PackingContext, mayGoOn: MayGoOn): AsyncGenerator<PackedFile> {
  const { disk, folders } = packing
  if (packing.form === 'plain') return
  await removeParts(disk, folders.archive)
  const names = new Set(await disk.readdir(folders.archive))
  const ready: ArchivedFile[] = []
  for await (const archived of receiptsIn(disk, folders, (name) => !names.has(name))) {
    if (isDone(archived, names) && (await hasRested(packing, archived.path))) ready.push(archived)
    if (ready.length === AT_ONCE) yield* packReady(packing, ready.splice(0), mayGoOn)
    if (!(await mayGoOn())) return
  }
  yield* packReady(packing, ready, mayGoOn)
}

type MayGoOn = () => boolean | Promise<boolean>

async function* packReady(
  packing: PackingContext,
  ready: ArchivedFile[],
  mayGoOn: MayGoOn,
): AsyncGenerator<PackedFile> {
  const { disk, form, findWriters } = packing
  if (ready.length === 0) return
  const files: FileWithInode[] = []
  for (const { name, path } of ready) files.push({ name, path, ino: (await fileStatsAt(disk, path))?.ino ?? 0 })
  const writtenTo = await findWriters(files)
  for (const { name, path, receipt } of ready) {
    if (writtenTo.has(name)) continue
    if (!(await mayGoOn())) return
    yield await packOne(disk, form, { name, path, receipt })
  }
}

/** Packs one file. An error is returned, so that the next file is still packed. */
async function packOne(disk: Disk, form: KeptForm, { name, path, receipt }: ArchivedFile): Promise<PackedFile> {
  const isRight = (sha256: string) => sha256 === receipt.sha256
  try {
    const outcome = await compact(disk, { path, form: form === 'gzip' ? form : 'packed', isRight, nameOnly: true })
    return { name, outcome }
  } catch (fault) {
    return { name, outcome: 'kept', fault }
  }
}

const NO_SPACE_CODES = new Set(['ENOSPC', 'EDQUOT', 'EROFS'])

/** Whether a fault means that no other file can be written either. */
export function isOutOfSpace(fault: unknown): boolean {
  return NO_SPACE_CODES.has(codeOf(fault))
}

/** Removes part files that interrupted runs left. */
async function removeParts(disk: Disk, archive: string): Promise<void> {
  for (const name of await disk.readdir(archive))
    if (/^\.[0-9a-f]{64}\.(?:gz|dcz)\.part$/.test(name)) await removeIfThere(disk, join(archive, name))
  await removeBaseParts(disk, archive)
}

/** Whether a file needs no further work; while rejects are missing it does, since their rows are read from it. */
function isDone(archived: ArchivedFile, names: ReadonlySet<string>): boolean {
  const { receipt } = archived
  return isConcluded(receipt) && receipt.state !== 'failed' && !areRejectsMissing(archived, names)
}

async function hasRested({ disk, now, restMs = REST_MS }: PackingContext, path: string): Promise<boolean> {
  const seen = await fileStatsAt(disk, path)
  // Removing a part that an interrupted run left, which is a link to this file, counts as a change of it (ctime).
  return seen !== undefined && (restMs === 0 || now - touchedAt(seen) >= restMs)
}

function touchedAt({ mtimeMs, ctimeMs }: FileStats): number {
  return Math.max(mtimeMs, ctimeMs)
}
