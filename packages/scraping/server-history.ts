/**
 * Detects a server that lost data, because its disk was lost or a backup was restored: it then reports another history
 * id. When that happens at the same address, every archived upload is checked, and unknown ones are sent again.
 *
 *   another id ─▶ archived uploads asked for ─▶ the unknown ones into the outbox ─▶ the id stored
 *
 * A crash before the last step repeats all of it; uploads sent meanwhile are known by then.
 */
import { join } from 'node:path'
import { replace } from '@splitcart/shared/durable-file.ts'
import { findKept } from '@splitcart/shared/packed/kept-file.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import { type ArchivedFile, receiptsIn } from './archive.ts'
import { copyToOutbox } from './copy-to-outbox.ts'
import type { ServerHistory } from './files-client.ts'
import { requeueForgotten } from './requeue.ts'
import { withRetries } from './retries.ts'
import { readSidecar } from './sidecar.ts'
import { problemInfoOf } from './upload-events.ts'
import { emit, retryHooks, type UploadJob, type UploadRun } from './upload-job.ts'

const FILE_NAME = 'server-history.json'
const ASKED_AT_ONCE = 50

/** Puts forgotten files into the outbox if the server's history differs from the stored one. */
export async function requeueAllForgotten(job: UploadJob, run: UploadRun, now: ServerHistory): Promise<void> {
  const path = join(job.folders.spool, FILE_NAME)
  const before = (await readSidecar(job.disk, path)) as Partial<ServerHistory> | undefined
  if (before?.server === now.server && before.history === now.history) return
  // Another address is another server, probably on purpose: nothing is sent again.
  if (before?.server === now.server) {
    const count = await putBack(job, run)
    if (job.signal.aborted) return
    if (count > 0) warn(job, run, `archived files that it does not know any more: ${count}, which are sent again`)
  }
  await replace(job.disk, path, `${JSON.stringify(now)}\n`)
}

/** Returns the number of files put into the outbox. */
async function putBack(job: UploadJob, run: UploadRun): Promise<number> {
  const loaded = (await Array.fromAsync(receiptsIn(job.disk, job.folders))).filter(
    ({ receipt: { state } }) => state === 'loaded' || state === 'delivered',
  )
  let count = 0
  for (let index = 0; index < loaded.length && !job.signal.aborted; index += ASKED_AT_ONCE) {
    const some = loaded.slice(index, index + ASKED_AT_ONCE)
    const ids = some.map(({ receipt }) => receipt.id)
    const known = await withRetries(() => job.client.known(ids), job.patience, retryHooks(job, run, some[0]!.name))
    for (const archived of some) if (!known.has(archived.receipt.id) && (await toOutbox(job, run, archived))) count++
  }
  return count
}

/** Moves a plain file or copies a packed one to the outbox; false if the archive has neither. */
async function toOutbox(job: UploadJob, run: UploadRun, archived: ArchivedFile): Promise<boolean> {
  const { disk, folders } = job
  const { name, path, receipt } = archived
  if ((await findKept(disk, folders.archive, name)) !== path)
    return copyToOutbox(disk, folders, { name, sha256: receipt.sha256 })
  return requeueForgotten(job, run, archived)
}

function warn(job: UploadJob, run: UploadRun, detail: string): void {
  emit(job, run, { type: 'warning', name: 'archive', problem: problemInfoOf(new Problem('upload_forgotten', detail)) })
}
