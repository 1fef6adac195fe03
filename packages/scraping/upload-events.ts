/** Events that `uploadData` reports, and the totals it returns. */
import { Problem, type ProblemDocument, toProblemDocument } from '@splitcart/shared/problem.ts'
import type { Receipt } from '@splitcart/shared/receipt.ts'
import type { Finding } from '@splitcart/shared/truth/finding.ts'
import { AnswerError, ForeignResponse } from './answer.ts'

/** A problem in a form that can be shown and stored. */
export type ProblemInfo = Readonly<Pick<ProblemDocument, 'status' | 'code' | 'title' | 'detail' | 'todo' | 'instance'>>

/** Result for a file. `skipped`: it stays in the outbox; `returned`: moved from the archive back to the outbox. */
export type FileState =
  | 'accepted'
  | 'duplicate'
  | 'loaded'
  | 'held'
  | 'failed'
  | 'delivered'
  | 'refused'
  | 'skipped'
  | 'returned'

export type FileEvent = Readonly<{
  type: 'file'
  name: string
  /** Kind of the file, if given. */
  kind?: string
  state: FileState
  receipt?: Receipt
  problem?: ProblemInfo
}>

export type UploadEvent =
  | FileEvent
  /** The files that are sent next, in order. */
  | Readonly<{ type: 'queue'; files: readonly Readonly<{ name: string; size: number }>[] }>
  | Readonly<{ type: 'progress'; name: string; step: 'compress' | 'send'; sentBytes: number; totalBytes: number }>
  /** Findings of the check before a file is sent. */
  | Readonly<{ type: 'check'; name: string; findings: readonly Finding[] }>
  /** An entry of the outbox that cannot be sent. */
  | Readonly<{ type: 'ignored'; name: string; reason: string }>
  /** A file that is not sent yet, since it may still be written to. */
  | Readonly<{ type: 'resting'; name: string; reason: string }>
  | Readonly<{ type: 'left-over'; name: string; path: string; size: number }>
  /** Something a person should know; nothing is lost. */
  | Readonly<{ type: 'warning'; name: string; problem: ProblemInfo }>
  /** A try failed; the next one follows after the pause. */
  | Readonly<{ type: 'pause'; name: string; problem: ProblemInfo; tries: number; delayMs: number }>
  /** With `--watch`: nothing has succeeded for `outageMs`. Reported rarely, at a level that rises with its length. */
  | Readonly<{
      type: 'outage'
      level: 'info' | 'warn' | 'error'
      problem: ProblemInfo
      outageMs: number
      delayMs: number
      waiting: number
    }>
  /** With `--watch`: hourly sign of life; `sent` files in `sinceMs`, which is longer after an outage. */
  | Readonly<{ type: 'alive'; sent: number; sinceMs: number; waiting: number }>
  /** With `--watch`: the end of an outage that was more than a blip. */
  | Readonly<{ type: 'recovery'; outageMs: number }>

/** `failed`: this machine refused something, such as room on its disk. */
export type Outcome = 'done' | 'partly' | 'unreachable' | 'key_refused' | 'failed'

/** Totals of a run. `waiting`: files in the outbox; `ignored`: unsendable entries; `wireBytes`: over all tries. */
export type Summary = {
  outcome: Outcome
  sent: number
  duplicates: number
  refused: number
  skipped: number
  returned: number
  waiting: number
  ignored: number
  loaded: number
  held: number
  failed: number
  delivered: number
  rejectedRows: number
  bytes: number
  wireBytes: number
  problem?: ProblemInfo
}

/** A summary with all totals zero. */
export function emptySummary(): Summary {
  const before = { sent: 0, duplicates: 0, refused: 0, skipped: 0, returned: 0, waiting: 0, ignored: 0 }
  const counts = { ...before, loaded: 0, held: 0, failed: 0, delivered: 0 }
  return { outcome: 'done', ...counts, rejectedRows: 0, bytes: 0, wireBytes: 0 }
}

const COUNTED_AS = { accepted: 'sent', duplicate: 'duplicates' } as const

/** Adds a file event to the totals. */
export function addToSummary(summary: Summary, { state, receipt }: FileEvent): void {
  summary[state === 'accepted' || state === 'duplicate' ? COUNTED_AS[state] : state]++
  if (state === 'accepted' || state === 'duplicate') summary.bytes += receipt?.bytes ?? 0
  if (state === 'loaded' || state === 'failed') summary.rejectedRows += receipt?.load?.rejected ?? 0
}

/** Outcome of a run that no problem ended. */
export function outcomeOf({ refused, skipped, ignored, failed, rejectedRows }: Summary): Outcome {
  return refused + skipped + ignored + failed + rejectedRows > 0 ? 'partly' : 'done'
}

/** Converts an expected error; rethrows a bug. */
export function problemInfoOf(error: unknown): ProblemInfo {
  if (error instanceof AnswerError) return error.document
  if (!(error instanceof Problem)) throw error
  const trouble = toProblemDocument(error)
  return error instanceof ForeignResponse && error.status === 413 ? { ...trouble, ...TOO_LARGE_ON_THE_WAY } : trouble
}

// A 413 without a problem document comes from a proxy with a lower limit than the server's.
const TOO_LARGE_ON_THE_WAY = {
  title: 'A proxy in front of the server finds the file too large',
  todo: 'Nothing is lost: the file stays in the outbox. Raise the limit of the proxy (nginx: client_max_body_size 0).',
} as const
