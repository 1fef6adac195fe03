/**
 * Compares archived files with their receipts. A file that a program went on writing to after it was sent, or rewrote
 * in the archive, is sent again: it goes back to the outbox.
 *
 *   size as the receipt says ──▶ untouched since it was compared last ──▶ fine
 *     │                            └──▶ digest as the receipt says ─────▶ fine, and noted
 *     ├──▶ shorter, and not written to since: damaged by the disk; reported
 *     └──▶ otherwise: back to the outbox, under its own name or a free one; reported
 */
import { join } from 'node:path'
import { codeOf } from '@splitcart/shared/disk.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import { type ArchivedFile, compareWithReceipt, fileStatsAt, isConcluded, receiptsIn, writeReceipt } from './archive.ts'
import { type FileStats, isUntouched } from './outbox.ts'
import { requeue } from './requeue.ts'
import { problemInfoOf } from './upload-events.ts'
import { emit, reportOnce, type UploadJob, type UploadRun } from './upload-job.ts'

const STATS_AT_ONCE = 32

/** Checks every archived file that has a receipt; one already compared in this run only if its stats changed. */
export async function checkArchive(job: UploadJob, run: UploadRun): Promise<void> {
  const { disk, folders } = job
  for await (const name of changedNames(job, run.compared)) run.compared.delete(name)
  // Packed files are skipped: they carry their own digest, and no program writes to them.
  const names = new Set(await disk.readdir(folders.archive))
  for await (const archived of receiptsIn(disk, folders, (name) => run.compared.has(name) || !names.has(name)))
    if (!job.signal.aborted)
      await checkOne(job, run, archived).catch((cause) => warnUnreadable(job, run, archived.name, cause))
}

/** Reports an unreadable file as a warning, so that other files are still sent. */
function warnUnreadable(job: UploadJob, run: UploadRun, name: string, cause: unknown): void {
  if (codeOf(cause) === '') throw cause
  const problem = problemInfoOf(new Problem('file_unreadable', `${name}: ${(cause as Error).message}`, { cause }))
  reportOnce(run, `${problem.code} ${name}`, () => emit(job, run, { type: 'warning', name, problem }))
}

async function checkOne(job: UploadJob, run: UploadRun, archived: ArchivedFile): Promise<void> {
  const { name, receipt } = archived
  if (isConcluded(receipt) && !receipt.load?.rejected) run.settled.add(name)
  const compared = await compareWithReceipt(job.disk, archived)
  if (compared === 'missing') return
  if (compared === 'changed') return returnToOutbox(job, run, archived)
  if (compared === 'damaged') return warnDamaged(job, run, archived)
  run.compared.set(name, compared)
  // Other receipts are rewritten anyway once the server has a newer state.
  if (isConcluded(receipt) && (receipt.file === undefined || !isUntouched(receipt.file, compared)))
    await writeReceipt(job.disk, { ...archived, receipt: { ...receipt, file: compared } })
}

/** Reports a file that the disk has cut. It stays: sent again, it would pass for a new scrape with fewer rows. */
function warnDamaged(job: UploadJob, run: UploadRun, { name, receipt }: ArchivedFile): void {
  const problem = problemInfoOf(new Problem('kept_damaged', `${name} is shorter than the ${receipt.bytes} bytes sent`))
  reportOnce(run, `${problem.code} ${name}`, () => emit(job, run, { type: 'warning', name, problem }))
}

async function returnToOutbox(job: UploadJob, run: UploadRun, archived: ArchivedFile): Promise<void> {
  const { name, receipt } = archived
  const moved = await requeue(job.disk, job.folders, archived)
  run.settled.delete(name)
  const file = await fileStatsAt(job.disk, moved.path)
  if (file !== undefined) run.sorter?.recordChange({ name: moved.name, ...file })
  const detail = `${name} is not what the server has as ${receipt.id}; it waits in the outbox as ${moved.name}`
  const problem = problemInfoOf(new Problem('archive_changed', detail))
  emit(job, run, { type: 'file', name: moved.name, state: 'returned', problem })
}

/** Names of files whose stats changed since they were compared, or that are gone. */
async function* changedNames(
  { disk, folders }: UploadJob,
  compared: ReadonlyMap<string, FileStats>,
): AsyncGenerator<string> {
  const all = [...compared]
  for (let at = 0; at < all.length; at += STATS_AT_ONCE) {
    const some = all.slice(at, at + STATS_AT_ONCE)
    const seen = await Promise.all(some.map(([name]) => fileStatsAt(disk, join(folders.archive, name))))
    for (const [index, [name, before]] of some.entries()) {
      const now = seen[index]
      if (now === undefined || !isUntouched(now, before)) yield name
    }
  }
}
