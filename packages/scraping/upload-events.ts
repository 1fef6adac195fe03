/** What `uploadData` tells while it works, and the sums it ends with. */
import { Problem, type ProblemDocument, toProblemDocument } from '@splitcart/shared/problem.ts'
import type { Receipt } from '@splitcart/shared/receipt.ts'
import type { Verdict } from '@splitcart/shared/truth/verdict.ts'
import { AnswerError, StrangeAnswer } from './answer.ts'

/** Why something did not go as it should, in a form that can be shown and stored. */
export type Trouble = Readonly<Pick<ProblemDocument, 'status' | 'code' | 'title' | 'detail' | 'todo' | 'instance'>>

/** What became of a file. `skipped` leaves it where it is, `returned` has put it from the archive back into the outbox. */
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
  /** Of which kind it is, where that is said. */
  kind?: string
  state: FileState
  receipt?: Receipt
  problem?: Trouble
}>

export type UploadEvent =
  | FileEvent
  /** What is going to be sent now, one file after the other. */
  | Readonly<{ type: 'queue'; files: readonly Readonly<{ name: string; size: number }>[] }>
  | Readonly<{ type: 'progress'; name: string; step: 'compress' | 'send'; sentBytes: number; totalBytes: number }>
  /** What was said of a file before it is sent. */
  | Readonly<{ type: 'check'; name: string; findings: readonly Verdict[] }>
  /** Something in the outbox that is no file to send. */
  | Readonly<{ type: 'ignored'; name: string; reason: string }>
  /** A file that is not sent yet. */
  | Readonly<{ type: 'resting'; name: string; reason: string }>
  | Readonly<{ type: 'left-over'; name: string; path: string; size: number }>
  /** Something a person should know; nothing is lost. */
  | Readonly<{ type: 'warning'; name: string; problem: Trouble }>
  /** A try failed; the next one follows after the pause. */
  | Readonly<{ type: 'pause'; name: string; problem: Trouble; tries: number; delayMs: number }>
  /** With `--watch`: nothing has succeeded for `outageMs`. Told seldom, and louder the longer it lasts. */
  | Readonly<{
      type: 'outage'
      level: 'info' | 'warn' | 'error'
      problem: Trouble
      outageMs: number
      delayMs: number
      waiting: number
    }>
  /** With `--watch`: once an hour, that it runs; `sent` files in `sinceMs`, which is longer where there was an outage. */
  | Readonly<{ type: 'alive'; sent: number; sinceMs: number; waiting: number }>
  /** With `--watch`: something has succeeded again after a while. */
  | Readonly<{ type: 'recovery'; outageMs: number }>

/** `failed`: this machine refused something, such as room on its disk. */
export type Outcome = 'done' | 'partly' | 'unreachable' | 'key_refused' | 'failed'

/** The sums of a run. `waiting` files are still in the outbox, `ignored` things lie there and are not sent; `wireBytes` counts every try. */
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
  problem?: Trouble
}

/** A summary of nothing. */
export function emptySummary(): Summary {
  const before = { sent: 0, duplicates: 0, refused: 0, skipped: 0, returned: 0, waiting: 0, ignored: 0 }
  const counts = { ...before, loaded: 0, held: 0, failed: 0, delivered: 0 }
  return { outcome: 'done', ...counts, rejectedRows: 0, bytes: 0, wireBytes: 0 }
}

const COUNTED_AS = { accepted: 'sent', duplicate: 'duplicates' } as const

/** Adds what became of a file to the sums. */
export function count(summary: Summary, { state, receipt }: FileEvent): void {
  summary[state === 'accepted' || state === 'duplicate' ? COUNTED_AS[state] : state]++
  if (state === 'accepted' || state === 'duplicate') summary.bytes += receipt?.bytes ?? 0
  if (state === 'loaded' || state === 'failed') summary.rejectedRows += receipt?.load?.rejected ?? 0
}

/** How a run that was not stopped by a problem ended. */
export function outcomeOf({ refused, skipped, ignored, failed, rejectedRows }: Summary): Outcome {
  return refused + skipped + ignored + failed + rejectedRows > 0 ? 'partly' : 'done'
}

/** The trouble in an error that was foreseen; a mistake in the program is thrown on. */
export function troubleOf(error: unknown): Trouble {
  if (error instanceof AnswerError) return error.document
  if (!(error instanceof Problem)) throw error
  const trouble = toProblemDocument(error)
  return error instanceof StrangeAnswer && error.status === 413 ? { ...trouble, ...TOO_LARGE_ON_THE_WAY } : trouble
}

// Our own server says how much it takes; this one is a proxy with a smaller limit.
const TOO_LARGE_ON_THE_WAY = {
  title: 'A proxy in front of the server finds the file too large',
  todo: 'Nothing is lost: the file stays in the outbox. Raise the limit of the proxy (nginx: client_max_body_size 0).',
} as const
