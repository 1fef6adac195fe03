/**
 * Decides when `--watch` reports an outage: once at level info for a blip, then every few minutes as a warning, and as
 * an error after an hour. The recovery is reported if it was more than a blip.
 */
import { MINUTE_MS } from '@splitcart/shared/time.ts'
import type { Clock } from './clock.ts'
import type { ProblemInfo, UploadEvent } from './upload-events.ts'

/** Level of an outage event. */
export type OutageLevel = 'info' | 'warn' | 'error'

const BLIP_MS_MAX = MINUTE_MS
const LOUD_MS_MIN = 60 * MINUTE_MS
const REPORT_EVERY_MS: Readonly<Record<OutageLevel, number>> = {
  info: Number.POSITIVE_INFINITY,
  warn: 5 * MINUTE_MS,
  error: 15 * MINUTE_MS,
}

/** The level of an outage of this length. */
export function outageLevelOf(outageMs: number): OutageLevel {
  if (outageMs < BLIP_MS_MAX) return 'info'
  return outageMs < LOUD_MS_MIN ? 'warn' : 'error'
}

/** Whether to report an outage of this length now; `reportedMs`: its length at the last report. */
function isReportDue(outageMs: number, reportedMs: number | undefined): boolean {
  if (reportedMs === undefined) return true
  const level = outageLevelOf(outageMs)
  return level !== outageLevelOf(reportedMs) || outageMs - reportedMs >= REPORT_EVERY_MS[level]
}

/** The current problem, the number of waiting files, and the delay until the next try. */
export type OutageDetails = Readonly<{ problem: ProblemInfo; waiting: number; delayMs: number }>

/** Tracks the current outage, if any. */
export class Outage {
  readonly #emit: (event: UploadEvent) => void
  readonly #clock: Pick<Clock, 'steady'>
  #since: number | undefined
  #reportedMs: number | undefined
  /** Number of consecutive failed rounds. */
  failedRounds = 0

  constructor(emit: (event: UploadEvent) => void, clock: Pick<Clock, 'steady'>) {
    this.#emit = emit
    this.#clock = clock
  }

  /** Records a failure, and reports it if due. */
  recordFailure(setback: OutageDetails): void {
    const outageMs = this.#ms()
    if (!isReportDue(outageMs, this.#reportedMs)) return
    this.#reportedMs = outageMs
    this.#emit({ type: 'outage', level: outageLevelOf(outageMs), outageMs, ...setback })
  }

  /** Records a success, which ends the outage. */
  recordSuccess(): void {
    if (this.#since !== undefined && this.#ms() >= BLIP_MS_MAX) this.#emit({ type: 'recovery', outageMs: this.#ms() })
    this.#since = undefined
    this.#reportedMs = undefined
    this.failedRounds = 0
  }

  #ms(): number {
    this.#since ??= this.#clock.steady()
    return this.#clock.steady() - this.#since
  }
}
