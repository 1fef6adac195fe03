/**
 * Compacts a kept file some time after its arrival: packed against a base, or compressed by itself (gzip).
 *
 *   x.jsonl (or x.jsonl.gz) ──▶ its SHA-256 is right ──▶ x.jsonl.dcz or x.jsonl.gz, durable ──▶ the original is removed
 *
 * A crash in between leaves both: the next run finds the compacted one and removes the original.
 */
import type { Stats } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { DICTIONARY_BYTES_MAX } from '../dictionary/dcz.ts'
import { Digester } from '../digest.ts'
import { type Disk, isUnchanged, openToRead, undefinedIfMissing } from '../disk.ts'
import { checkLength, move, publish, remove, removeIfThere, writePart } from '../durable-file.ts'
import { chunksOf } from '../file-chunks.ts'
import { candidateNames } from '../file-name.ts'
import { type HashedBytes, hashBytes } from './bases.ts'
import { DamagedFile, isUnreadable } from './damage.ts'
import { COMPACTED_ENDINGS, keptContent, keptDigest, namesForDamaged, originalNameIn } from './kept-file.ts'
import { isPackable, PACKED_ENDING, pack } from './packed.ts'

const GZIP_BYTES = 256 * 1024

/**
 * A file to compact. `isRight`: whether the SHA-256 of its content is the expected one; `timeOf`: the modification
 * time of the result; `nameOnly`: the file is looked up by its own name only, so another file there moves aside.
 */
export type CompactionRequest = Readonly<{
  path: string
  form: 'packed' | 'gzip'
  isRight: (sha256: string) => boolean | Promise<boolean>
  timeOf?: (seen: Stats) => Date
  nameOnly?: boolean
}>

/** The outcome. `kept`: not changed, as no other form is smaller or the file was written to meanwhile. */
export type CompactionOutcome = 'compacted' | 'kept' | 'damaged'

/** Replaces a file by a compacted one in the same folder. Safe to repeat after a crash. */
export async function compact(
  disk: Disk,
  { path, form, isRight, timeOf = ({ mtime }) => mtime, nameOnly = false }: CompactionRequest,
): Promise<CompactionOutcome> {
  const name = originalNameIn(basename(path))!
  const isPlain = basename(path) === name
  const seen = await disk.lstat(path)
  if (!seen.isFile()) return 'kept'
  const mayPack = form === 'packed' && isPackable(isPlain ? seen.size : await uncompressedSize(disk, path))
  if (!mayPack && !isPlain) return 'kept'
  const read = await readContent(disk, path, mayPack)
  // The gzip trailer has the length modulo 4 GiB, so the content may be longer than it says.
  if (read === 'too long') return 'kept'
  if (read === undefined || !(await isRight(read.sha256))) return 'damaged'
  const file = { path, name, seen, time: timeOf(seen), sha256: read.sha256, nameOnly }
  for (const ending of COMPACTED_ENDINGS) await removeIfThere(disk, partPath(file, ending))
  if (!(await hasCompactedCopy(disk, file))) {
    const packed = read.content && (await pack(disk, dirname(path), read.content))
    if (packed === undefined && !isPlain) return 'kept'
    if (!(await publishCompacted(disk, file, packed))) return 'kept'
  }
  if (!isUnchanged(seen, await disk.lstat(path))) return 'kept'
  await remove(disk, path)
  return 'compacted'
}

/** Renames a damaged file, so that its name is free. Damaged files are never deleted. */
export async function setDamagedAside(disk: Disk, path: string): Promise<void> {
  await move(disk, path, dirname(path), namesForDamaged(basename(path)))
}

type ReadContent = Readonly<{ sha256: string; content?: HashedBytes }>

/** A file's SHA-256 and, if `inMemory`, its content or 'too long' for the memory; undefined if it is unreadable. */
async function readContent(disk: Disk, path: string, inMemory: boolean): Promise<ReadContent | 'too long' | undefined> {
  if (!inMemory) {
    const sha256 = await keptDigest(disk, path)
    return sha256 === undefined ? undefined : { sha256 }
  }
  const chunks: Buffer[] = []
  let length = 0
  try {
    for await (const chunk of keptContent(disk, path)) {
      length += chunk.length
      if (length > DICTIONARY_BYTES_MAX) return 'too long'
      chunks.push(Buffer.from(chunk))
    }
  } catch (error) {
    if (!isUnreadable(error)) throw error
    return undefined
  }
  const content = hashBytes(Buffer.concat(chunks))
  return { sha256: content.sha256, content }
}

type FileToCompact = Readonly<{
  path: string
  name: string
  seen: Stats
  time: Date
  sha256: string
  nameOnly: boolean
}>

function targetNames({ name, sha256, nameOnly }: FileToCompact): Iterable<string> {
  return nameOnly ? [name] : candidateNames(name, sha256)
}

/** Whether a compacted file with the same content exists in the same folder. */
async function hasCompactedCopy(disk: Disk, file: FileToCompact): Promise<boolean> {
  const { path, sha256 } = file
  const endings = path.endsWith('.gz') ? [PACKED_ENDING] : COMPACTED_ENDINGS
  for (const each of targetNames(file))
    for (const ending of endings) {
      const found = await keptDigest(disk, join(dirname(path), each + ending)).catch(undefinedIfMissing)
      if (found === sha256) return true
    }
  return false
}

/** Writes the compacted file; false if the original was written to meanwhile. */
async function publishCompacted(disk: Disk, file: FileToCompact, packed: Buffer | undefined): Promise<boolean> {
  const { path, name, seen, time, nameOnly } = file
  const ending = packed === undefined ? '.gz' : PACKED_ENDING
  const part = partPath(file, ending)
  await writePart(disk, part, async (target) => {
    if (packed === undefined) await gzipInto(disk, file, target)
    else {
      await target.appendFile(packed)
      await checkLength(target, packed.length)
    }
    await target.utimes(time, time)
  })
  if (!isUnchanged(seen, await disk.lstat(path))) {
    await removeIfThere(disk, part)
    return false
  }
  const names = [...targetNames(file)].map((each) => each + ending)
  const taken = join(dirname(path), name + ending)
  // The file with that name has different content.
  if (nameOnly && (await disk.lstat(taken).catch(undefinedIfMissing)) !== undefined) await setDamagedAside(disk, taken)
  await publish(disk, part, dirname(path), names)
  return true
}

function partPath({ path, sha256 }: FileToCompact, ending: string): string {
  return join(dirname(path), `.${sha256}${ending}.part`)
}

/** The content length of a gzip file that this program wrote, from its trailer. */
async function uncompressedSize(disk: Disk, path: string): Promise<number> {
  const file = await openToRead(disk, path)
  try {
    const { size } = await file.stat()
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, Math.max(0, size - 4))
    return bytesRead < 4 ? 0 : buffer.readUInt32LE()
  } finally {
    await file.close()
  }
}

async function gzipInto(disk: Disk, { path, sha256 }: FileToCompact, target: FileHandle): Promise<void> {
  const digester = new Digester()
  const read = async function* () {
    for await (const chunk of chunksOf(disk, path)) {
      digester.hash(chunk)
      yield chunk
    }
  }
  let bytes = 0
  // A chunk exceeds the stream's buffer limit, so the next one is read only after this one is compressed.
  await pipeline(read(), createGzip({ chunkSize: GZIP_BYTES }), async (compressed) => {
    for await (const chunk of compressed as AsyncIterable<Buffer>) {
      await target.appendFile(chunk)
      bytes += chunk.length
    }
  })
  // Verified, because the original is removed next.
  await checkLength(target, bytes)
  if (digester.digest().sha256 !== sha256) throw new DamagedFile(`${path} changed while it was compressed`)
}
