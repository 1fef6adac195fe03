/** Bringing home what the server made of earlier uploads: the new receipt, and the rows it rejected. */
import { Problem } from '@splitcart/shared/problem.ts'
import { isFinal, type Receipt } from '@splitcart/shared/receipt.ts'
import { AnswerError } from './answer.ts'
import { type Archived, isOver, settle, type Unsettled, unsettled } from './archive.ts'
import { deliver } from './delivery.ts'
import type { Reject } from './rejects.ts'
import { requeue } from './requeue.ts'
import { endsRun, withPatienceFor } from './setback.ts'
import { troubleOf } from './upload-events.ts'
import { type Job, once, pausing, type Run, tell } from './upload-job.ts'

/**
 * How many uploads the server is still at work on; how many it had forgotten: their files wait in the outbox again; and what kept
 * this machine from asking for one or all of them.
 */
export type Results = Readonly<{ unfinished: number; forgotten: number; fault?: Error }>

type Fate = 'unfinished' | 'forgotten' | 'known'

const STREAK_MAX = 2

/** Asks for every upload that is not settled. What fails for one keeps no other waiting; two in a row stop the asking. */
export async function bringHome(job: Job, run: Run): Promise<Results> {
  const count = { unfinished: 0, forgotten: 0, known: 0 }
  let fault: Error | undefined
  let streak = 0
  for (const archived of await unsettled(job.disk, job.folders, run.settled)) {
    if (job.signal.aborted || streak >= STREAK_MAX) break
    try {
      count[await fateOf(withPatienceFor(job, run), run, archived)]++
      run.streak = streak = 0
    } catch (error) {
      if (endsRun(run, error) || !(error instanceof Problem || error instanceof AnswerError)) throw error
      fault ??= error
      streak++
      run.streak++
    }
  }
  return { ...count, ...(fault && { fault }) }
}

async function fateOf(job: Job, run: Run, archived: Unsettled): Promise<Fate> {
  const receipt = await askFor(job, run, archived)
  if (receipt === 'unknown') return (await sendAgain(job, run, archived)) ? 'forgotten' : 'known'
  if (receipt !== undefined && !isFinal(receipt)) return 'unfinished'
  if (receipt !== undefined && isNews(archived, receipt)) await takeHome(job, run, { ...archived, receipt })
  return 'known'
}

/** Keeps a final receipt; where its rejects cannot be had now, the next run asks for them. */
export async function takeHomeOrLater(job: Job, run: Run, archived: Archived): Promise<void> {
  try {
    await takeHome(job, run, archived)
  } catch (error) {
    if (endsRun(run, error) || !(error instanceof Problem || error instanceof AnswerError)) throw error
    run.streak++
  }
}

/** Keeps a final receipt, with the rejected rows, and tells it. */
export async function takeHome(job: Job, run: Run, archived: Archived): Promise<void> {
  const { name, receipt } = archived
  const file = run.compared.get(name)
  const kept = file === undefined ? archived : { ...archived, receipt: { ...receipt, file } }
  try {
    // One after the other with the moves: the outbox may hold the same bytes twice, and both become one file of the archive.
    await deliver(
      () => run.moves.run(() => settle(job.disk, kept, allRejects(job, receipt))),
      job.patience,
      pausing(job, run, name),
    )
  } catch (error) {
    return warnOrThrow(job, run, name, error)
  }
  const { state } = receipt
  if (state !== 'accepted' && state !== 'loading') tell(job, run, { type: 'file', name, state, receipt })
}

/** The rejects of an upload: as many as its receipt says, or it was not the whole answer. */
async function* allRejects({ client }: Job, { id, load }: Receipt): AsyncGenerator<Reject> {
  let count = 0
  for await (const reject of client.rejects(id)) {
    count++
    yield reject
  }
  const expected = load?.rejected ?? 0
  if (count !== expected)
    throw new Problem('answer_unknown', `of ${expected} rejects of the upload ${id} came ${count}`)
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

// Loaded, failed and delivered uploads are done with: only their rejects were missing, and those are lost with the upload.
async function sendAgain(job: Job, run: Run, archived: Archived): Promise<boolean> {
  const { name, receipt } = archived
  const isDone = isOver(receipt)
  const detail = `the upload ${receipt.id} of ${name}, which was ${receipt.state}`
  const problem = troubleOf(new Problem(isDone ? 'not_found' : 'upload_forgotten', detail))
  if (!isDone) await requeue(job.disk, job.folders, archived)
  once(run, `${problem.code} ${receipt.id}`, () => tell(job, run, { type: 'warning', name, problem }))
  return !isDone
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
