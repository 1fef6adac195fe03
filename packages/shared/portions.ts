/** Reading a file from its beginning to its end in portions. */
import { type Disk, openToRead } from './disk.ts'

// Large ones: each is a call to the disk on another thread. Of a small file they would be all but wasted, and collected as garbage.
const FIRST_BYTES = 64 * 1024
const PORTION_BYTES = 1024 * 1024

/**
 * The bytes of a file, in portions of up to 1 MiB that may all lie in one buffer: one must be done with before the next is asked for.
 * Never follows a link.
 */
export async function* portionsOf(disk: Pick<Disk, 'open'>, path: string): AsyncGenerator<Buffer> {
  const file = await openToRead(disk, path)
  try {
    let buffer = Buffer.allocUnsafeSlow(FIRST_BYTES)
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, null)
      if (bytesRead === 0) return
      yield buffer.subarray(0, bytesRead)
      if (bytesRead === buffer.length && bytesRead < PORTION_BYTES) buffer = Buffer.allocUnsafeSlow(PORTION_BYTES)
    }
  } finally {
    await file.close()
  }
}
