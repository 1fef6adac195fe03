/** Bases: files stored whole, as zstd dictionaries against which other files of the company are compressed. */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { constants, zstdCompressSync, zstdDecompress } from 'node:zlib'
import { DICTIONARY_BYTES_MAX, LEVEL, windowLogFor } from '../dictionary/dcz.ts'
import { type Disk, isMissing, undefinedIfMissing } from '../disk.ts'
import { publish, removeIfThere, replace, syncFolder, writePart } from '../durable-file.ts'
import { makeFolder } from '../make-folder.ts'
import { DamagedPack, isUnreadable } from './damage.ts'
import { readWhole } from './read-whole.ts'

const BASES = '.bases'
const BASE_ENDING = '.zst'
const NOTE = 'how-to-read-dcz.txt'
// Each output chunk costs a round trip to another thread and a buffer, which is most of the time of decoding.
const CHUNK_BYTES = { least: 64 * 1024, most: 4 * 1024 * 1024 }
// Real scrapes have a higher compression ratio than this.
const EXPECTED_RATIO = 16

/** Bytes with their SHA-256. */
export type Content = Readonly<{ sha256: string; bytes: Buffer }>

export type Base = Content & Readonly<{ packedBytes: number }>

/** Stores bytes as the base for later files, with a note on how to read them. An intact base is reused. */
export async function makeBase(disk: Disk, folder: string, company: string, content: Content): Promise<Base> {
  const bases = join(folder, BASES)
  const { sha256, bytes } = content
  const sound = await soundBase(disk, folder, sha256)
  if (sound !== undefined) return sound
  await makeFolder(disk, bases)
  const params = { [constants.ZSTD_c_compressionLevel]: LEVEL, [constants.ZSTD_c_checksumFlag]: 1 }
  // On this thread, as what is packed (packed.ts).
  const packed = zstdCompressSync(bytes, { params })
  const name = `${company}.${sha256}${BASE_ENDING}`
  const part = join(bases, `.${sha256}.part`)
  await removeIfThere(disk, part)
  await writePart(disk, part, (target) => target.appendFile(packed))
  await explain(disk, folder)
  // An existing base with this SHA-256 is damaged: remove it.
  for (const each of await basesIn(disk, folder))
    if (sha256In(each) === sha256) await removeIfThere(disk, join(bases, each))
  await publish(disk, part, bases, [name])
  return { sha256, bytes, packedBytes: packed.length }
}

/** Rewrites the base with these bytes if there is one and it is damaged: files packed with it are readable again. */
export async function mendBase(disk: Disk, folder: string, content: Content): Promise<void> {
  const { sha256 } = content
  const name = (await basesIn(disk, folder)).find((each) => sha256In(each) === sha256)
  if (name === undefined) return
  await makeBase(disk, folder, name.slice(0, -`.${sha256}${BASE_ENDING}`.length), content)
}

/** The intact bases of a company, the newest first. */
export async function* basesOf(disk: Disk, folder: string, company: string): AsyncGenerator<Base> {
  const named: Array<{ sha256: string; at: number }> = []
  for (const name of await basesIn(disk, folder)) {
    const sha256 = sha256In(name)
    if (sha256 === undefined || name !== `${company}.${sha256}${BASE_ENDING}`) continue
    named.push({ sha256, at: (await disk.lstat(join(folder, BASES, name))).mtimeMs })
  }
  named.sort((one, other) => other.at - one.at)
  for (const { sha256 } of named) {
    const base = await soundBase(disk, folder, sha256)
    if (base !== undefined) yield base
  }
}

/** The base with a SHA-256. Throws a `DamagedPack` where it is damaged or gone. */
export async function baseOf(disk: Disk, folder: string, sha256: string): Promise<Base> {
  const name = (await basesIn(disk, folder)).find((each) => sha256In(each) === sha256)
  const path = join(folder, BASES, name ?? `…${sha256}${BASE_ENDING}`)
  const damaged = (options?: ErrorOptions) =>
    new DamagedPack(`${path} is ${name === undefined ? 'gone' : 'damaged'}`, { ...options, base: sha256 })
  if (name === undefined) throw damaged()
  const packed = await readWhole(disk, path)
  const bytes = await decodeZstd(packed).catch((cause) => {
    throw damaged({ cause })
  })
  if (withDigest(bytes).sha256 !== sha256) throw damaged()
  return { sha256, bytes, packedBytes: packed.length }
}

/** The names of all bases, and of unfinished parts of bases. */
export async function basesIn(disk: Disk, folder: string): Promise<string[]> {
  return (await disk.readdir(join(folder, BASES)).catch(undefinedIfMissing)) ?? []
}

/** Removes unfinished parts of bases, left by a process that died. */
export async function removeBaseParts(disk: Disk, folder: string): Promise<void> {
  for (const name of await basesIn(disk, folder))
    if (name.endsWith('.part')) await removeIfThere(disk, join(folder, BASES, name))
}

/** Removes a base unless its SHA-256 is in `wanted`. */
export async function removeBase(disk: Disk, folder: string, name: string, wanted: Set<string>): Promise<void> {
  if (!wanted.has(sha256In(name) ?? '')) await removeIfThere(disk, join(folder, BASES, name))
}

/** Decodes frames of zstd, with a dictionary where they need one. Throws a `DamagedPack`. */
export async function decodeZstd(packed: Buffer, dictionary?: Buffer): Promise<Buffer> {
  const params = { [constants.ZSTD_d_windowLogMax]: windowLogFor(dictionary) }
  // A file is about as long as its dictionary.
  const expected = dictionary?.length ?? EXPECTED_RATIO * packed.length
  const chunkSize = Math.min(CHUNK_BYTES.most, Math.max(CHUNK_BYTES.least, expected + 1))
  const options = { params, chunkSize, maxOutputLength: DICTIONARY_BYTES_MAX + 1, ...(dictionary && { dictionary }) }
  try {
    return await promisify(zstdDecompress)(packed, options)
  } catch (cause) {
    throw new DamagedPack('it cannot be decoded', { cause })
  }
}

/** An intact base; undefined if damaged or gone. Syncs its name, as the process that made it may have died before. */
async function soundBase(disk: Disk, folder: string, sha256: string): Promise<Base | undefined> {
  try {
    const base = await baseOf(disk, folder, sha256)
    await syncFolder(disk, join(folder, BASES))
    return base
  } catch (error) {
    if (!isUnreadable(error)) throw error
    return undefined
  }
}

/** Writes how to read packed files by hand, once. */
async function explain(disk: Disk, folder: string): Promise<void> {
  const path = join(folder, NOTE)
  if (await isMissing(disk, path)) await replace(disk, path, EXPLANATION)
}

const EXPLANATION = `Files that end in .jsonl.dcz hold what is new in them against a base, a file of the same company that is kept
whole in the folder .bases. Never remove a base: SplitCart removes those that no file needs.

To read one:            splitcart archive cat x.jsonl
To read them all:       splitcart archive export FOLDER
To look for damage:     splitcart archive verify

By hand, with zstd 1.4.5 or newer (bytes 9 to 40 of the file are the SHA-256 of its base):

  base=$(ls .bases/*.$(head -c 40 x.jsonl.dcz | tail -c 32 | xxd -p -c 32).zst)
  zstd -q -d "$base" -o /tmp/base.jsonl
  zstd -q -d --patch-from=/tmp/base.jsonl -c < x.jsonl.dcz > x.jsonl
`

function sha256In(name: string): string | undefined {
  return /\.([0-9a-f]{64})\.zst$/.exec(name)?.[1]
}

/** Bytes that are in memory, with their SHA-256. */
export function withDigest(bytes: Buffer): Content {
  return { sha256: createHash('sha256').update(bytes).digest('hex'), bytes }
}
