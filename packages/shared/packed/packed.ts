/**
 * Packed files: each is compressed against a base, a file of the same company that is kept whole.
 *
 *   x.jsonl.dcz                       zstd with a base as dictionary (RFC 9842); its head names the base
 *   .bases/<company>.<sha256>.zst     a base
 *   how-to-read-dcz.txt               how to read them by hand
 *
 * Invariants:
 *  1. A base is durable before a file refers to it, and is removed only when no file does.
 *  2. A file refers to its base directly, never to another packed file: a damaged one affects no other.
 *  3. Packed bytes are decoded and compared with the original before they are returned.
 */
import { constants, zstdCompressSync } from 'node:zlib'
import { companyOfFirstRow } from '../dictionary/company.ts'
import {
  compressionOptions,
  DCZ_HEAD_BYTES,
  DICTIONARY_BYTES_MAX,
  dczHead,
  dictionarySha256In,
  isRawDictionary,
} from '../dictionary/dcz.ts'
import type { Disk } from '../disk.ts'
import {
  type Base,
  decodeZstd,
  type HashedBytes,
  intactBasesOf,
  listBases,
  makeBase,
  readBase,
  removeUnlessUsed,
  repairBase,
} from './bases.ts'
import { DamagedPack, isUnreadable } from './damage.ts'
import { readWhole } from './read-whole.ts'

export const PACKED_ENDING = '.dcz'
// Packing a smaller file saves less than a disk block.
const CONTENT_BYTES_MIN = 32 * 1024
// If packing leaves more than this share of the size compressed without a base, the file becomes a base of its own.
const USEFUL_SHARE = 0.2
// With a base of the same scraper version the share is 0.06 to 0.12, with another version 0.17 and more.
const SIMILAR_SHARE = 0.15
// Trying a base (reading, decoding, compressing a piece) takes a third of the time of packing the file.
const BASES_TRIED_MAX = 8
const PIECE_BYTES = 128 * 1024
// The lowest level that uses all of a dictionary: it ranks bases as well as the level for packing.
const PIECE_LEVEL = { [constants.ZSTD_c_compressionLevel]: 5 }

/** Whether a file of this size can be packed and gains from it. */
export function isPackable(bytes: number): boolean {
  return bytes >= CONTENT_BYTES_MIN && bytes <= DICTIONARY_BYTES_MAX
}

/** Packs a file for a folder, where its base is durable afterwards; undefined if it cannot be packed. */
export async function pack(disk: Disk, folder: string, content: HashedBytes): Promise<Buffer | undefined> {
  const { bytes } = content
  if (!isPackable(bytes.length) || !isRawDictionary(bytes)) return undefined
  const company = companyInFileName(companyOfFirstRow(bytes))
  await repairBase(disk, folder, content)
  const base = await mostSimilarBase(intactBasesOf(disk, folder, company), bytes)
  if (base !== undefined) {
    const packed = await packAgainst(base, bytes)
    if (sizeShare(packed.length, bytes.length, base) <= USEFUL_SHARE) return packed
  }
  return packAgainst(await makeBase(disk, folder, company, content), bytes)
}

/** The content of a packed file. Throws a `DamagedPack` if the file or its base is damaged or the base is missing. */
export async function unpack(disk: Disk, folder: string, path: string): Promise<Buffer> {
  const packed = await readWhole(disk, path)
  const sha256 = dictionarySha256In(packed)
  if (sha256 === undefined) throw new DamagedPack(`${path} does not say what it was packed with`)
  const base = await readBase(disk, folder, sha256)
  return decodeZstd(packed, base.bytes)
}

/** Reads the SHA-256 of its base from the head of a packed file; undefined if that is damaged. */
async function readBaseSha256(disk: Disk, path: string): Promise<string | undefined> {
  return dictionarySha256In(await readWhole(disk, path, DCZ_HEAD_BYTES))
}

/** Removes bases that no file refers to; removes none if the disk fails to read the head of a packed file (EIO). */
export async function removeUnusedBases(disk: Disk, folder: string): Promise<void> {
  const names = await listBases(disk, folder)
  if (names.length === 0) return
  const used = new Set<string>()
  try {
    for (const name of await disk.readdir(folder))
      if (name.endsWith(PACKED_ENDING)) used.add((await readBaseSha256(disk, `${folder}/${name}`)) ?? '')
  } catch (error) {
    if (!isUnreadable(error)) throw error
    return
  }
  for (const name of names) await removeUnlessUsed(disk, folder, name, used)
}

/** Packs synchronously: each thread of the pool would retain the memory of compressing a file, tens of MiB. */
async function packAgainst({ sha256, bytes: dictionary }: Base, bytes: Buffer): Promise<Buffer> {
  const frame = zstdCompressSync(bytes, compressionOptions(dictionary, bytes.length))
  const packed = Buffer.concat([dczHead(sha256), frame])
  if (!(await decodeZstd(packed, dictionary)).equals(bytes)) throw new Error('what was packed is not what was there')
  return packed
}

/**
 * The base against which a piece of the file packs smallest; undefined if none is large enough. Scrapes of one chain
 * differ more by scraper version than by store and date, and versions alternate.
 */
async function mostSimilarBase(bases: AsyncIterable<Base>, bytes: Buffer): Promise<Base | undefined> {
  const start = Math.max(0, Math.trunc((bytes.length - PIECE_BYTES) / 2))
  const piece = bytes.subarray(start, start + PIECE_BYTES)
  let best: Readonly<{ base: Base; share: number }> | undefined
  let tried = 0
  for await (const base of bases) {
    if (2 * base.bytes.length < bytes.length) continue
    const share = sizeShare(packedPieceBytes(piece, base.bytes), piece.length, base)
    if (best === undefined || share < best.share) best = { base, share }
    if (share <= SIMILAR_SHARE || ++tried === BASES_TRIED_MAX) break
  }
  return best?.base
}

function packedPieceBytes(piece: Buffer, dictionary: Buffer): number {
  const { params, ...options } = compressionOptions(dictionary, piece.length)
  return zstdCompressSync(piece, { ...options, params: { ...params, ...PIECE_LEVEL } }).length
}

/** Packed size as a share of the size without a base, which is estimated by the base's own compression ratio. */
function sizeShare(packedBytes: number, contentBytes: number, base: Base): number {
  return (packedBytes * base.bytes.length) / (base.packedBytes * contentBytes)
}

function companyInFileName(company: string): string {
  return company.replace(/[^a-z0-9]+/g, '-').slice(0, 40) || 'unknown'
}
