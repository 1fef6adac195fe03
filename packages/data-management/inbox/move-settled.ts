/** Moves a file out of the inbox when it has been dealt with. Nothing is deleted because it is bad (promise 8). */
import type { FileHandle } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip, constants as zlib } from 'node:zlib'
import type { Disk } from '@splitcart/shared/disk.ts'
import { checkLength, land, move, remove, removeIfThere, writePart } from '@splitcart/shared/durable-file.ts'
import { namesFor } from '@splitcart/shared/file-name.ts'
import type { LoadState } from '../catalogue/loads.ts'
import type { Folders } from '../folders.ts'
import { PACKED_ENDING, pack } from './processed/packed.ts'
import { plainBytes, type Stored } from './stored.ts'

const PORTION_BYTES = 256 * 1024

/** Where files are put. `packs`: loaded ones are packed against one another, instead of each compressed by itself. */
export type Putting = Readonly<{ disk: Disk; folders: Folders; packs?: boolean | undefined }>

/** Moves a file to where its state belongs: loaded files are compressed on the way. Safe to repeat after a crash. */
export async function moveSettled({ disk, folders, packs }: Putting, file: Stored, state: LoadState): Promise<void> {
  // What is compressed has been loaded once; it stays among the processed files whatever becomes of it later.
  if (file.isCompressed || file.place === PLACE_OF[state]) return
  const name = basename(file.path)
  if (state !== 'loaded') {
    await move(disk, file.path, folders[PLACE_OF[state]], namesFor(name, file.sha256))
    return
  }
  const packed = packs ? await pack(disk, folders.processed, file.path) : undefined
  const ending = packed === undefined ? '.gz' : PACKED_ENDING
  const part = join(folders.processed, `.${file.sha256}${ending}.part`)
  await removeIfThere(disk, part)
  await writePart(disk, part, (target) =>
    packed === undefined ? compress(disk, file.path, target) : writeAll(target, packed),
  )
  await land(disk, part, folders.processed, compressedNames(name, file.sha256, ending))
  await remove(disk, file.path)
}

async function writeAll(target: FileHandle, bytes: Buffer): Promise<void> {
  await target.appendFile(bytes)
  await checkLength(target, bytes.length)
}

/** Where the file of a load in each state lies. */
export const PLACE_OF = { loaded: 'processed', held: 'held', failed: 'failed' } as const

function* compressedNames(name: string, sha256: string, ending: string): Generator<string> {
  for (const each of namesFor(name, sha256)) yield each + ending
}

async function compress(disk: Disk, path: string, target: FileHandle): Promise<void> {
  // Level 1: the file is kept for replay only, and this is on the way to the next load.
  const gzip = createGzip({ level: zlib.Z_BEST_SPEED, chunkSize: PORTION_BYTES })
  // A portion is more than the stream takes before it has compressed it: then the next one is asked for.
  await pipeline(plainBytes(disk, path), gzip, async (compressed) => {
    let bytes = 0
    for await (const chunk of compressed as AsyncIterable<Buffer>) {
      await target.appendFile(chunk)
      bytes += chunk.length
    }
    // The file it is made of is removed next.
    await checkLength(target, bytes)
  })
}
