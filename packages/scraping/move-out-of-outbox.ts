/** Moves a file out of the outbox and removes its spooled copy and mark. */
import type { Disk } from '@splitcart/shared/disk.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import type { Folders } from './folders.ts'
import type { OutboxFile } from './outbox.ts'
import { moveWithSidecar } from './sidecar-move.ts'
import { dropSent, dropSpooled, type Spooled } from './spool.ts'
import { removeMark } from './whole-mark.ts'

/** A sent file, its target folder, and its sidecar. */
export type MoveRequest = Readonly<{
  file: OutboxFile
  spooled: Spooled
  to: string
  sidecarEnding: string
  sidecar: object
}>

/** Moves the file and returns its new name. Throws `file_changed`, and drops its copy, if it is not what was sent. */
export async function moveOutOfOutbox(disk: Disk, folders: Folders, leaving: MoveRequest): Promise<string> {
  const { file, spooled, to, sidecarEnding, sidecar } = leaving
  const { path, name } = file
  try {
    const moved = await moveWithSidecar(
      disk,
      { path, name, sentStats: spooled, sha256: spooled.sha256, sidecarEnding, sidecar },
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
