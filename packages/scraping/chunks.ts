/** Reading a file in portions that a compressor, a digest or a socket takes one after the other. */
import type { FileHandle } from 'node:fs/promises'
import { type Disk, openToRead } from '@splitcart/shared/disk.ts'

/** How much is read at once. */
export const CHUNK_BYTES = 64 * 1024

/** An open file from a byte on, up to another one where one is named; each chunk in memory of its own. */
export async function* readChunks(
  file: FileHandle,
  start: number,
  end = Number.POSITIVE_INFINITY,
): AsyncGenerator<Buffer<ArrayBuffer>> {
  for (let at = start; at < end; ) {
    const length = Math.min(CHUNK_BYTES, end - at)
    const buffer = Buffer.allocUnsafeSlow(length)
    const { bytesRead } = await file.read(buffer, 0, length, at)
    if (bytesRead === 0) return
    at += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}

/** A file in chunks, from a byte on, up to another one where one is named. */
export async function* chunksOf(
  disk: Disk,
  path: string,
  start = 0,
  end = Number.POSITIVE_INFINITY,
): AsyncGenerator<Buffer<ArrayBuffer>> {
  const file = await openToRead(disk, path)
  try {
    yield* readChunks(file, start, end)
  } finally {
    await file.close()
  }
}
