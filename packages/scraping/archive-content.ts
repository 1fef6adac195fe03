/** Reads archived files, in whatever form they are kept. */
import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { DICTIONARY_BYTES_MAX } from '@splitcart/shared/dictionary/dcz.ts'
import { codeOf, type Disk } from '@splitcart/shared/disk.ts'
import { isUnreadable } from '@splitcart/shared/packed/damage.ts'
import { findKept, keptContent } from '@splitcart/shared/packed/kept-file.ts'

const BEGINNING_BYTES = 64 * 1024

/** The first bytes of an open file; does not move its read position. */
export async function beginningOf(file: Pick<FileHandle, 'read'>): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.allocUnsafeSlow(BEGINNING_BYTES), 0, BEGINNING_BYTES, 0)
  return buffer.subarray(0, bytesRead)
}

/** The first bytes of an archived file; undefined if it cannot be read. */
export async function beginningOfArchived(disk: Disk, folder: string, name: string): Promise<Buffer | undefined> {
  return readBeginning(disk, folder, { name, bytesMax: BEGINNING_BYTES })
}

/** All bytes of an archived file; undefined if it is missing, unreadable, too large, or has another SHA-256. */
export async function readArchivedFile(
  disk: Disk,
  folder: string,
  { name, sha256 }: Readonly<{ name: string; sha256: string }>,
): Promise<Buffer | undefined> {
  const bytes = await readBeginning(disk, folder, { name, bytesMax: DICTIONARY_BYTES_MAX + 1 })
  if (bytes === undefined || createHash('sha256').update(bytes).digest('hex') !== sha256) return undefined
  return bytes
}

type ReadRequest = Readonly<{ name: string; bytesMax: number }>

async function readBeginning(disk: Disk, folder: string, { name, bytesMax }: ReadRequest): Promise<Buffer | undefined> {
  const path = await findKept(disk, folder, name)
  return path === undefined ? undefined : await undefinedIfUnreadable(() => read(keptContent(disk, path), bytesMax))
}

/** Reads up to `bytesMax`. Chunks are copied, because their buffer may be reused by the next read. */
async function read(portions: AsyncIterable<Buffer>, bytesMax: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const portion of portions) {
    const chunk = Buffer.from(portion.subarray(0, bytesMax - bytes))
    bytes += chunk.length
    chunks.push(chunk)
    if (bytes === bytesMax) break
  }
  return Buffer.concat(chunks)
}

// The file was pruned or removed meanwhile, or this user may not read it.
const UNAVAILABLE = new Set(['ENOENT', 'EACCES', 'EPERM'])

/** Undefined if the bytes cannot be read: they only serve as a dictionary, so the file is sent without. */
async function undefinedIfUnreadable(reading: () => Promise<Buffer>): Promise<Buffer | undefined> {
  try {
    return await reading()
  } catch (error) {
    if (!UNAVAILABLE.has(codeOf(error)) && !isUnreadable(error)) throw error
    return undefined
  }
}
