/** Fetches the results of earlier uploads: the new receipt and the rejected rows. */
import { Problem } from '@splitcart/shared/problem.ts'
import { isFinal, type Receipt } from '@splitcart/shared/receipt.ts'
import { AnswerError } from './answer.ts'
import { type ArchivedFile, isConcluded, listUnsettled, type UnsettledFile, writeResult } from './archive.ts'
import { endsRun, withFewerTries } from './file-failure.ts'
import type { Reject } from './rejects.ts'
import { requeueForgotten } from './requeue.ts'
import { withRetries } from './retries.ts'
import { problemInfoOf } from './upload-events.ts'
import { emit, reportOnce, retryHooks, type UploadJob, type UploadRun } from './upload-job.ts'

/**
 * Number of uploads still in progress; number that the server has forgotten, whose files are back in the outbox; and
 * the first error that kept some or all of them from being asked for.
 */
export type Results = Readonly<{ unfinished: number; forgotten: number; fault?: Error }>

type UploadFate = 'unfinished' | 'forgotten' | 'known'

const STREAK_MAX = 2
const BATCH_MAX = 50

/** Fetches the result of every unsettled upload. A failure does not stop the others; two in a row do. */
export async function fetchResults(job: UploadJob, run: UploadRun): Promise<Results> {
  const count = { unfinished: 0, forgotten: 0, known: 0 }
  let fault: Error | undefined
  let streak = 0
  const open = (await listUnsettled(job.disk, job.folders, run.settled)).sort(byAge)
  const receipts = new Map<string, Receipt>()
  for (const [index, archived] of open.entries()) {
    if (job.signal.aborted || streak >= STREAK_MAX) break
    try {
      if (index % BATCH_MAX === 0 && (await areAllUnfinished(job, run, { open, index, receipts }))) {
        count.unfinished += open.length - index
        break
      }
      count[await fetchResult(withFewerTries(job, run), run, archived, receipts.get(archived.receipt.id))]++
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

type ResultBatch = Readonly<{ open: readonly UnsettledFile[]; index: number; receipts: Map<string, Receipt> }>

/**
 * Fetches the next uploads in one request. True if all from `index` on are unfinished: the server loads the oldest
 * first, so when the next ones and the last ones are unfinished, those between them are too.
 */
async function areAllUnfinished(
  job: UploadJob,
  run: UploadRun,
  { open, index, receipts }: ResultBatch,
): Promise<boolean> {
  const next = await fetchBatch(job, run, open.slice(index, index + BATCH_MAX), receipts)
  if (!next || open.length <= index + BATCH_MAX) return false
  return fetchBatch(job, run, open.slice(Math.max(index + BATCH_MAX, open.length - BATCH_MAX)), receipts)
}

/** Fetches some uploads into `receipts`; true if the server says that all of them are unfinished. */
async function fetchBatch(
  job: UploadJob,
  run: UploadRun,
  some: readonly UnsettledFile[],
  told: Map<string, Receipt>,
): Promise<boolean> {
  const ids = some.map(({ receipt }) => receipt.id)
  const receipts = await withRetries(() => job.client.receipts(ids), job.patience, retryHooks(job, run, some[0]!.name))
  for (const [id, receipt] of receipts) told.set(id, receipt)
  return some.every(({ receipt: { id, sha256 } }) => {
    const receipt = told.get(id)
    return receipt !== undefined && receipt.sha256 === sha256 && !isFinal(receipt)
  })
}

/** Sorts the oldest first: ids begin with their time. */
function byAge({ receipt: one }: UnsettledFile, { receipt: other }: UnsettledFile): number {
  return one.id < other.id ? -1 : 1
}

async function fetchResult(
  job: UploadJob,
  run: UploadRun,
  archived: UnsettledFile,
  told: Receipt | undefined,
): Promise<UploadFate> {
  const receipt = told?.sha256 === archived.receipt.sha256 ? told : await fetchReceipt(job, run, archived)
  if (receipt === 'unknown') return (await requeueUnknown(job, run, archived)) ? 'forgotten' : 'known'
  if (receipt !== undefined && !isFinal(receipt)) return 'unfinished'
  if (receipt !== undefined && isNews(archived, receipt))
    await storeResult(job, run, { ...archived, receipt: { ...dictionaryPromise(archived), ...receipt } })
  return 'known'
}

/** Stores a final receipt and its rejects; if the rejects cannot be fetched now, the next run does it. */
export async function storeResultOrLater(job: UploadJob, run: UploadRun, archived: ArchivedFile): Promise<void> {
  try {
    await storeResult(job, run, archived)
  } catch (error) {
    if (endsRun(run, error) || !(error instanceof Problem || error instanceof AnswerError)) throw error
    run.streak++
  }
}

/** Stores a final receipt with the rejected rows, and reports it. */
async function storeResult(job: UploadJob, run: UploadRun, archived: ArchivedFile): Promise<void> {
  const { name, receipt } = archived
  const file = run.compared.get(name)
  const kept = file === undefined ? archived : { ...archived, receipt: { ...receipt, file } }
  run.dictionaries.add(kept)
  try {
    // Serialised with the moves: the outbox may hold the same bytes twice, and both become one file of the archive.
    await withRetries(
      () => run.moves.run(() => writeResult(job.disk, kept, allRejects(job, receipt))),
      job.patience,
      retryHooks(job, run, name),
    )
  } catch (error) {
    return warnOrThrow(job, run, name, error)
  }
  const { state } = receipt
  if (state !== 'accepted' && state !== 'loading') emit(job, run, { type: 'file', name, state, receipt })
}

/** The rejects of an upload. Throws `answer_unknown` unless there are as many as its receipt says. */
async function* allRejects({ client }: UploadJob, { id, load }: Receipt): AsyncGenerator<Reject> {
  let count = 0
  for await (const reject of client.rejects(id)) {
    count++
    yield reject
  }
  const expected = load?.rejected ?? 0
  if (count !== expected)
    throw new Problem('answer_unknown', `of ${expected} rejects of the upload ${id} came ${count}`)
}

async function fetchReceipt(
  job: UploadJob,
  run: UploadRun,
  { name, receipt }: ArchivedFile,
): Promise<Receipt | 'unknown' | undefined> {
  try {
    const now = await withRetries(() => job.client.receipt(receipt.id), job.patience, retryHooks(job, run, name))
    if (now === undefined) return 'unknown'
    if (now.sha256 !== receipt.sha256) throw new Problem('receipt_mismatch', `the upload ${receipt.id} is not ${name}`)
    return now
  } catch (error) {
    warnOrThrow(job, run, name, error)
    return undefined
  }
}

// Loaded, failed and delivered uploads are not sent again: only their rejects were missing, and those are lost.
async function requeueUnknown(job: UploadJob, run: UploadRun, archived: ArchivedFile): Promise<boolean> {
  const { name, receipt } = archived
  const isDone = isConcluded(receipt)
  const detail = `the upload ${receipt.id} of ${name}, which was ${receipt.state}`
  const problem = problemInfoOf(new Problem(isDone ? 'not_found' : 'upload_forgotten', detail))
  if (!isDone && !(await requeueForgotten(job, run, archived))) return false
  reportOnce(run, `${problem.code} ${receipt.id}`, () => emit(job, run, { type: 'warning', name, problem }))
  return !isDone
}

/** The promise to keep the dictionary, which a list of uploads omits. */
function dictionaryPromise({ receipt: { dictionary_until } }: UnsettledFile): Pick<Receipt, 'dictionary_until'> {
  return dictionary_until === undefined ? {} : { dictionary_until }
}

// A held upload is asked for repeatedly; only a change is worth writing and reporting. A final state that was known
// before is stored again when its rejects are missing.
function isNews({ receipt: before, lacksRejects }: UnsettledFile, now: Receipt): boolean {
  return before.state !== now.state || now.state !== 'held' || lacksRejects
}

function isAboutUpload(error: unknown): boolean {
  // A key may be allowed to upload but not to read: files are still sent.
  if (error instanceof AnswerError) return error.retry === 'never' || error.status === 403
  return error instanceof Problem && (error.code === 'not_found' || error.code === 'receipt_mismatch')
}

function warnOrThrow(job: UploadJob, run: UploadRun, name: string, error: unknown): void {
  if (!isAboutUpload(error)) throw error
  const problem = problemInfoOf(error)
  reportOnce(run, `${problem.code} ${name}`, () => emit(job, run, { type: 'warning', name, problem }))
}
