/** Reading a file from its beginning to its end in chunks. */
import { type Disk, openToRead } from './disk.ts'

// Large, because each read is a call on another thread; the first is small, to waste no memory on small files.
const FIRST_BYTES = 64 * 1024
const CHUNK_BYTES = 1024 * 1024

/**
 * The bytes of a file, in chunks of up to 1 MiB. They may share one buffer: finish with a chunk before requesting
 * the next. Never follows a link.
 */
export async function* chunksOf(disk: Pick<Disk, 'open'>, path: string): AsyncGenerator<Buffer> {
  const file = await openToRead(disk, path)
  try {
    let buffer = Buffer.allocUnsafeSlow(FIRST_BYTES)
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, null)
      if (bytesRead === 0) return
      yield buffer.subarray(0, bytesRead)
      if (bytesRead === buffer.length && bytesRead < CHUNK_BYTES) buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES)
    }
  } finally {
    await file.close()
  }
}
