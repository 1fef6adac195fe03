/** Reading a file in portions that a compressor, a digest or a socket takes one after the other. */
import type { FileHandle } from 'node:fs/promises'
import { type Disk, openToRead } from '@splitcart/shared/disk.ts'

const CHUNK_BYTES = 64 * 1024

/** An open file from a byte on, each chunk in memory of its own. */
export async function* readChunks(file: FileHandle, start: number): AsyncGenerator<Buffer<ArrayBuffer>> {
  for (let at = start; ; ) {
    const buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES)
    const { bytesRead } = await file.read(buffer, 0, CHUNK_BYTES, at)
    if (bytesRead === 0) return
    at += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}

/** A file in chunks, from a byte on. */
export async function* chunksOf(disk: Disk, path: string, start = 0): AsyncGenerator<Buffer<ArrayBuffer>> {
  const file = await openToRead(disk, path)
  try {
    yield* readChunks(file, start)
  } finally {
    await file.close()
  }
}
