/** Moves files that the server will never accept to product_refused, with the reason beside them; never deletes. */
import type { Disk } from '@splitcart/shared/disk.ts'
import type { AnswerError } from './answer.ts'
import type { Folders } from './folders.ts'
import { moveOutOfOutbox } from './move-out-of-outbox.ts'
import type { OutboxFile } from './outbox.ts'
import type { Spooled } from './spool.ts'

const PROBLEM_ENDING = '.problem.json'

/** Moves a file to product_refused, `<stem>.problem.json` first, and returns the name it got there. */
export async function refuse(
  disk: Disk,
  folders: Folders,
  sent: Readonly<{ file: OutboxFile; spooled: Spooled; error: AnswerError }>,
): Promise<string> {
  const { file, spooled, error } = sent
  const sidecar = { name: file.name, sha256: spooled.sha256, refused_at: new Date().toISOString(), ...problemOf(error) }
  return moveOutOfOutbox(disk, folders, { file, spooled, to: folders.refused, sidecarEnding: PROBLEM_ENDING, sidecar })
}

function problemOf(error: AnswerError): object {
  return error.document ?? { status: error.status, title: error.message }
}
