/** The bytes of an upload, wherever its file lies: plain in the inbox or aside, compressed among the processed ones. */
import { dirname, join } from 'node:path'
import { createGunzip } from 'node:zlib'
import { Digester } from '@splitcart/shared/digest.ts'
import { codeOf, type Disk, openToRead } from '@splitcart/shared/disk.ts'
import { namesFor } from '@splitcart/shared/file-name.ts'
import { type Folders, foldersOfKind } from '../folders.ts'
import { DamagedPack, PACKED_ENDING, unpack } from './processed/packed.ts'

/** A file that may hold the bytes of an upload. */
export type Stored = Readonly<{
  path: string
  sha256: string
  isCompressed: boolean
  place: 'inbox' | 'held' | 'processed' | 'failed'
}>

const PLACES = [
  ['held', ''],
  ['processed', '.gz'],
  ['processed', PACKED_ENDING],
  ['failed', ''],
  ['inbox', ''],
] as const

type Named = Readonly<{ stored_as: string; sha256: string; kind: string }>

/** The bytes that are stored are not those that were accepted. */
export class DamagedFile extends Error {}

const PORTION_BYTES = 1024 * 1024

/** Finds the file of an upload that has been put away. The bytes decide, not the name: another upload may have had the same one. */
export async function findStored(disk: Disk, folders: Folders, upload: Named): Promise<Stored | undefined> {
  for (const stored of places(folders, upload)) if (await holdsItsBytes(disk, stored)) return stored
  return undefined
}

/** Finds the file of an upload among those that wait. */
export async function findInInbox(disk: Disk, folders: Folders, upload: Named): Promise<Stored | undefined> {
  for (const stored of places(folders, upload))
    if (stored.place === 'inbox' && (await holdsItsBytes(disk, stored))) return stored
  return undefined
}

/** Whether there is a file that may be an upload's, by its name alone. */
export async function liesInFolders(disk: Disk, folders: Folders, upload: Named): Promise<boolean> {
  for (const { path } of places(folders, upload)) {
    const found = await disk.lstat(path).catch((error: unknown) => codeOf(error))
    if (found !== 'ENOENT') return true
  }
  return false
}

function* places(all: Folders, { stored_as, sha256, kind }: Named): Generator<Stored> {
  const folders = foldersOfKind(all, kind)
  for (const name of namesFor(stored_as, sha256))
    for (const [place, ending] of PLACES)
      yield { path: join(folders[place], name + ending), sha256, isCompressed: ending !== '', place }
}

/** The bytes of a stored file. Throws a `DamagedFile` at the end when they are not those that were accepted. */
export async function* bytesOf(disk: Disk, { path, sha256, isCompressed }: Stored): AsyncGenerator<Buffer> {
  const digester = new Digester()
  for await (const portion of isCompressed ? decompressed(disk, path) : plainBytes(disk, path)) {
    digester.hash(portion)
    yield portion
  }
  const found = digester.digest().sha256
  if (found !== sha256) throw new DamagedFile(`${path} should have the SHA-256 ${sha256} and has ${found}`)
}

async function holdsItsBytes(disk: Disk, stored: Stored): Promise<boolean> {
  try {
    for await (const _ of bytesOf(disk, stored));
    return true
  } catch (error) {
    if (isDamage(error) || codeOf(error) === 'ENOENT') return false
    throw error
  }
}

/** The bytes of a file, in portions of 1 MiB that are all in one buffer: one must be done with before the next is asked for. */
export async function* plainBytes(disk: Disk, path: string): AsyncGenerator<Buffer> {
  const file = await openToRead(disk, path)
  try {
    const buffer = Buffer.allocUnsafe(PORTION_BYTES)
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, PORTION_BYTES, null)
      if (bytesRead === 0) return
      yield buffer.subarray(0, bytesRead)
    }
  } finally {
    await file.close()
  }
}

/** Whether an error says that the bytes of a file are not what they were. */
export function isDamage(error: unknown): boolean {
  return error instanceof DamagedFile || error instanceof DamagedPack || /^Z_/.test(codeOf(error))
}

/** The content of a file that is kept compressed or packed. */
export async function* decompressed(disk: Disk, path: string): AsyncGenerator<Buffer> {
  if (path.endsWith(PACKED_ENDING)) yield await unpack(disk, dirname(path), path)
  else yield* unzipped(disk, path)
}

async function* unzipped(disk: Disk, path: string): AsyncGenerator<Buffer> {
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
