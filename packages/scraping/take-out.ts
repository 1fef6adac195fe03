/** Taking a file out of the outbox, with all that was kept for sending it. */
import type { Disk } from '@splitcart/shared/disk.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import type { Folders } from './folders.ts'
import type { Waiting } from './outbox.ts'
import { moveWithSidecar } from './sidecar-move.ts'
import { dropSent, dropSpooled, type Spooled } from './spool.ts'
import { removeMark } from './whole-mark.ts'

/** A file that has been sent, where it goes, and the sidecar that goes with it. */
export type Leaving = Readonly<{ file: Waiting; spooled: Spooled; to: string; sidecarEnding: string; sidecar: object }>

/** Moves the file and returns the name it got. Throws `file_changed` where it is not what was sent; its copy is then worth nothing. */
export async function takeOut(disk: Disk, folders: Folders, leaving: Leaving): Promise<string> {
  const { file, spooled, to, sidecarEnding, sidecar } = leaving
  const { path, name } = file
  try {
    const moved = await moveWithSidecar(
      disk,
      { path, name, seen: spooled, sha256: spooled.sha256, sidecarEnding, sidecar },
      to,
    )
    await dropSent(disk, folders, spooled)
    await removeMark(disk, folders, spooled)
    return moved
  } catch (error) {
    if (error instanceof Problem && error.code === 'file_changed') await dropSpooled(disk, folders, name)
    throw error
  }
}
