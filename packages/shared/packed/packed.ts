/**
 * Packed files: each is compressed against a base, a file of the same company that is stored whole.
 *
 *   x.jsonl.dcz                       zstd with a base as dictionary (RFC 9842); its head names the base
 *   .bases/<company>.<sha256>.zst     a base
 *   how-to-read-dcz.txt               how to read them by hand
 *
 * Invariants:
 *  1. A base is durable before a file refers to it, and goes only when none does.
 *  2. A file is one step from its base, so a damaged file harms no other one.
 *  3. What is packed is decoded and compared before it is given.
 */
import { constants, zstdCompressSync } from 'node:zlib'
import { companyIn } from '../dictionary/company.ts'
import {
  DCZ_HEAD_BYTES,
  DICTIONARY_BYTES_MAX,
  dczHead,
  dictionaryNamedIn,
  isDictionary,
  withDictionary,
} from '../dictionary/dcz.ts'
import type { Disk } from '../disk.ts'
import {
  type Base,
  baseOf,
  basesIn,
  basesOf,
  type Content,
  decodeZstd,
  makeBase,
  mendBase,
  removeBase,
} from './bases.ts'
import { DamagedPack, isUnreadable } from './damage.ts'
import { readWhole } from './read-whole.ts'

export const PACKED_ENDING = '.dcz'
// A smaller file saves less than its block on the disk.
const CONTENT_BYTES_MIN = 32 * 1024
// Of the size compressed without a base: above this share, the file is stored whole, as a better base for later files.
const USEFUL_SHARE = 0.2
// A file of the same version of the scraper has 0.06 to 0.12, one of another version 0.17 and more.
const ALIKE_SHARE = 0.15
// Each costs a third of packing the file: it is read, decoded and tried.
const BASES_TRIED_MAX = 8
const PIECE_BYTES = 128 * 1024
// The lowest that finds what lies far back in a dictionary: it tells as much as the level of packing.
const PIECE_LEVEL = { [constants.ZSTD_c_compressionLevel]: 5 }

/** Whether a file of so many bytes is worth packing, and can be. */
export function isPackable(bytes: number): boolean {
  return bytes >= CONTENT_BYTES_MIN && bytes <= DICTIONARY_BYTES_MAX
}

/** Packs a file for a folder, where its base is durable afterwards; undefined if it cannot be packed. */
export async function pack(disk: Disk, folder: string, content: Content): Promise<Buffer | undefined> {
  const { bytes } = content
  if (!isPackable(bytes.length) || !isDictionary(bytes)) return undefined
  const company = wordOf(companyIn(bytes))
  await mendBase(disk, folder, content)
  const base = await mostAlike(basesOf(disk, folder, company), bytes)
  if (base !== undefined) {
    const packed = await packedWith(base, bytes)
    if (shareOf(packed.length, bytes.length, base) <= USEFUL_SHARE) return packed
  }
  return packedWith(await makeBase(disk, folder, company, content), bytes)
}

/** The content of a packed file. Throws a `DamagedPack` if the file or its base is damaged or the base is missing. */
export async function unpack(disk: Disk, folder: string, path: string): Promise<Buffer> {
  const packed = await readWhole(disk, path)
  const sha256 = dictionaryNamedIn(packed)
  if (sha256 === undefined) throw new DamagedPack(`${path} does not say what it was packed with`)
  const base = await baseOf(disk, folder, sha256)
  return decodeZstd(packed, base.bytes)
}

/** The SHA-256 of the base that a packed file names; undefined if its head is damaged. */
async function baseNamedBy(disk: Disk, path: string): Promise<string | undefined> {
  return dictionaryNamedIn(await readWhole(disk, path, DCZ_HEAD_BYTES))
}

/** Removes bases that no file refers to; removes none if the disk fails to read the head of a packed file (EIO). */
export async function removeBases(disk: Disk, folder: string): Promise<void> {
  const names = await basesIn(disk, folder)
  if (names.length === 0) return
  const wanted = new Set<string>()
  try {
    for (const name of await disk.readdir(folder))
      if (name.endsWith(PACKED_ENDING)) wanted.add((await baseNamedBy(disk, `${folder}/${name}`)) ?? '')
  } catch (error) {
    if (!isUnreadable(error)) throw error
    return
  }
  for (const name of names) await removeBase(disk, folder, name, wanted)
}

/** Packs synchronously: each thread of the pool would retain the memory of compressing a file, tens of MiB. */
async function packedWith({ sha256, bytes: dictionary }: Base, bytes: Buffer): Promise<Buffer> {
  const frame = zstdCompressSync(bytes, withDictionary(dictionary, bytes.length))
  const packed = Buffer.concat([dczHead(sha256), frame])
  if (!(await decodeZstd(packed, dictionary)).equals(bytes)) throw new Error('what was packed is not what was there')
  return packed
}

/**
 * The base with which a file is smallest, judged by a piece of it; undefined if none is large enough. Scrapes of one
 * chain differ more by the version of the scraper than by store and date, and versions take turns.
 */
async function mostAlike(bases: AsyncIterable<Base>, bytes: Buffer): Promise<Base | undefined> {
  const start = Math.max(0, Math.trunc((bytes.length - PIECE_BYTES) / 2))
  const piece = bytes.subarray(start, start + PIECE_BYTES)
  let best: Readonly<{ base: Base; share: number }> | undefined
  let tried = 0
  for await (const base of bases) {
    if (2 * base.bytes.length < bytes.length) continue
    const share = shareOf(packedPiece(piece, base.bytes), piece.length, base)
    if (best === undefined || share < best.share) best = { base, share }
    if (share <= ALIKE_SHARE || ++tried === BASES_TRIED_MAX) break
  }
  return best?.base
}

function packedPiece(piece: Buffer, dictionary: Buffer): number {
  const { params, ...options } = withDictionary(dictionary, piece.length)
  return zstdCompressSync(piece, { ...options, params: { ...params, ...PIECE_LEVEL } }).length
}

/** The size of packed bytes as a share of what the same bytes take without a base, which is judged by the base itself. */
function shareOf(packedBytes: number, contentBytes: number, base: Base): number {
  return (packedBytes * base.bytes.length) / (base.packedBytes * contentBytes)
}

function wordOf(company: string): string {
  return company.replace(/[^a-z0-9]+/g, '-').slice(0, 40) || 'unknown'
}
