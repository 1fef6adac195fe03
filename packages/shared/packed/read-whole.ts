/** Reads files that are small enough to lie in memory. */
import { type Disk, openToRead } from '../disk.ts'

/** The bytes of a file, or its first `bytesMax`; fewer if it shrinks meanwhile. */
export async function readWhole(disk: Disk, path: string, bytesMax = Number.POSITIVE_INFINITY): Promise<Buffer> {
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
