/** The bytes of archived files. */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { DICTIONARY_BYTES_MAX } from '@splitcart/shared/dictionary/dcz.ts'
import { codeOf, type Disk } from '@splitcart/shared/disk.ts'
import { chunksOf } from './chunks.ts'

const BEGINNING_BYTES = 64 * 1024

/** The first bytes of a file; undefined where there is none. */
export async function beginningOf(disk: Disk, path: string): Promise<Buffer | undefined> {
  return read(disk, path, BEGINNING_BYTES)
}

/** All bytes of an archived file; undefined where they are not there, or are others. */
export async function contentOf(
  disk: Disk,
  folder: string,
  { name, sha256 }: Readonly<{ name: string; sha256: string }>,
): Promise<Buffer | undefined> {
  const bytes = await read(disk, join(folder, name), DICTIONARY_BYTES_MAX + 1)
  if (bytes === undefined || createHash('sha256').update(bytes).digest('hex') !== sha256) return undefined
  return bytes
}

async function read(disk: Disk, path: string, bytesMax: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  try {
    for await (const chunk of chunksOf(disk, path, 0, bytesMax)) chunks.push(chunk)
  } catch (error) {
    // Pruned meanwhile, or taken away.
    if (codeOf(error) !== 'ENOENT') throw error
    return undefined
  }
  return Buffer.concat(chunks)
}
