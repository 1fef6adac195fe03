/** Reads a file in chunks for a compressor, a digest or a socket. */
import type { FileHandle } from 'node:fs/promises'
import { type Disk, openToRead } from '@splitcart/shared/disk.ts'

/** Maximum size of a chunk. */
export const CHUNK_BYTES = 64 * 1024

/** Reads an open file from byte `start` up to `end`; each chunk has its own buffer. */
async function* readChunks(
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

/** Reads a file from byte `start` up to `end`, and closes it. */
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
