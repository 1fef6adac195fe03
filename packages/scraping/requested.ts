/**
 * Files that the server requests again, because its own copy of a loaded file was damaged by its disk. A copy from the
 * archive is put into the outbox and sent like any file: the server answers with the first receipt and keeps the bytes.
 *
 * After a crash the copy is in the outbox or not; the server repeats its request until it has the file.
 */
import type { Disk } from '@splitcart/shared/disk.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import type { Receipt } from '@splitcart/shared/receipt.ts'
import { HOUR_MS } from '@splitcart/shared/time.ts'
import { AnswerError, ForeignResponse } from './answer.ts'
import { receiptsIn } from './archive.ts'
import { realClock } from './clock.ts'
import { copyToOutbox } from './copy-to-outbox.ts'
import type { RequestedUploads } from './files-client.ts'
import type { Folders } from './folders.ts'
import { requeueAllForgotten } from './server-history.ts'
import { problemInfoOf } from './upload-events.ts'
import { emit, reportOnce, type UploadJob, type UploadRun } from './upload-job.ts'

const CHECKED_EVERY_MS = HOUR_MS

/** Copies requested files from the archive to the outbox, at most hourly; warns of those the archive lacks. */
export async function sendRequested(job: UploadJob, run: UploadRun): Promise<void> {
  const { clock = realClock() } = job
  if (!job.sendsRequested || clock.steady() - run.requestedCheckedAt < CHECKED_EVERY_MS) return
  run.requestedCheckedAt = clock.steady()
  const { uploads: wanted, history } = await job.client.requested().catch(noneIfServerError)
  if (history !== undefined) await requeueAllForgotten(job, run, history)
  if (wanted.length === 0) return
  const names = await archivedNames(job.disk, job.folders, wanted)
  for (const { sha256, filename } of wanted) {
    const name = names.get(sha256)
    const isThere = name !== undefined && (await copyToOutbox(job.disk, job.folders, { name, sha256 }))
    if (isThere) continue
    const problem = problemInfoOf(
      new Problem('kept_damaged', `the server asks for ${filename}, which the archive does not have whole`),
    )
    reportOnce(run, `requested ${sha256}`, () => emit(job, run, { type: 'warning', name: filename, problem }))
  }
}

/** Treats an error of the server as no requests, so that files are still sent; it is asked again later. */
function noneIfServerError(error: unknown): RequestedUploads {
  if (error instanceof AnswerError || error instanceof ForeignResponse || error instanceof Problem)
    return { uploads: [] }
  throw error
}

async function archivedNames(disk: Disk, folders: Folders, wanted: readonly Receipt[]): Promise<Map<string, string>> {
  const sums = new Set(wanted.map(({ sha256 }) => sha256))
  const names = new Map<string, string>()
  for await (const { name, receipt } of receiptsIn(disk, folders))
    if (sums.has(receipt.sha256)) names.set(receipt.sha256, name)
  return names
}
