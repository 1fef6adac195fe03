/** The records of loads: the outcome of each file, in the same database as its rows. */
import { PRODUCTS } from '@splitcart/shared/kinds.ts'
import { type FileRemarks, type LoadResult, NO_REMARKS, type UploadState } from '@splitcart/shared/receipt.ts'
import { READER_VERSION } from '@splitcart/shared/row.ts'
import type { Finding } from '@splitcart/shared/truth/finding.ts'
import type { Sql } from '../database/sql.ts'
import type { HoldPreview } from './hold-preview.ts'
import { type DateChange, nothingChanged } from './model/date-change.ts'
import { renewRevision } from './queries/revision.ts'

/**
 * The file of a load. `receivedAt` is in milliseconds since 1970. `rankedAt` orders files, the higher the later, and
 * defaults to `receivedAt`; `kind` defaults to products. `isCopied`: a person copied the file here, and `receivedAt`
 * is the file's modification time.
 */
export type LoadedFile = Readonly<{
  sha256: string
  filename: string
  receivedAt: number
  rankedAt?: number
  kind?: string
  isCopied?: boolean
}>

/** The rank of a file in the order of receipt. */
export function rankOfFile({ rankedAt, receivedAt }: LoadedFile): number {
  return rankedAt ?? receivedAt
}

/** How a load ended. Only `loaded` applies its rows; `held` and `failed` record just the state and the rejects. */
export type LoadState = Extract<UploadState, 'loaded' | 'held' | 'failed'>

/** A load on record. */
export type LoadRecord = Readonly<{
  id: number
  sha256: string
  kind: string
  filename: string
  state: LoadState
  runsOpened: number
  runsClosed: number
  result: LoadResult
}>

/** What a load changed, counted in rows and runs. */
export type LoadChange = DateChange & { unchanged: number; regrouped: Regrouping }

/**
 * What a load did to products. `merged`: products of one company that became one; `example` names one of them, and `by`
 * the other companies whose listings alone join it. `foreign`: changes to products of companies that the sender may not
 * write for. `chained`: the limit of linked listings, if it was exceeded and they were left as they were; else 0.
 */
export type Regrouping = { merged: number; foreign: number; chained: number; example: string | null; by: string | null }

/** The lines of a file, counted while it is read. */
export type LineCounts = {
  rows: number
  duplicate: number
  rejected: number
  warnings: number
  remarks?: FileRemarks | null
}

/** How a load ended: what was read and applied, and when, in milliseconds since 1970. */
export type LoadOutcome = Readonly<{
  state: LoadState
  problem: string | null
  counts: LineCounts
  applied: LoadChange
  startedAt: number
  finishedAt: number
  /** For a held file: what loading it would change. */
  preview?: HoldPreview | undefined
  /** The verdicts on its scrapes. */
  verdicts?: readonly Finding[] | undefined
}>

/** The changes of a load that changed nothing. */
export function nothingApplied(): LoadChange {
  return {
    ...nothingChanged(),
    unchanged: 0,
    regrouped: { merged: 0, foreign: 0, chained: 0, example: null, by: null },
  }
}

/** The outcome of a load that is undone or was never applied. */
export function unappliedOutcome(load: LoadRecord, state: LoadState, problem: string, now: number): LoadOutcome {
  const verdicts = load.result.findings
  return { state, problem, counts: load.result, applied: nothingApplied(), verdicts, startedAt: now, finishedAt: now }
}

/** The record of the load of these bytes, or undefined if they have not been processed. */
export async function findLoad(database: Sql, sha256: string): Promise<LoadRecord | undefined> {
  const record = await database.get<LoadRow>('select * from load where sha256 = ?', sha256)
  return record === undefined ? undefined : toLoadRecord(record)
}

/** The loads with ids below `before`, newest first. */
export async function listLoads(database: Sql, before: number, limit: number): Promise<LoadRecord[]> {
  const sql = 'select * from load where id < ? order by id desc limit ?'
  return (await database.all<LoadRow>(sql, before, limit)).map(toLoadRecord)
}

/** Inserts the record that the rows of a load refer to, and returns its id; `finishLoad` completes it. */
export async function insertLoad(database: Sql, file: LoadedFile): Promise<number> {
  const { sha256, kind = PRODUCTS, filename, receivedAt } = file
  const made = await database.get<{ id: number }>(
    `insert into load (sha256, kind, filename, state, received_at, ranked_at, started_at, finished_at, rows, inserted, changed,
      unchanged, duplicate, rejected, warnings, runs_opened, runs_closed, reader_version)
      values (?, ?, ?, 'failed', ?, ?, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ?) returning id`,
    sha256,
    kind,
    filename,
    receivedAt,
    rankOfFile(file),
    READER_VERSION,
  )
  return made!.id
}

/** Completes the record of a load. */
export async function finishLoad(database: Sql, id: number, outcome: LoadOutcome): Promise<LoadRecord> {
  const { counts, applied } = outcome
  await renewRevision(database)
  const stored = await database.get<LoadRow>(
    `update load set state = ?, started_at = ?, finished_at = ?, problem = ?, rows = ?, duplicate = ?, rejected = ?, warnings = ?,
      inserted = ?, changed = ?, unchanged = ?, runs_opened = ?, runs_closed = ?, remarks = ?, verdicts = ?
      where id = ? returning *`,
    outcome.state,
    outcome.startedAt,
    outcome.finishedAt,
    outcome.problem,
    counts.rows,
    counts.duplicate,
    counts.rejected,
    counts.warnings,
    applied.inserted,
    applied.changed,
    applied.unchanged,
    applied.opened,
    applied.closed,
    remarksJson(counts.remarks),
    outcome.verdicts === undefined ? null : JSON.stringify(outcome.verdicts),
    id,
  )
  return toLoadRecord(stored!)
}

/** The remarks as JSON; null if there are none. */
function remarksJson(remarks: FileRemarks | null | undefined): string | null {
  if (remarks == null) return null
  const isNothing = remarks.warnings.length === 0 && Object.keys(remarks.ignored).length === 0
  return isNothing ? null : JSON.stringify(remarks)
}

/** Records that a held load was discarded for good. Undefined if it is not held. */
export async function discardLoad(
  database: Sql,
  sha256: string,
  reason: string,
  now: number,
): Promise<LoadRecord | undefined> {
  const load = await findLoad(database, sha256)
  if (load?.state !== 'held') return undefined
  return finishLoad(database, load.id, unappliedOutcome(load, 'failed', reason, now))
}

/** Removes the record of a load and its rejects; its scrapes must be gone. */
export async function deleteLoad(database: Sql, id: number): Promise<void> {
  await database.run('delete from reject where load_id = ?', id)
  await database.run('delete from load where id = ?', id)
}

type LoadRow = Readonly<{
  id: number
  sha256: string
  kind: string
  filename: string
  state: LoadState
  finished_at: number
  rows: number
  inserted: number
  changed: number
  unchanged: number
  duplicate: number
  rejected: number
  warnings: number
  runs_opened: number
  runs_closed: number
  problem: string | null
  remarks: string | null
  verdicts: string | null
}>

function toLoadRecord(stored: LoadRow): LoadRecord {
  const { rows, inserted, changed, unchanged, duplicate, rejected, warnings, problem } = stored
  const remarks = stored.remarks === null ? NO_REMARKS : (JSON.parse(stored.remarks) as FileRemarks)
  const findings = JSON.parse(stored.verdicts ?? '[]') as Finding[]
  const finished_at = new Date(stored.finished_at).toISOString()
  return {
    id: stored.id,
    sha256: stored.sha256,
    kind: stored.kind,
    filename: stored.filename,
    state: stored.state,
    runsOpened: stored.runs_opened,
    runsClosed: stored.runs_closed,
    result: {
      rows,
      inserted,
      changed,
      unchanged,
      duplicate,
      rejected,
      warnings,
      finished_at,
      problem,
      remarks,
      findings,
    },
  }
}
