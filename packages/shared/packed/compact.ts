/**
 * Compacts a stored file some time after its arrival: packed against a base, or compressed by itself (gzip).
 *
 *   x.jsonl (or x.jsonl.gz) ──▶ its SHA-256 is right ──▶ x.jsonl.dcz or x.jsonl.gz, durable ──▶ the first one goes
 *
 * A crash in between leaves both: the next run finds the second one and removes the first.
 */
import type { Stats } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { DICTIONARY_BYTES_MAX } from '../dictionary/dcz.ts'
import { Digester } from '../digest.ts'
import { type Disk, isSame, openToRead, undefinedIfMissing } from '../disk.ts'
import { checkLength, move, publish, remove, removeIfThere, writePart } from '../durable-file.ts'
import { chunksOf } from '../file-chunks.ts'
import { namesFor } from '../file-name.ts'
import { type Content, withDigest } from './bases.ts'
import { DamagedFile, isUnreadable } from './damage.ts'
import { COMPACTED_ENDINGS, keptContent, keptDigest, namesAside, originalNameIn } from './kept-file.ts'
import { isPackable, PACKED_ENDING, pack } from './packed.ts'

const GZIP_BYTES = 256 * 1024

/**
 * A file to compact. `isRight`: whether the SHA-256 of its content is the expected one; `timeOf`: the modification
 * time of the result; `nameOnly`: the file is looked up by its own name only, so another file there moves aside.
 */
export type Compacting = Readonly<{
  path: string
  form: 'packed' | 'gzip'
  isRight: (sha256: string) => boolean | Promise<boolean>
  timeOf?: (seen: Stats) => Date
  nameOnly?: boolean
}>

/** The outcome. `kept`: left as it is, since no other form is better or the file was written to meanwhile. */
export type Compacted = 'compacted' | 'kept' | 'damaged'

/** Replaces a file by a compacted one in the same folder. Safe to repeat after a crash. */
export async function compact(
  disk: Disk,
  { path, form, isRight, timeOf = modifiedAt, nameOnly = false }: Compacting,
): Promise<Compacted> {
  const name = originalNameIn(basename(path))!
  const isPlain = basename(path) === name
  const seen = await disk.lstat(path)
  if (!seen.isFile()) return 'kept'
  const mayPack = form === 'packed' && isPackable(isPlain ? seen.size : await sizeUnzipped(disk, path))
  if (!mayPack && !isPlain) return 'kept'
  const read = await contentOf(disk, path, mayPack)
  // The content is longer than the size in its gzip trailer.
  if (read === 'too long') return 'kept'
  if (read === undefined || !(await isRight(read.sha256))) return 'damaged'
  const file = { path, name, seen, time: timeOf(seen), sha256: read.sha256, nameOnly }
  for (const ending of COMPACTED_ENDINGS) await removeIfThere(disk, partOf(file, ending))
  if (!(await isKeptAlready(disk, file))) {
    const packed = read.content && (await pack(disk, dirname(path), read.content))
    if (packed === undefined && !isPlain) return 'kept'
    if (!(await publishCompacted(disk, file, packed))) return 'kept'
  }
  if (!isSame(seen, await disk.lstat(path))) return 'kept'
  await remove(disk, path)
  return 'compacted'
}

/** Moves a damaged file out of the way, so that its name is free: nothing is deleted because it is bad. */
export async function setDamagedAside(disk: Disk, path: string): Promise<void> {
  await move(disk, path, dirname(path), namesAside(basename(path)))
}

type Read = Readonly<{ sha256: string; content?: Content }>

/** A file's SHA-256 and, if `inMemory`, its content or 'too long' for the memory; undefined if it is unreadable. */
async function contentOf(disk: Disk, path: string, inMemory: boolean): Promise<Read | 'too long' | undefined> {
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
  const content = withDigest(Buffer.concat(chunks))
  return { sha256: content.sha256, content }
}

type Compactable = Readonly<{
  path: string
  name: string
  seen: Stats
  time: Date
  sha256: string
  nameOnly: boolean
}>

function namesOf({ name, sha256, nameOnly }: Compactable): Iterable<string> {
  return nameOnly ? [name] : namesFor(name, sha256)
}

function modifiedAt({ mtime }: Stats): Date {
  return mtime
}

/** Whether a compacted file with the same content exists beside it. */
async function isKeptAlready(disk: Disk, file: Compactable): Promise<boolean> {
  const { path, sha256 } = file
  const endings = path.endsWith('.gz') ? [PACKED_ENDING] : COMPACTED_ENDINGS
  for (const each of namesOf(file))
    for (const ending of endings) {
      const found = await keptDigest(disk, join(dirname(path), each + ending)).catch(undefinedIfMissing)
      if (found === sha256) return true
    }
  return false
}

/** Writes the compacted file; false if the original was written to meanwhile. */
async function publishCompacted(disk: Disk, file: Compactable, packed: Buffer | undefined): Promise<boolean> {
  const { path, name, seen, time, nameOnly } = file
  const ending = packed === undefined ? '.gz' : PACKED_ENDING
  const part = partOf(file, ending)
  await writePart(disk, part, async (target) => {
    if (packed === undefined) await zipInto(disk, file, target)
    else {
      await target.appendFile(packed)
      await checkLength(target, packed.length)
    }
    await target.utimes(time, time)
  })
  if (!isSame(seen, await disk.lstat(path))) {
    await removeIfThere(disk, part)
    return false
  }
  const names = [...namesOf(file)].map((each) => each + ending)
  const taken = join(dirname(path), name + ending)
  // The file with that name has another content.
  if (nameOnly && (await disk.lstat(taken).catch(undefinedIfMissing)) !== undefined) await setDamagedAside(disk, taken)
  await publish(disk, part, dirname(path), names)
  return true
}

function partOf({ path, sha256 }: Compactable, ending: string): string {
  return join(dirname(path), `.${sha256}${ending}.part`)
}

/** The content length of a gzip file that this program wrote, from its trailer. */
async function sizeUnzipped(disk: Disk, path: string): Promise<number> {
  const file = await openToRead(disk, path)
  try {
    const { size } = await file.stat()
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, Math.max(0, size - 4))
    return bytesRead < 4 ? 0 : buffer.readUInt32LE()
  } finally {
    await file.close()
  }
}

async function zipInto(disk: Disk, { path, sha256 }: Compactable, target: FileHandle): Promise<void> {
  const digester = new Digester()
  const read = async function* () {
    for await (const chunk of chunksOf(disk, path)) {
      digester.hash(chunk)
      yield chunk
    }
  }
  let bytes = 0
  // A chunk is more than the stream takes before it has compressed it: then the next one is asked for.
  await pipeline(read(), createGzip({ chunkSize: GZIP_BYTES }), async (compressed) => {
    for await (const chunk of compressed as AsyncIterable<Buffer>) {
      await target.appendFile(chunk)
      bytes += chunk.length
    }
  })
  // Check the result: the original is removed next.
  await checkLength(target, bytes)
  if (digester.digest().sha256 !== sha256) throw new DamagedFile(`${path} changed while it was compressed`)
}
