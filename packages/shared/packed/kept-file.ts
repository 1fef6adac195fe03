/**
 * Kept files: files that were sent or loaded, in one of three forms: plain, gzip, or packed. The last two are called
 * compacted. A file is looked up by its name; the SHA-256 of its content tells whether it is intact.
 */
import { dirname, join } from 'node:path'
import { createGunzip } from 'node:zlib'
import { Digester } from '../digest.ts'
import { type Disk, openToRead, undefinedIfMissing } from '../disk.ts'
import { chunksOf } from '../file-chunks.ts'
import { DamagedPack, isUnreadable } from './damage.ts'
import type { KeptForm } from './forms.ts'
import { PACKED_ENDING, unpack } from './packed.ts'

/** The endings of compacted files. */
export const COMPACTED_ENDINGS = ['.gz', PACKED_ENDING] as const

/** The endings of all forms, in the order in which they are looked up. */
export const KEPT_ENDINGS = ['', ...COMPACTED_ENDINGS] as const

const DAMAGED_ENDING = '.damaged'

const CHUNK_BYTES = 1024 * 1024

/** The original name of a kept file; undefined if the name is not that of a kept file. */
export function originalNameIn(name: string): string | undefined {
  return /^([^.].*\.jsonl)(?:\.gz|\.dcz)?$/.exec(name)?.[1]
}

/** The original name of a damaged file that was set aside; undefined if the name is not that of one. */
export function originalNameOfDamaged(name: string): string | undefined {
  const aside = /^(.*)\.damaged(?:-\d)?$/.exec(name)?.[1]
  return aside === undefined ? undefined : originalNameIn(aside)
}

/** The names to try when a damaged file is set aside. */
export function namesForDamaged(name: string): string[] {
  return [1, 2, 3, 4].map((times) => `${name}${DAMAGED_ENDING}${times > 1 ? `-${times}` : ''}`)
}

/** The form of a kept file, by its ending. */
export function formOf(path: string): KeptForm {
  if (path.endsWith(PACKED_ENDING)) return 'packed'
  return path.endsWith('.gz') ? 'gzip' : 'plain'
}

/** Finds a kept file in any form by its original name; undefined if there is none. */
export async function findKept(disk: Disk, folder: string, name: string): Promise<string | undefined> {
  for (const ending of KEPT_ENDINGS) {
    const path = join(folder, name + ending)
    const seen = await disk.lstat(path).catch(undefinedIfMissing)
    if (seen?.isFile()) return path
  }
  return undefined
}

/** The content of a file in any form, in chunks that may share a buffer: use one before requesting the next. */
export function keptContent(disk: Disk, path: string): AsyncGenerator<Buffer> {
  const form = formOf(path)
  if (form === 'packed') return unpacked(disk, path)
  return form === 'gzip' ? gunzipped(disk, path) : chunksOf(disk, path)
}

/** The SHA-256 of the content of a file; undefined if it is unreadable. Throws `ENOENT` if it is missing. */
export async function keptDigest(disk: Disk, path: string): Promise<string | undefined> {
  const digester = new Digester()
  try {
    for await (const chunk of keptContent(disk, path)) digester.hash(chunk)
  } catch (error) {
    if (!isUnreadable(error)) throw error
    return undefined
  }
  return digester.digest().sha256
}

/** The SHA-256 of the base whose damage or loss makes a file unreadable; undefined otherwise. */
export async function findUnreadableBase(disk: Disk, path: string): Promise<string | undefined> {
  try {
    for await (const _ of keptContent(disk, path));
  } catch (error) {
    if (error instanceof DamagedPack) return error.base
    if (!isUnreadable(error)) undefinedIfMissing(error)
  }
  return undefined
}

async function* unpacked(disk: Disk, path: string): AsyncGenerator<Buffer> {
  yield await unpack(disk, dirname(path), path)
}

/** The content of a gzip file. */
export async function* gunzipped(disk: Disk, path: string): AsyncGenerator<Buffer> {
  const file = await openToRead(disk, path)
  const source = file.createReadStream({ highWaterMark: CHUNK_BYTES })
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES })
  source.on('error', (error) => gunzip.destroy(error))
  try {
    yield* source.pipe(gunzip) as AsyncIterable<Buffer>
  } finally {
    gunzip.destroy()
    source.destroy()
    await file.close().catch(() => {})
  }
}
