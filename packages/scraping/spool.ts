/**
 * The spool: compressed copies of files being sent or sent next. Each attempt, even after a restart, sends these bytes.
 *
 *   outbox file ──one pass: digest, compress──▶ .spool/<name>.zst or .dcz (durable) ──▶ .spool/<name>.json: now valid
 *
 * Invariants:
 *  1. A sidecar (`.json`) exists only next to the whole, durable copy it describes: it is written last and removed first.
 *  2. A copy is reused only for the file it was made from: untouched, or of the same digest.
 *  3. A file that changed while it was read is not sent.
 */
import type { FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { DCZ, type Dictionary } from '@splitcart/shared/dictionary/dcz.ts'
import { type Digest, Digester, digestOfFile } from '@splitcart/shared/digest.ts'
import { codeOf, type Disk, isUnchanged, openToRead } from '@splitcart/shared/disk.ts'
import { removeIfThere, replace, writePart } from '@splitcart/shared/durable-file.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import { type Compression, compress, type Encoding } from './compress.ts'
import type { Folders } from './folders.ts'
import { type FileStats, fileStatsOf, isUntouched, type OutboxFile } from './outbox.ts'
import { objectIn, readSidecarText } from './sidecar.ts'

/** A copy in the spool: what it was made from, and what it holds. */
export type Spooled = Readonly<{ name: string; path: string; encoding: Encoding; spooledBytes: number }> &
  /** The SHA-256 of its dictionary, where it has one. */
  Readonly<{ dictionary?: string }> &
  FileStats &
  Digest

const ENDINGS = { dcz: '.dcz', zstd: '.zst', gzip: '.gz' } as const
const SIDECAR_ENDING = '.json'
const RESUME_ENDING = '.resume'

/** Called with the number of bytes of the outbox file read so far. */
export type OnRead = (bytes: number) => void

/** How a copy is made: with the dictionary that `chooseDictionary` returns, if any, else in `encoding`. */
export type SpoolOptions = Readonly<{
  encoding: 'zstd' | 'gzip'
  chooseDictionary?: ((source: FileHandle) => Promise<Dictionary | undefined>) | undefined
  onRead?: OnRead
}>

/** Returns the compressed copy of an outbox file, reused or newly made; `undefined` when the file is gone. */
export async function spool(
  disk: Disk,
  folders: Folders,
  file: OutboxFile,
  { encoding, chooseDictionary, onRead = () => {} }: SpoolOptions,
): Promise<Spooled | undefined> {
  const sidecar = await readSidecarText(disk, sidecarPath(folders, file.name))
  if (sidecar !== undefined) {
    const encodings: Encoding[] = chooseDictionary === undefined ? [encoding] : [DCZ, encoding]
    const kept = await findSpooled(disk, folders, file, {
      sidecar: objectIn(sidecar) as Spooled | undefined,
      encodings,
    })
    if (kept !== undefined) return kept
    await dropSpooled(disk, folders, file.name)
  }
  const source = await openWaiting(disk, file)
  if (source === undefined) return undefined
  try {
    const dictionary = await chooseDictionary?.(source)
    const compression: Compression = dictionary === undefined ? { encoding } : { encoding: DCZ, dictionary }
    const path = copyPath(folders, file.name, compression.encoding)
    const job = { file, path, compression, onRead }
    const spooled = await makeCopy(disk, source, job).catch(async (error) => {
      if (codeOf(error) !== 'EEXIST') throw error
      // An earlier attempt in this run failed before it wrote the sidecar of its copy.
      await dropSpooled(disk, folders, file.name)
      return makeCopy(disk, source, job)
    })
    await replace(disk, sidecarPath(folders, file.name), `${JSON.stringify(spooled)}\n`)
    return spooled
  } finally {
    await source.close()
  }
}

/** Removes a copy that has been sent. */
export async function dropSent(disk: Disk, folders: Folders, spooled: Pick<Spooled, 'name' | 'path'>): Promise<void> {
  for (const path of [sidecarPath(folders, spooled.name), resumeSidecarPath(spooled), spooled.path])
    await removeIfThere(disk, path)
}

/** Removes every copy of a file, with its sidecars. */
export async function dropSpooled(disk: Disk, folders: Folders, name: string): Promise<void> {
  await removeIfThere(disk, sidecarPath(folders, name))
  for (const ending of [RESUME_ENDING, ...Object.values(ENDINGS)])
    await removeIfThere(disk, join(folders.spool, name + ending))
}

/** Path of the sidecar that holds the server's address of a copy's resumable upload. */
export function resumeSidecarPath({ path, name }: Pick<Spooled, 'path' | 'name'>): string {
  return join(dirname(path), name + RESUME_ENDING)
}

/** Removes copies of files no longer in the outbox, and copies that an interrupted run left without a sidecar. */
export async function cleanSpool(disk: Disk, folders: Folders, waiting: readonly OutboxFile[]): Promise<void> {
  const entries = new Set(await disk.readdir(folders.spool))
  const names = new Set(waiting.map(({ name }) => name))
  for (const entry of entries) {
    const name = /^(.*\.jsonl)\.(?:dcz|zst|gz|json|resume)(?:\.part)?$/.exec(entry)?.[1]
    if (name === undefined || (names.has(name) && entries.has(name + SIDECAR_ENDING))) continue
    await removeIfThere(disk, join(folders.spool, entry))
  }
}

type ExistingCopy = Readonly<{ sidecar: Spooled | undefined; encodings: readonly Encoding[] }>

async function findSpooled(
  disk: Disk,
  folders: Folders,
  file: OutboxFile,
  { sidecar, encodings }: ExistingCopy,
): Promise<Spooled | undefined> {
  if (sidecar === undefined || !encodings.includes(sidecar.encoding) || !isUnchanged(sidecar, file)) return undefined
  const path = copyPath(folders, file.name, sidecar.encoding)
  const stats = await disk.lstat(path).catch(() => undefined)
  if (!stats?.isFile() || stats.size !== sidecar.spooledBytes) return undefined
  // The folder may have been moved, so the path in the sidecar is replaced by the current one.
  if (isUntouched(sidecar, file)) return { ...sidecar, path }
  return confirmByDigest(disk, folders, file, { ...sidecar, path })
}

/** The copy of a file whose ctime changed (linked, renamed, or written with its mtime reset): digests decide. */
async function confirmByDigest(
  disk: Disk,
  folders: Folders,
  file: OutboxFile,
  sidecar: Spooled,
): Promise<Spooled | undefined> {
  const digest = await digestOfFile(disk, file.path).catch(() => undefined)
  if (digest?.sha256 !== sidecar.sha256) return undefined
  const spooled: Spooled = { ...sidecar, ctimeMs: file.ctimeMs }
  await replace(disk, sidecarPath(folders, file.name), `${JSON.stringify(spooled)}\n`)
  return spooled
}

async function openWaiting(disk: Disk, file: OutboxFile): Promise<FileHandle | undefined> {
  try {
    return await openToRead(disk, file.path)
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return undefined
    if (codeOf(cause) === 'ELOOP') throw fileChanged(file, { cause })
    if (codeOf(cause) === 'EACCES' || codeOf(cause) === 'EPERM')
      throw new Problem('file_unreadable', file.name, { cause })
    throw cause
  }
}

type CopyJob = Readonly<{ file: OutboxFile; path: string; compression: Compression; onRead: OnRead }>

async function makeCopy(
  disk: Disk,
  source: FileHandle,
  { file, path, compression, onRead }: CopyJob,
): Promise<Spooled> {
  const before = await source.stat()
  if (!before.isFile()) throw fileChanged(file)
  const digester = new Digester()
  const spooledBytes = await writePart(disk, path, async (part) => {
    const written = await compress({ source, size: before.size, compression }, part, (chunk) => {
      digester.add(chunk)
      onRead(digester.bytes)
    })
    const after = await source.stat()
    if (!isUnchanged(fileStatsOf(before), fileStatsOf(after)) || digester.bytes !== after.size) throw fileChanged(file)
    return written
  })
  const { encoding } = compression
  const referred = compression.encoding === DCZ ? { dictionary: compression.dictionary.sha256 } : {}
  return { name: file.name, path, encoding, ...referred, spooledBytes, ...fileStatsOf(before), ...digester.digest() }
}

function fileChanged(file: OutboxFile, options?: ErrorOptions): Problem {
  return new Problem('file_changed', `${file.name} was written to while it was compressed`, options)
}

function copyPath(folders: Folders, name: string, encoding: Encoding): string {
  return join(folders.spool, name + ENDINGS[encoding])
}

function sidecarPath(folders: Folders, name: string): string {
  return join(folders.spool, name + SIDECAR_ENDING)
}
