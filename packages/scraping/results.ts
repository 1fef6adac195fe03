/** Bringing home what the server made of earlier uploads: the new receipt, and the rows it rejected. */
import { Problem } from '@splitcart/shared/problem.ts'
import { isFinal, type Receipt } from '@splitcart/shared/receipt.ts'
import { AnswerError } from './answer.ts'
import { type Archived, settle, type Unsettled, unsettled } from './archive.ts'
import { deliver } from './delivery.ts'
import { requeue } from './requeue.ts'
import { troubleOf } from './upload-events.ts'
import { type Job, once, pausing, type Run, tell } from './upload-job.ts'

/** How many uploads the server is still at work on, and how many it had forgotten: their files wait in the outbox again. */
export type Results = Readonly<{ unfinished: number; forgotten: number }>

/** Asks for every upload that is not settled. */
export async function bringHome(job: Job, run: Run): Promise<Results> {
  let [unfinished, forgotten] = [0, 0]
  for (const archived of await unsettled(job.disk, job.folders, run.settled)) {
    if (job.signal.aborted) break
    const receipt = await askFor(job, run, archived)
    if (receipt === undefined) continue
    if (receipt === 'unknown') {
      if (await sendAgain(job, run, archived)) forgotten++
    } else if (!isFinal(receipt)) unfinished++
    else if (isNews(archived, receipt)) await takeHome(job, run, { ...archived, receipt })
  }
  return { unfinished, forgotten }
}

/** Keeps a final receipt, with the rejected rows, and tells it. */
export async function takeHome(job: Job, run: Run, archived: Archived): Promise<void> {
  const { name, receipt } = archived
  const file = run.compared.get(name)
  const kept = file === undefined ? archived : { ...archived, receipt: { ...receipt, file } }
  try {
    // One after the other with the moves: the outbox may hold the same bytes twice, and both become one file of the archive.
    await deliver(
      () => run.moves.next(() => settle(job.disk, kept, job.client.rejects(receipt.id))),
      job.patience,
      pausing(job, run, name),
    )
  } catch (error) {
    return warnOrThrow(job, run, name, error)
  }
  if (receipt.state === 'loaded' || receipt.state === 'held' || receipt.state === 'failed')
    tell(job, run, { type: 'file', name, state: receipt.state, receipt })
}

async function askFor(job: Job, run: Run, { name, receipt }: Archived): Promise<Receipt | 'unknown' | undefined> {
  try {
    const now = await deliver(() => job.client.receipt(receipt.id), job.patience, pausing(job, run, name))
    if (now === undefined) return 'unknown'
    if (now.sha256 !== receipt.sha256) throw new Problem('receipt_mismatch', `the upload ${receipt.id} is not ${name}`)
    return now
  } catch (error) {
    warnOrThrow(job, run, name, error)
    return undefined
  }
}

// Loaded and failed uploads are done with: only their rejects were missing, and those are lost with the upload.
async function sendAgain(job: Job, run: Run, archived: Archived): Promise<boolean> {
  const { name, receipt } = archived
  const isOver = receipt.state === 'loaded' || receipt.state === 'failed'
  const detail = `the upload ${receipt.id} of ${name}, which was ${receipt.state}`
  const problem = troubleOf(new Problem(isOver ? 'not_found' : 'upload_forgotten', detail))
  if (!isOver) await requeue(job.disk, job.folders, archived)
  once(run, `${problem.code} ${receipt.id}`, () => tell(job, run, { type: 'warning', name, problem }))
  return !isOver
}

// A held upload is asked for again and again; only what is new is worth writing and telling. A final state that was
// known before is taken home again when its rejects are missing.
function isNews({ receipt: before, lacksRejects }: Unsettled, now: Receipt): boolean {
  return before.state !== now.state || now.state !== 'held' || lacksRejects
}

function isAboutUpload(error: unknown): boolean {
  // A key may be allowed to upload and not to read: what waits is still sent.
  if (error instanceof AnswerError) return error.retry === 'never' || error.status === 403
  return error instanceof Problem && (error.code === 'not_found' || error.code === 'receipt_mismatch')
}

function warnOrThrow(job: Job, run: Run, name: string, error: unknown): void {
  if (!isAboutUpload(error)) throw error
  const problem = troubleOf(error)
  once(run, `${problem.code} ${name}`, () => tell(job, run, { type: 'warning', name, problem }))
}
