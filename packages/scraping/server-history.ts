/**
 * A server that has lost what it knew: its disk, or what came after the backup it was set back to. It names its history, and goes by another
 * name then. When the same address does, all of the archive is held against it, and what it does not know any more is sent again.
 *
 *   another name ─▶ archived uploads asked for ─▶ the unknown ones into the outbox ─▶ the name noted
 *
 * A crash before the note has all of it done again: what was sent meanwhile is known then.
 */
import { join } from 'node:path'
import { replace } from '@splitcart/shared/durable-file.ts'
import { findKept } from '@splitcart/shared/packed/kept-file.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import { type Archived, receiptsIn } from './archive.ts'
import { copyToOutbox } from './copy-to-outbox.ts'
import { deliver } from './delivery.ts'
import type { ServerHistory } from './files-client.ts'
import { requeueForgotten } from './requeue.ts'
import { readSidecar } from './sidecar.ts'
import { troubleOf } from './upload-events.ts'
import { type Job, pausing, type Run, tell } from './upload-job.ts'

const FILE_NAME = 'server-history.json'
const ASKED_AT_ONCE = 50

/** Puts what a server has forgotten into the outbox, if it has another history than when it was asked last. */
export async function sendForgotten(job: Job, run: Run, now: ServerHistory): Promise<void> {
  const path = join(job.folders.spool, FILE_NAME)
  const before = (await readSidecar(job.disk, path)) as Partial<ServerHistory> | undefined
  if (before?.server === now.server && before.history === now.history) return
  // Another address is another server, which may have been meant.
  if (before?.server === now.server) {
    const count = await putBack(job, run)
    if (job.signal.aborted) return
    if (count > 0) warn(job, run, `archived files that it does not know any more: ${count}, which are sent again`)
  }
  await replace(job.disk, path, `${JSON.stringify(now)}\n`)
}

/** Returns how many files the outbox has got. */
async function putBack(job: Job, run: Run): Promise<number> {
  const loaded = (await Array.fromAsync(receiptsIn(job.disk, job.folders))).filter(
    ({ receipt: { state } }) => state === 'loaded' || state === 'delivered',
  )
  let count = 0
  for (let index = 0; index < loaded.length && !job.signal.aborted; index += ASKED_AT_ONCE) {
    const some = loaded.slice(index, index + ASKED_AT_ONCE)
    const ids = some.map(({ receipt }) => receipt.id)
    const known = await deliver(() => job.client.known(ids), job.patience, pausing(job, run, some[0]!.name))
    for (const archived of some) if (!known.has(archived.receipt.id) && (await toOutbox(job, run, archived))) count++
  }
  return count
}

/** A file that lies as it came is moved, one that is packed copied; false where the archive has neither. */
async function toOutbox(job: Job, run: Run, archived: Archived): Promise<boolean> {
  const { disk, folders } = job
  const { name, path, receipt } = archived
  if ((await findKept(disk, folders.archive, name)) !== path)
    return copyToOutbox(disk, folders, { name, sha256: receipt.sha256 })
  return requeueForgotten(job, run, archived)
}

function warn(job: Job, run: Run, detail: string): void {
  tell(job, run, { type: 'warning', name: 'archive', problem: troubleOf(new Problem('upload_forgotten', detail)) })
}
