/**
 * Sending what waits: oldest first, several files at once where that is wanted.
 *
 * Invariants:
 *  1. Files are begun in their order; with one at a time they also arrive in it.
 *  2. What concerns the whole run (the server is away, or refuses the key) ends it once, with the first such error: no file is
 *     begun after it, and those that are on their way are not tried again.
 */
import { isFinal } from '@splitcart/shared/receipt.ts'
import type { Waiting } from './outbox.ts'
import { takeHome } from './results.ts'
import { uploadFile } from './upload-file.ts'
import type { Job, Run } from './upload-job.ts'

/** Sends the files; throws what ended the run before its time. */
export async function sendAll(job: Job, run: Run, files: readonly Waiting[]): Promise<void> {
  if (files.length === 0) return
  const end = new AbortController()
  const each: Job = { ...job, signal: AbortSignal.any([job.signal, end.signal]) }
  const faults: unknown[] = []
  const queue = files.values()
  const line = async () => {
    for (const file of queue) {
      if (each.signal.aborted) return
      await sendOne(each, run, file)
    }
  }
  const lines = Array.from({ length: job.concurrency ?? 1 }, () =>
    line().catch((fault) => {
      faults.push(fault)
      end.abort()
    }),
  )
  await Promise.all(lines)
  if (faults.length > 0) throw faults[0]
}

async function sendOne(job: Job, run: Run, file: Waiting): Promise<void> {
  const archived = await uploadFile(job, run, file)
  // The first receipt of bytes that were sent before may tell the end of the story already.
  if (archived !== undefined && isFinal(archived.receipt)) await takeHome(job, run, archived)
}
