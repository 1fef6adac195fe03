/**
 * The progress of the current load: a small file that the loader writes about once a second and the server reads. It is
 * neither synced nor replaced atomically: a reader that finds a part of it, or what a crash left, takes it as missing.
 */
import { constants } from 'node:fs'
import { join } from 'node:path'
import { type Disk, openToRead } from '@splitcart/shared/disk.ts'

/** How many of the bytes of an upload its load has read. */
export type LoadProgress = Readonly<{ upload_id: string; bytes: number; of_bytes: number }>

const NAME = '.update-db.progress'
const NOTE_MS_MIN = 1_000
const BYTES_MAX = 1_000
// Safe whatever has this name: no link is followed, and opening a FIFO does not block.
const FLAGS =
  constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)

/** A function that records how many bytes of an upload have been read; loads shorter than a second leave no file. */
export function progressRecorder(
  upload: Readonly<{ id: string; bytes: number }>,
  note: (progress: LoadProgress) => Promise<void>,
  steady: () => number = () => performance.now(),
): (bytes: number) => Promise<void> {
  let notedAt = steady()
  return async (bytes) => {
    if (steady() - notedAt < NOTE_MS_MIN) return
    await note({ upload_id: upload.id, bytes, of_bytes: upload.bytes })
    notedAt = steady()
  }
}

/** Writes the progress file. Errors are ignored: they must not end a load. */
export async function writeProgress(disk: Disk, folder: string, progress: LoadProgress): Promise<void> {
  const file = await disk.open(join(folder, NAME), FLAGS, 0o600).catch(() => undefined)
  await file?.write(JSON.stringify(progress)).catch(() => {})
  await file?.close().catch(() => {})
}

/** Reads the progress file, if there is one. */
export async function progressIn(disk: Disk, folder: string): Promise<LoadProgress | undefined> {
  const file = await openToRead(disk, join(folder, NAME)).catch(() => undefined)
  if (file === undefined) return undefined
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(BYTES_MAX), 0, BYTES_MAX, 0)
    const { upload_id, bytes, of_bytes } = JSON.parse(buffer.toString('utf8', 0, bytesRead))
    const isWhole = typeof upload_id === 'string' && Number.isSafeInteger(bytes) && Number.isSafeInteger(of_bytes)
    return isWhole ? { upload_id, bytes, of_bytes } : undefined
  } catch {
    return undefined
  } finally {
    await file.close()
  }
}
