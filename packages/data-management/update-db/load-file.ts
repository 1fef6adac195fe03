/**
 * Loads one file of products into the catalogue, completely or not at all.
 *
 *   lines ─▶ rows ─▶ staging ─▶ (held?) ─▶ scrapes ─▶ runs, labels, products ─▶ commit
 *              └───▶ rejects
 */

import { describeBeginning, NO_ROW_SENTENCE } from '@splitcart/shared/file-diagnosis.ts'
import { LineSplitter } from '@splitcart/shared/lines.ts'
import { NO_REMARKS } from '@splitcart/shared/receipt.ts'
import { duplicateDiffers } from '@splitcart/shared/row.ts'
import type { Finding } from '@splitcart/shared/truth/finding.ts'
import { holdReason } from '@splitcart/shared/truth/judge.ts'
import { type Catalogue, type DifferingRows, LoadedMeanwhile, type Loading } from '../catalogue/catalogue.ts'
import type { HoldPreview } from '../catalogue/hold-preview.ts'
import type { RejectedLine } from '../catalogue/load/row-batch.ts'
import { type StagedRows, TooManyScrapes } from '../catalogue/load/staged-scrape.ts'
import {
  type LineCounts,
  type LoadChange,
  type LoadedFile,
  type LoadOutcome,
  type LoadRecord,
  nothingApplied,
} from '../catalogue/loads.ts'
import { pairsAcrossMidnight } from '../catalogue/model/midnight.ts'
import { retryConflicts } from '../database/postgres-problems.ts'
import {
  findingsOfFile,
  type HoldPolicy,
  holdingFindings,
  linkedListingsMax,
  regroupingFinding,
  repairFinding,
} from './judgement.ts'
import { KeptRejects, REJECTS_MAX, TooManyRejects } from './kept-rejects.ts'
import { LocalReader, type Reader, type ReadRequest } from './reader.ts'
import { RemarkCollector } from './remarks.ts'
import { RAW_BYTES_MAX } from './row-batch-reader.ts'

/** A file to load, and how. `now`: a clock, in milliseconds since 1970. */
export type LoadRequest = ReadRequest &
  Readonly<{
    file: LoadedFile
    /** The rules that may hold the file; undefined: it is never held. */
    hold: HoldPolicy | undefined
    /** The reader of the file; default: this thread reads it. */
    reader?: Reader | undefined
    /** Called with the number of bytes read so far. */
    onBytes?: (bytes: number) => Promise<void>
    now: () => number
  }>

/** A load in progress. `rejects`: also keeps the rejected lines in memory. */
type LoadInProgress = Readonly<{
  catalogue: Catalogue
  loading: Loading
  request: LoadRequest
  reader: Reader
  rejects?: KeptRejects
}>

/** What loading a file would do. `reason`: why it would be held or fail; undefined: it would be loaded. */
export type Preview = Readonly<{
  counts: LineCounts
  applied: LoadChange
  reason: string | undefined
  verdicts: readonly Finding[]
}>

/** Loads the file and returns the committed load record. If the bytes cannot be read, throws and applies nothing. */
export async function loadFile(catalogue: Catalogue, request: LoadRequest): Promise<LoadRecord> {
  const reader = request.reader ?? new LocalReader()
  try {
    return await retryConflicts(() => loadWith(reader, catalogue, request))
  } catch (error) {
    if (error instanceof LoadedMeanwhile) return error.load
    throw error
  }
}

async function loadWith(reader: Reader, catalogue: Catalogue, request: LoadRequest): Promise<LoadRecord> {
  await using loading = await catalogue.begin(request.file, request.now(), reader.cache)
  const rejects = new KeptRejects()
  const staged = await stage({ catalogue, loading, request, reader, rejects })
  const { counts, failure, reason, isIncomplete } = staged
  const read = isIncomplete ? undefined : { counts, rejects: rejects.lines, differing: loading.differingRows }
  if (failure !== undefined) {
    await loading[Symbol.asyncDispose]()
    return recordOnly(catalogue, request, { problem: failure, preview: undefined, verdicts: staged.verdicts, read })
  }
  const applied = await loading.apply(request.onlyFor ?? null, linkedListingsMax(request.hold))
  const regrouping = reason === undefined ? regroupingFinding(applied.regrouped, request.hold) : undefined
  const verdicts = regrouping === undefined ? staged.verdicts : [regrouping, ...staged.verdicts]
  const problem = reason ?? regrouping?.sentence
  if (problem === undefined)
    return await commit(loading, request, { state: 'loaded', problem: null, counts, applied, verdicts })
  const preview = await loading.preview(applied)
  await loading[Symbol.asyncDispose]()
  return recordOnly(catalogue, request, { problem, preview, verdicts, read })
}

/** Does what `loadFile` would do. `catalogue` is a dry run (`Catalogue.attempt`), which its caller rolls back. */
export async function previewFile(catalogue: Catalogue, request: LoadRequest): Promise<Preview> {
  const reader = new LocalReader()
  await using loading = await catalogue.begin(request.file, request.now(), reader.cache)
  const { counts, failure, reason, verdicts } = await stage({ catalogue, loading, request, reader })
  const applied =
    failure === undefined
      ? await loading.apply(request.onlyFor ?? null, linkedListingsMax(request.hold))
      : nothingApplied()
  const state = failure === undefined ? 'loaded' : 'failed'
  await commit(loading, request, { state, problem: null, counts, applied, verdicts })
  const regrouping = regroupingFinding(applied.regrouped, request.hold)?.sentence
  return { counts, applied, reason: failure ?? reason ?? regrouping, verdicts }
}

/** The result of staging. `failure`: why the file fails; `reason`: why it is held; `isIncomplete`: not fully read. */
type StageResult = Readonly<{
  counts: LineCounts
  verdicts: readonly Finding[]
  failure?: string
  reason?: string | undefined
  isIncomplete?: true
}>

/** Reads the file, stages its rows and judges them. */
async function stage(work: LoadInProgress): Promise<StageResult> {
  const { loading, request } = work
  const counts = noCounts()
  try {
    await readInto(work, counts, loading.staging)
  } catch (error) {
    if (!(error instanceof TooManyScrapes || error instanceof TooManyRejects)) throw error
    const failure = (counts.rejected === counts.rows && (await describeBeginning(request.bytes()))) || error.message
    return { counts, failure, verdicts: [], isIncomplete: true }
  }
  if (counts.rows > 0 && counts.rejected === counts.rows)
    return { counts, failure: (await describeBeginning(request.bytes())) ?? NO_ROW_SENTENCE, verdicts: [] }
  const { staging } = loading
  await staging.flush()
  const differing = await rejectDiffering(work, loading.differingRows)
  counts.rejected += differing
  counts.duplicate = counts.rows - counts.rejected - staging.scrapes.reduce((sum, { listings }) => sum + listings, 0)
  await mergeAcrossMidnight(staging)
  const { hold, file } = request
  if (hold === undefined) return { counts, verdicts: [] }
  // A copied file may be older than its rows by its mtime: they would seem to be from the future.
  const receivedAt = file.isCopied === true ? request.now() : file.receivedAt
  const found = await findingsOfFile(loading, { ...counts, differing }, { hold, receivedAt })
  const verdicts = request.repair ? [repairFinding(request.repair, loading, hold), ...found] : found
  return { counts, verdicts, reason: holdReason(holdingFindings(verdicts, hold)) }
}

/** Rejects rows that repeat a listing with different values; returns how many. Reads the file again for their bytes. */
async function rejectDiffering(
  { loading, request, rejects }: LoadInProgress,
  { lines, more }: DifferingRows,
): Promise<number> {
  if (lines.size === 0) return 0
  const splitter = new LineSplitter(request.lineBytesMax)
  const reject = async (number: number, bytes: Buffer) => {
    const field = lines.get(number)
    if (field === undefined) return
    const raw = Uint8Array.from(bytes.subarray(0, RAW_BYTES_MAX))
    const line: RejectedLine = { line: number, rejection: duplicateDiffers(field), raw }
    rejects?.add(line)
    await loading.reject(line)
  }
  for await (const chunk of request.bytes())
    for (const { number, bytes } of splitter.push(chunk)) await reject(number, bytes)
  const last = splitter.end()
  if (last !== undefined) await reject(last.number, last.bytes)
  return lines.size + more.count
}

function commit(
  loading: Loading,
  request: LoadRequest,
  ending: Omit<LoadOutcome, 'startedAt' | 'finishedAt'>,
): Promise<LoadRecord> {
  return loading.commit({ ...ending, finishedAt: request.now() })
}

function noCounts(): LineCounts {
  return { rows: 0, duplicate: 0, rejected: 0, warnings: 0, remarks: NO_REMARKS }
}

/** Records that a file is held (if there is a preview) or has failed, with its rejects; applies nothing. */
async function recordOnly(
  catalogue: Catalogue,
  request: LoadRequest,
  { problem, preview, verdicts, read }: UnappliedFile,
): Promise<LoadRecord> {
  const reader = new LocalReader()
  await using loading = await catalogue.begin(request.file, request.now(), reader.cache)
  const work = { catalogue, loading, request, reader }
  const counts = { ...(read?.counts ?? noCounts()), duplicate: 0 }
  for (const line of read?.rejects ?? []) await loading.reject(line)
  if (read?.rejects === undefined)
    try {
      await readInto(work, read === undefined ? counts : noCounts(), undefined)
      // Which rows differ only staging finds, and nothing is staged now.
      if (read !== undefined) await rejectDiffering(work, read.differing)
    } catch (error) {
      if (!(error instanceof TooManyRejects)) throw error
    }
  for (const [line, field] of read?.differing.more ?? [])
    await loading.reject({ line, rejection: duplicateDiffers(field), raw: null })
  const state = preview === undefined ? 'failed' : 'held'
  return await commit(loading, request, { problem, preview, verdicts, state, counts, applied: nothingApplied() })
}

/**
 * What to record of a file that is not applied. `read`: what was found in it; undefined if it was not read to its end.
 * The file is read again for what is missing: also for `rejects`, if they were too many to keep.
 */
type UnappliedFile = Readonly<{
  problem: string
  preview: HoldPreview | undefined
  verdicts: readonly Finding[]
  read:
    | Readonly<{ counts: LineCounts; rejects: readonly RejectedLine[] | undefined; differing: DifferingRows }>
    | undefined
}>

/** Reads the file: adds to `counts`, passes rejects to the load, and rows to `staging` if it is given. */
async function readInto(work: LoadInProgress, counts: LineCounts, staging: StagedRows | undefined): Promise<void> {
  const { loading, request, reader, rejects } = work
  let bytes = 0
  const remarks = new RemarkCollector()
  for await (const batch of reader.batches(request)) {
    bytes += batch.bytes
    await request.onBytes?.(bytes)
    counts.rows += batch.count
    counts.rejected += batch.rejects.length
    for (const warned of batch.warnings) {
      counts.warnings += warned.count
      remarks.addWarnings(warned)
    }
    for (const field of batch.ignored) remarks.addIgnored(field)
    for (const line of batch.rejects) {
      rejects?.add(line)
      await loading.reject(line)
    }
    if (counts.rejected > REJECTS_MAX && 2 * counts.rejected > counts.rows) throw new TooManyRejects()
    await staging?.add(batch)
  }
  counts.remarks = remarks.fileRemarks
}

/** Makes one scrape of two parts of a scrape that ran over midnight, unless both show a listing. */
async function mergeAcrossMidnight(staging: StagedRows): Promise<void> {
  for (const [earlier, later] of pairsAcrossMidnight(staging.scrapes))
    if (!(await staging.haveCommonListing(earlier, later))) await staging.merge(earlier, later)
}
