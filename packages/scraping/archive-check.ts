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
import { type Archived, compare, fileStatsAt, isOver, keepReceipt, receiptsIn } from './archive.ts'
import { type FileStats, isUntouched } from './outbox.ts'
import { requeue } from './requeue.ts'
import { problemInfoOf } from './upload-events.ts'
import { emit, type Job, once, type Run } from './upload-job.ts'

const LOOKS_AT_ONCE = 32

/** Checks every archived file that has a receipt; one already compared in this run only if its stats changed. */
export async function checkArchive(job: Job, run: Run): Promise<void> {
  const { disk, folders } = job
  for await (const name of touchedIn(job, run.compared)) run.compared.delete(name)
  // Packed files are skipped: they carry their own digest, and no program writes to them.
  const names = new Set(await disk.readdir(folders.archive))
  for await (const archived of receiptsIn(disk, folders, (name) => run.compared.has(name) || !names.has(name)))
    if (!job.signal.aborted) await checkOne(job, run, archived).catch((cause) => warn(job, run, archived.name, cause))
}

/** Reports an unreadable file as a warning, so that other files are still sent. */
function warn(job: Job, run: Run, name: string, cause: unknown): void {
  if (codeOf(cause) === '') throw cause
  const problem = problemInfoOf(new Problem('file_unreadable', `${name}: ${(cause as Error).message}`, { cause }))
  once(run, `${problem.code} ${name}`, () => emit(job, run, { type: 'warning', name, problem }))
}

async function checkOne(job: Job, run: Run, archived: Archived): Promise<void> {
  const { name, receipt } = archived
  if (isOver(receipt) && !receipt.load?.rejected) run.settled.add(name)
  const compared = await compare(job.disk, archived)
  if (compared === 'missing') return
  if (compared === 'changed') return goBack(job, run, archived)
  if (compared === 'damaged') return warnDamaged(job, run, archived)
  run.compared.set(name, compared)
  // Other receipts are rewritten anyway once the server has a newer state.
  if (isOver(receipt) && (receipt.file === undefined || !isUntouched(receipt.file, compared)))
    await keepReceipt(job.disk, { ...archived, receipt: { ...receipt, file: compared } })
}

/** Reports a file that the disk has cut. It stays: sent again, it would pass for a new scrape with fewer rows. */
function warnDamaged(job: Job, run: Run, { name, receipt }: Archived): void {
  const problem = problemInfoOf(new Problem('kept_damaged', `${name} is shorter than the ${receipt.bytes} bytes sent`))
  once(run, `${problem.code} ${name}`, () => emit(job, run, { type: 'warning', name, problem }))
}

async function goBack(job: Job, run: Run, archived: Archived): Promise<void> {
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
async function* touchedIn({ disk, folders }: Job, compared: ReadonlyMap<string, FileStats>): AsyncGenerator<string> {
  const all = [...compared]
  for (let at = 0; at < all.length; at += LOOKS_AT_ONCE) {
    const some = all.slice(at, at + LOOKS_AT_ONCE)
    const seen = await Promise.all(some.map(([name]) => fileStatsAt(disk, join(folders.archive, name))))
    for (const [index, [name, before]] of some.entries()) {
      const now = seen[index]
      if (now === undefined || !isUntouched(now, before)) yield name
    }
  }
}
