/** Bases: files kept whole, used as zstd dictionaries to compress other files of the same company. */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { constants, zstdCompressSync, zstdDecompress } from 'node:zlib'
import { COMPRESSION_LEVEL, DICTIONARY_BYTES_MAX, windowLogFor } from '../dictionary/dcz.ts'
import { type Disk, isMissing, undefinedIfMissing } from '../disk.ts'
import { publish, removeIfThere, replace, syncFolder, writePart } from '../durable-file.ts'
import { makeFolder } from '../make-folder.ts'
import { DamagedPack, isUnreadable } from './damage.ts'
import { readWhole } from './read-whole.ts'

const BASES_FOLDER = '.bases'
const BASE_ENDING = '.zst'
const INSTRUCTIONS_NAME = 'how-to-read-dcz.txt'
// Each output chunk takes a round trip to another thread and a buffer: most of the decoding time.
const CHUNK_BYTES = { least: 64 * 1024, most: 4 * 1024 * 1024 }
// Real scrapes have a higher compression ratio than this.
const EXPECTED_RATIO = 16

/** Bytes with their SHA-256. */
export type HashedBytes = Readonly<{ sha256: string; bytes: Buffer }>

export type Base = HashedBytes & Readonly<{ packedBytes: number }>

/** Stores bytes as the base for later files, with a note on how to read them. An intact base is reused. */
export async function makeBase(disk: Disk, folder: string, company: string, content: HashedBytes): Promise<Base> {
  const bases = join(folder, BASES_FOLDER)
  const { sha256, bytes } = content
  const sound = await intactBase(disk, folder, sha256)
  if (sound !== undefined) return sound
  await makeFolder(disk, bases)
  const params = { [constants.ZSTD_c_compressionLevel]: COMPRESSION_LEVEL, [constants.ZSTD_c_checksumFlag]: 1 }
  // Synchronous for the same reason as `packAgainst` in packed.ts.
  const packed = zstdCompressSync(bytes, { params })
  const name = `${company}.${sha256}${BASE_ENDING}`
  const part = join(bases, `.${sha256}.part`)
  await removeIfThere(disk, part)
  await writePart(disk, part, (target) => target.appendFile(packed))
  await writeInstructions(disk, folder)
  // An existing base with this SHA-256 is damaged: remove it.
  for (const each of await listBases(disk, folder))
    if (sha256InName(each) === sha256) await removeIfThere(disk, join(bases, each))
  await publish(disk, part, bases, [name])
  return { sha256, bytes, packedBytes: packed.length }
}

/** Rewrites the base with these bytes if it is there and damaged: files packed against it are readable again. */
export async function repairBase(disk: Disk, folder: string, content: HashedBytes): Promise<void> {
  const { sha256 } = content
  const name = (await listBases(disk, folder)).find((each) => sha256InName(each) === sha256)
  if (name === undefined) return
  await makeBase(disk, folder, name.slice(0, -`.${sha256}${BASE_ENDING}`.length), content)
}

/** The intact bases of a company, the newest first. */
export async function* intactBasesOf(disk: Disk, folder: string, company: string): AsyncGenerator<Base> {
  const named: Array<{ sha256: string; at: number }> = []
  for (const name of await listBases(disk, folder)) {
    const sha256 = sha256InName(name)
    if (sha256 === undefined || name !== `${company}.${sha256}${BASE_ENDING}`) continue
    named.push({ sha256, at: (await disk.lstat(join(folder, BASES_FOLDER, name))).mtimeMs })
  }
  named.sort((one, other) => other.at - one.at)
  for (const { sha256 } of named) {
    const base = await intactBase(disk, folder, sha256)
    if (base !== undefined) yield base
  }
}

/** The base with a SHA-256. Throws a `DamagedPack` where it is damaged or gone. */
export async function readBase(disk: Disk, folder: string, sha256: string): Promise<Base> {
  const name = (await listBases(disk, folder)).find((each) => sha256InName(each) === sha256)
  const path = join(folder, BASES_FOLDER, name ?? `…${sha256}${BASE_ENDING}`)
  const damaged = (options?: ErrorOptions) =>
    new DamagedPack(`${path} is ${name === undefined ? 'gone' : 'damaged'}`, { ...options, base: sha256 })
  if (name === undefined) throw damaged()
  const packed = await readWhole(disk, path)
  const bytes = await decodeZstd(packed).catch((cause) => {
    throw damaged({ cause })
  })
  if (hashBytes(bytes).sha256 !== sha256) throw damaged()
  return { sha256, bytes, packedBytes: packed.length }
}

/** The names of all bases, and of unfinished parts of bases. */
export async function listBases(disk: Disk, folder: string): Promise<string[]> {
  return (await disk.readdir(join(folder, BASES_FOLDER)).catch(undefinedIfMissing)) ?? []
}

/** Removes unfinished parts of bases, left by a process that died. */
export async function removeBaseParts(disk: Disk, folder: string): Promise<void> {
  for (const name of await listBases(disk, folder))
    if (name.endsWith('.part')) await removeIfThere(disk, join(folder, BASES_FOLDER, name))
}

/** Removes a base unless its SHA-256 is in `used`. */
export async function removeUnlessUsed(disk: Disk, folder: string, name: string, used: Set<string>): Promise<void> {
  if (!used.has(sha256InName(name) ?? '')) await removeIfThere(disk, join(folder, BASES_FOLDER, name))
}

/** Decodes frames of zstd, with a dictionary where they need one. Throws a `DamagedPack`. */
export async function decodeZstd(packed: Buffer, dictionary?: Buffer): Promise<Buffer> {
  const params = { [constants.ZSTD_d_windowLogMax]: windowLogFor(dictionary) }
  // The content is about as long as the base.
  const expected = dictionary?.length ?? EXPECTED_RATIO * packed.length
  const chunkSize = Math.min(CHUNK_BYTES.most, Math.max(CHUNK_BYTES.least, expected + 1))
  const options = { params, chunkSize, maxOutputLength: DICTIONARY_BYTES_MAX + 1, ...(dictionary && { dictionary }) }
  try {
    return await promisify(zstdDecompress)(packed, options)
  } catch (cause) {
    throw new DamagedPack('it cannot be decoded', { cause })
  }
}

/** An intact base; undefined if damaged or gone. Syncs its folder, as the process that made it may have died before. */
async function intactBase(disk: Disk, folder: string, sha256: string): Promise<Base | undefined> {
  try {
    const base = await readBase(disk, folder, sha256)
    await syncFolder(disk, join(folder, BASES_FOLDER))
    return base
  } catch (error) {
    if (!isUnreadable(error)) throw error
    return undefined
  }
}

/** Writes the instructions for reading packed files by hand, unless they exist. */
async function writeInstructions(disk: Disk, folder: string): Promise<void> {
  const path = join(folder, INSTRUCTIONS_NAME)
  if (await isMissing(disk, path)) await replace(disk, path, INSTRUCTIONS)
}

const INSTRUCTIONS = `Files that end in .jsonl.dcz hold what is new in them against a base, a file of the same company that is kept
whole in the folder .bases. Never remove a base: SplitCart removes those that no file needs.

To read one:            splitcart archive cat x.jsonl
To read them all:       splitcart archive export FOLDER
To look for damage:     splitcart archive verify

By hand, with zstd 1.4.5 or newer (bytes 9 to 40 of the file are the SHA-256 of its base):

  base=$(ls .bases/*.$(head -c 40 x.jsonl.dcz | tail -c 32 | xxd -p -c 32).zst)
  zstd -q -d "$base" -o /tmp/base.jsonl
  zstd -q -d --patch-from=/tmp/base.jsonl -c < x.jsonl.dcz > x.jsonl
`

function sha256InName(name: string): string | undefined {
  return /\.([0-9a-f]{64})\.zst$/.exec(name)?.[1]
}

/** Bytes with their SHA-256. */
export function hashBytes(bytes: Buffer): HashedBytes {
  return { sha256: createHash('sha256').update(bytes).digest('hex'), bytes }
}
