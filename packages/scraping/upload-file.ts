/**
 * One file of the outbox, from compressing it to the archive.
 *
 *   (check) ──▶ spool ──▶ send (again and again) ──▶ receipt: archive
 *                                   ├──▶ refused: product_refused
 *                                   └──▶ anything else: the file stays where it is
 *
 * Invariants:
 *  1. A file is moved to product_refused only if a SplitCart server rejects its bytes or its name.
 *  2. An error about a request we did not send like that (other bytes, a missing header) means that it was changed in
 *     transit: it is `request_altered`, and the file stays.
 *  3. The same reason for file after file is not about the files: the third in a row stays, and the run ends.
 */
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { DCZ } from '@splitcart/shared/dictionary/dcz.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import type { Receipt } from '@splitcart/shared/receipt.ts'
import { isHolding } from '@splitcart/shared/truth/finding.ts'
import { holdReason } from '@splitcart/shared/truth/judge.ts'
import { AnswerError, ForeignResponse } from './answer.ts'
import { type ArchivedFile, archive, fileStatsAt } from './archive.ts'
import { realClock } from './clock.ts'
import { SAME_REFUSALS_MAX, setAside } from './file-failure.ts'
import { isUntouched, type OutboxFile } from './outbox.ts'
import { refuse } from './refused.ts'
import { withRetries } from './retries.ts'
import { dropSpooled, type Spooled, spool } from './spool.ts'
import { DAMAGED_COPY_CODES } from './upload-client.ts'
import { problemInfoOf } from './upload-events.ts'
import { emit, retryHooks, type UploadJob, type UploadRun } from './upload-job.ts'

// Compressing a larger file keeps both processors busy, so it is not done while another one is sent.
const PREPARED_BYTES_MAX = 1024 * 1024

/** Sends one file; undefined if it stays or is refused. Throws errors that may concern the whole run. */
export async function uploadFile(job: UploadJob, run: UploadRun, file: OutboxFile): Promise<ArchivedFile | undefined> {
  try {
    if (await wouldBeHeld(job, run, file)) return undefined
    const spooled = (await preparedFor(job, run, file)) ?? (await spoolFile(job, run, file))
    if (spooled === undefined) return undefined
    const sent = await sendCopy(job, run, { file, spooled, isFresh: false })
    const archived = await run.moves.run(() => archive(job.disk, job.folders, { file, ...sent }))
    // What was recorded for an earlier file of this name is out of date.
    run.settled.delete(archived.name)
    run.dictionaries.add(archived)
    if (archived.receipt.file !== undefined) run.compared.set(archived.name, archived.receipt.file)
    else run.compared.delete(archived.name)
    delete run.repeatedRefusal
    emit(job, run, {
      type: 'file',
      name: file.name,
      state: sent.receipt.duplicate ? 'duplicate' : 'accepted',
      receipt: sent.receipt,
    })
    return archived
  } catch (cause) {
    const error = await asFileUnreadable(job, file, cause)
    if (!isAboutFile(error)) throw error
    emit(job, run, { type: 'file', name: file.name, state: stateAfter(error), problem: problemInfoOf(error) })
    return undefined
  }
}

/** Makes the copy of a small file that is sent next. Errors are ignored: they recur when the file is sent. */
export async function prepare(job: UploadJob, run: UploadRun, file: OutboxFile): Promise<void> {
  if (file.size > PREPARED_BYTES_MAX || job.check !== undefined) return
  const spooled = spoolFile(job, run, file).catch(() => undefined)
  run.prepared = { file, spooled }
  await spooled
}

/** The copy made ahead, unless its file has changed or the server has rejected its encoding since. */
async function preparedFor(
  { disk, folders }: UploadJob,
  run: UploadRun,
  file: OutboxFile,
): Promise<Spooled | undefined> {
  const spooled = run.prepared?.file === file ? await run.prepared.spooled : undefined
  if (spooled === undefined) return undefined
  const seen = await fileStatsAt(disk, file.path)
  const isTaken = spooled.encoding === DCZ ? !run.dictionaries.isOff : spooled.encoding === run.encoding
  if (isTaken && seen !== undefined && isUntouched(spooled, seen)) return spooled
  await dropSpooled(disk, folders, file.name)
  return undefined
}

/** Whether the server would hold a file: then it is set aside in the outbox and checked again later. */
async function wouldBeHeld(job: UploadJob, run: UploadRun, file: OutboxFile): Promise<boolean> {
  if (job.check === undefined) return false
  const { verdicts } = await job.check.check(join(job.folders.outbox, file.name))
  if (verdicts.length > 0) emit(job, run, { type: 'check', name: file.name, findings: verdicts })
  const reason = holdReason(verdicts.filter(isHolding))
  if (reason !== undefined) setAside(job, run, file, new Problem('scrape_doubted', reason))
  return reason !== undefined
}

/** Maps a read error of a file or its copy to `file_unreadable` and drops the copy, so that the next try makes one. */
async function asFileUnreadable({ disk, folders }: UploadJob, { name }: OutboxFile, cause: unknown): Promise<unknown> {
  if (!(cause instanceof Error && 'syscall' in cause && cause.syscall === 'read')) return cause
  await dropSpooled(disk, folders, name)
  return new Problem('file_unreadable', `${name}: ${cause.message}`, { cause })
}

type SentFile = Readonly<{ spooled: Spooled; receipt: Receipt }>

/** The copy that is sent. `isFresh`: it was made in this run, after another one had been rejected. */
type CopyToSend = Readonly<{ file: OutboxFile; spooled: Spooled; isFresh: boolean }>

async function sendCopy(job: UploadJob, run: UploadRun, copy: CopyToSend): Promise<SentFile> {
  try {
    const receipt = await sendUntilAnswered(job, run, copy.spooled)
    return receipt === undefined ? await sendWithout(job, run, copy) : { spooled: copy.spooled, receipt }
  } catch (error) {
    if (run.dictionaries.isDictionaryFault(error, copy.spooled)) return sendWithout(job, run, copy)
    if (!(error instanceof AnswerError)) throw error
    const spooled = await otherCopy(job, run, copy, error)
    if (spooled !== undefined) return sendCopy(job, run, { ...copy, spooled, isFresh: true })
    if (error.retry !== 'never') throw error
    countSameRefusals(run, copy.file.name, error)
    if (error.isAboutAlteredRequest) throw altered(copy.file.name, error)
    await run.moves.run(() => refuse(job.disk, job.folders, { ...copy, error }))
    throw error
  }
}

/** Sends a copy made without a dictionary. Throws `file_changed` if the file is gone. */
async function sendWithout(job: UploadJob, run: UploadRun, copy: CopyToSend): Promise<SentFile> {
  await dropSpooled(job.disk, job.folders, copy.file.name)
  const spooled = await spoolFile(job, run, copy.file, false)
  if (spooled === undefined) throw new Problem('file_changed', `${copy.file.name} was taken away while it was sent`)
  return sendCopy(job, run, { ...copy, spooled })
}

/** Counts files in a row that got the same error code. At the third, throws the problem that ends the run. */
function countSameRefusals(run: UploadRun, name: string, error: AnswerError): void {
  const { code, title } = error.document
  const names = run.repeatedRefusal?.code === code ? run.repeatedRefusal.names.filter((each) => each !== name) : []
  run.repeatedRefusal = { code, names: [...names, name].slice(-SAME_REFUSALS_MAX) }
  if (run.repeatedRefusal.names.length < SAME_REFUSALS_MAX) return
  if (error.isAboutAlteredRequest) throw altered(run.repeatedRefusal.names.join(', '), error)
  throw new Problem(
    'refused_alike',
    `${title} (${code}): ${run.repeatedRefusal.names.join(', ')}; ${name} stays in the outbox`,
  )
}

function altered(names: string, { document }: AnswerError): Problem {
  return new Problem('request_altered', `of ${names} the server says "${document.title}" (${document.code})`)
}

/** Another copy that the server may accept after rejecting this one; `undefined` if there is none. */
async function otherCopy(
  job: UploadJob,
  run: UploadRun,
  copy: CopyToSend,
  error: AnswerError,
): Promise<Spooled | undefined> {
  if (error.asksForGzip && copy.spooled.encoding === 'zstd') run.encoding = 'gzip'
  // A disk may have damaged the copy; the file itself is refused only when a fresh copy is refused too.
  else if (copy.isFresh || !DAMAGED_COPY_CODES.has(error.document.code)) return undefined
  await dropSpooled(job.disk, job.folders, copy.file.name)
  return spoolFile(job, run, copy.file)
}

function spoolFile(
  job: UploadJob,
  run: UploadRun,
  file: OutboxFile,
  mayUseDictionary = true,
): Promise<Spooled | undefined> {
  const { name, size } = file
  const { encoding, dictionaries } = run
  const { clock = realClock() } = job
  const onRead = (bytes: number) =>
    emit(job, run, { type: 'progress', name, step: 'compress', sentBytes: bytes, totalBytes: size })
  const chooseDictionary =
    mayUseDictionary && !dictionaries.isOff
      ? (source: FileHandle) => dictionaries.chooseFor({ source, size }, clock.now())
      : undefined
  return spool(job.disk, job.folders, file, { encoding, chooseDictionary, onRead })
}

function sendUntilAnswered(job: UploadJob, run: UploadRun, spooled: Spooled): Promise<Receipt | undefined> {
  const { name, spooledBytes } = spooled
  const onSent = (bytes: number, sentBytes: number) => {
    run.summary.wireBytes += bytes
    emit(job, run, { type: 'progress', name, step: 'send', sentBytes, totalBytes: spooledBytes })
  }
  const attempt = () => undefinedIfEncodingRejected(run, spooled, job.client.send(spooled, onSent))
  return withRetries(attempt, job.patience, retryHooks(job, run, name))
}

/** The receipt; undefined if a proxy does not know the copy's encoding, which retrying would not change. */
async function undefinedIfEncodingRejected(
  run: UploadRun,
  spooled: Spooled,
  answer: Promise<Receipt>,
): Promise<Receipt | undefined> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof ForeignResponse && run.dictionaries.isDictionaryFault(error, spooled)) return undefined
    throw error
  }
}

const ABOUT_FILE = new Set<string>(['file_changed', 'file_unreadable', 'receipt_mismatch'])

function isAboutFile(error: unknown): boolean {
  if (error instanceof AnswerError) return error.refusesFile
  return error instanceof Problem && ABOUT_FILE.has(error.code)
}

function stateAfter(error: unknown): 'refused' | 'skipped' {
  return error instanceof AnswerError ? 'refused' : 'skipped'
}
