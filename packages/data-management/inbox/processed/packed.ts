/**
 * Loaded files, packed: each says only what is new against a base, a file of the same company that is kept whole.
 *
 *   product_processed/x.jsonl.dcz                       zstd with a base as dictionary (RFC 9842); its head names the base
 *   product_processed/.bases/<company>.<sha256>.zst     a base
 *
 *   no base, or one that is of little use ──▶ the file itself becomes a base (durable) ──▶ the packed file (durable) ──▶ the plain one goes
 *
 * Invariants:
 *  1. A base is durable before a file refers to it, and goes only when none does.
 *  2. A file is one step from its base, so a damaged file harms no other one.
 *  3. What is packed is decoded and compared before the plain file goes.
 */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { constants, zstdCompress, zstdDecompress } from 'node:zlib'
import { companyIn } from '@splitcart/shared/dictionary/company.ts'
import {
  DCZ_HEAD_BYTES,
  DICTIONARY_BYTES_MAX,
  dczHead,
  dictionaryNamedIn,
  isDictionary,
  windowLogFor,
  withDictionary,
} from '@splitcart/shared/dictionary/dcz.ts'
import { codeOf, type Disk, openToRead } from '@splitcart/shared/disk.ts'
import { land, removeIfThere, writePart } from '@splitcart/shared/durable-file.ts'
import { makeFolder } from '@splitcart/shared/make-folder.ts'

export const PACKED_ENDING = '.dcz'
const BASES = '.bases'
const BASE_ENDING = '.zst'
// A smaller file saves less than its block on the disk.
const CONTENT_BYTES_MIN = 32 * 1024
// Of what the file would take by itself: beyond that it serves the files behind it better as their base.
const USEFUL_SHARE = 0.2
const LEVEL = 7

/** The bytes of a packed file, or of its base, are not what they were. */
export class DamagedPack extends Error {}

type Base = Readonly<{ sha256: string; bytes: Buffer; packedBytes: number }>

/** A file packed, to be written; undefined: it is kept as it was before there was packing. */
export async function pack(disk: Disk, processed: string, path: string): Promise<Buffer | undefined> {
  const bytes = await readWhole(disk, path, DICTIONARY_BYTES_MAX + 1)
  if (bytes.length < CONTENT_BYTES_MIN || !isDictionary(bytes)) return undefined
  const company = wordOf(companyIn(bytes))
  const base = await newestBase(disk, processed, company)
  const against = base && 2 * base.bytes.length >= bytes.length ? await packedWith(base, bytes) : undefined
  if (base !== undefined && against !== undefined && isUseful(against, bytes, base)) return against
  return packedWith(await makeBase(disk, processed, company, bytes), bytes)
}

/** The bytes of a packed file. Throws a `DamagedPack` when they cannot be had. */
export async function unpack(disk: Disk, processed: string, path: string): Promise<Buffer> {
  const packed = await readWhole(disk, path)
  const sha256 = dictionaryNamedIn(packed)
  if (sha256 === undefined) throw new DamagedPack(`${path} does not say what it was packed with`)
  const base = await baseOf(disk, processed, sha256)
  if (base === undefined)
    throw new DamagedPack(`${path} was packed with ${sha256}, which is not in ${join(processed, BASES)}`)
  return decoded(packed, base.bytes)
}

/** Removes what was left of bases when a program died that was making them. */
export async function removeBaseParts(disk: Disk, processed: string): Promise<void> {
  for (const name of await basesIn(disk, processed))
    if (name.endsWith('.part')) await removeIfThere(disk, join(processed, BASES, name))
}

/** Removes bases that no file refers to. */
export async function removeBases(disk: Disk, processed: string): Promise<void> {
  const names = await basesIn(disk, processed)
  if (names.length === 0) return
  const wanted = new Set<string>()
  for (const name of await disk.readdir(processed))
    if (name.endsWith(PACKED_ENDING))
      wanted.add(dictionaryNamedIn(await readWhole(disk, join(processed, name), DCZ_HEAD_BYTES)) ?? '')
  for (const name of names)
    if (!wanted.has(sha256In(name) ?? '')) await removeIfThere(disk, join(processed, BASES, name))
}

async function packedWith({ sha256, bytes: dictionary }: Base, bytes: Buffer): Promise<Buffer> {
  const packed = Buffer.concat([
    dczHead(sha256),
    await promisify(zstdCompress)(bytes, withDictionary(dictionary, bytes.length)),
  ])
  if (!(await decoded(packed, dictionary)).equals(bytes)) throw new Error('what was packed is not what was there')
  return packed
}

function isUseful(packed: Buffer, bytes: Buffer, base: Base): boolean {
  return packed.length <= (USEFUL_SHARE * base.packedBytes * bytes.length) / base.bytes.length
}

async function makeBase(disk: Disk, processed: string, company: string, bytes: Buffer): Promise<Base> {
  const folder = join(processed, BASES)
  await makeFolder(disk, folder)
  const sha256 = sha256Of(bytes)
  const params = { [constants.ZSTD_c_compressionLevel]: LEVEL, [constants.ZSTD_c_checksumFlag]: 1 }
  const packed = await promisify(zstdCompress)(bytes, { params })
  const part = join(folder, `.${sha256}.part`)
  await removeIfThere(disk, part)
  await writePart(disk, part, (target) => target.appendFile(packed))
  await land(disk, part, folder, [`${company}.${sha256}${BASE_ENDING}`])
  return { sha256, bytes, packedBytes: packed.length }
}

/** The base that was made last for a company, where its bytes are what they were. */
async function newestBase(disk: Disk, processed: string, company: string): Promise<Base | undefined> {
  let newest: { sha256: string; at: number } | undefined
  for (const name of await basesIn(disk, processed)) {
    const sha256 = sha256In(name)
    if (sha256 === undefined || name !== `${company}.${sha256}${BASE_ENDING}`) continue
    const { mtimeMs: at } = await disk.lstat(join(processed, BASES, name))
    if (newest === undefined || at > newest.at) newest = { sha256, at }
  }
  return newest && (await baseOf(disk, processed, newest.sha256).catch(unlessDamaged))
}

async function baseOf(disk: Disk, processed: string, sha256: string): Promise<Base | undefined> {
  const name = (await basesIn(disk, processed)).find((each) => sha256In(each) === sha256)
  if (name === undefined) return undefined
  const path = join(processed, BASES, name)
  const packed = await readWhole(disk, path)
  const bytes = await decoded(packed)
  if (sha256Of(bytes) !== sha256) throw new DamagedPack(`${path} is damaged: what was packed with it cannot be read`)
  return { sha256, bytes, packedBytes: packed.length }
}

async function basesIn(disk: Disk, processed: string): Promise<string[]> {
  try {
    return await disk.readdir(join(processed, BASES))
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
    return []
  }
}

async function decoded(packed: Buffer, dictionary?: Buffer): Promise<Buffer> {
  const params = { [constants.ZSTD_d_windowLogMax]: windowLogFor(dictionary) }
  const options = { params, maxOutputLength: DICTIONARY_BYTES_MAX + 1, ...(dictionary && { dictionary }) }
  try {
    return await promisify(zstdDecompress)(packed, options)
  } catch (cause) {
    throw new DamagedPack('it cannot be decoded', { cause })
  }
}

async function readWhole(disk: Disk, path: string, bytesMax = Number.POSITIVE_INFINITY): Promise<Buffer> {
  const file = await openToRead(disk, path)
  try {
    const size = Math.min((await file.stat()).size, bytesMax)
    const buffer = Buffer.allocUnsafeSlow(size)
    for (let filled = 0; filled < size; ) {
      const { bytesRead } = await file.read(buffer, filled, size - filled, filled)
      if (bytesRead === 0) return buffer.subarray(0, filled)
      filled += bytesRead
    }
    return buffer
  } finally {
    await file.close()
  }
}

function unlessDamaged(error: unknown): undefined {
  if (!(error instanceof DamagedPack)) throw error
}

function sha256In(name: string): string | undefined {
  return /\.([0-9a-f]{64})\.zst$/.exec(name)?.[1]
}

function wordOf(company: string): string {
  return company.replace(/[^a-z0-9]+/g, '-').slice(0, 40) || 'unknown'
}

function sha256Of(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}
