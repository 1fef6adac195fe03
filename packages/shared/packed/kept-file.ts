/**
 * Files that are kept for long, in whatever form: whole, compressed by itself, or packed. The bytes decide what a file is, never its name.
 */
import { dirname, join } from 'node:path'
import { createGunzip } from 'node:zlib'
import { Digester } from '../digest.ts'
import { codeOf, type Disk, openToRead } from '../disk.ts'
import { portionsOf } from '../portions.ts'
import { DamagedPack, isUnreadable } from './damage.ts'
import type { KeptForm } from './forms.ts'
import { PACKED_ENDING, unpack } from './packed.ts'

/** What a file ends in that takes fewer bytes than it came with. */
export const COMPACTED_ENDINGS = ['.gz', PACKED_ENDING] as const

/** What a file in each form ends in; it is looked for in this order. */
export const KEPT_ENDINGS = ['', ...COMPACTED_ENDINGS] as const

const DAMAGED_ENDING = '.damaged'

const PORTION_BYTES = 1024 * 1024

/** The name that a file had when it came; undefined: it is no file that is kept. */
export function nameKept(name: string): string | undefined {
  return /^([^.].*\.jsonl)(?:\.gz|\.dcz)?$/.exec(name)?.[1]
}

/** The name that a file had when it came which lies aside because it is damaged; undefined: it is none. */
export function nameAside(name: string): string | undefined {
  const aside = /^(.*)\.damaged(?:-\d)?$/.exec(name)?.[1]
  return aside === undefined ? undefined : nameKept(aside)
}

/** The names that a damaged file may get aside. */
export function namesAside(name: string): string[] {
  return [1, 2, 3, 4].map((times) => `${name}${DAMAGED_ENDING}${times > 1 ? `-${times}` : ''}`)
}

/** In which form a file is kept. */
export function formOf(path: string): KeptForm {
  if (path.endsWith(PACKED_ENDING)) return 'packed'
  return path.endsWith('.gz') ? 'gzip' : 'plain'
}

/** Where a file lies in the form in which it is kept; undefined: there is none. */
export async function findKept(disk: Disk, folder: string, name: string): Promise<string | undefined> {
  for (const ending of KEPT_ENDINGS) {
    const path = join(folder, name + ending)
    const seen = await disk.lstat(path).catch(unlessGone)
    if (seen?.isFile()) return path
  }
  return undefined
}

/** The content of a file in whatever form, in portions that may all lie in one place: one is done with before the next is asked for. */
export function keptContent(disk: Disk, path: string): AsyncGenerator<Buffer> {
  const form = formOf(path)
  if (form === 'packed') return unpacked(disk, path)
  return form === 'gzip' ? unzipped(disk, path) : portionsOf(disk, path)
}

/** The SHA-256 of the content of a file; undefined where it cannot be read. Throws `ENOENT` where there is none. */
export async function keptDigest(disk: Disk, path: string): Promise<string | undefined> {
  const digester = new Digester()
  try {
    for await (const portion of keptContent(disk, path)) digester.hash(portion)
  } catch (error) {
    if (!isUnreadable(error)) throw error
    return undefined
  }
  return digester.digest().sha256
}

/** The SHA-256 of the base that a file lacks, where that is why it cannot be read. */
export async function baseMissed(disk: Disk, path: string): Promise<string | undefined> {
  try {
    for await (const _ of keptContent(disk, path));
  } catch (error) {
    if (error instanceof DamagedPack) return error.base
    if (!isUnreadable(error)) unlessGone(error)
  }
  return undefined
}

async function* unpacked(disk: Disk, path: string): AsyncGenerator<Buffer> {
  yield await unpack(disk, dirname(path), path)
}

/** The content of a gzip file. */
export async function* unzipped(disk: Disk, path: string): AsyncGenerator<Buffer> {
  const file = await openToRead(disk, path)
  const source = file.createReadStream({ highWaterMark: PORTION_BYTES })
  const gunzip = createGunzip({ chunkSize: PORTION_BYTES })
  source.on('error', (error) => gunzip.destroy(error))
  try {
    yield* source.pipe(gunzip) as AsyncIterable<Buffer>
  } finally {
    gunzip.destroy()
    source.destroy()
    await file.close().catch(() => {})
  }
}

/** Nothing where a file is gone; throws all else. */
export function unlessGone(error: unknown): undefined {
  if (codeOf(error) !== 'ENOENT') throw error
}
