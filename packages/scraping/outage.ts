/**
 * Decides when `--watch` reports an outage: once at level info for a blip, then every few minutes as a warning, and as
 * an error after an hour. The recovery is reported if it was more than a blip.
 */
import { MINUTE_MS } from '@splitcart/shared/time.ts'
import type { Clock } from './clock.ts'
import type { ProblemInfo, UploadEvent } from './upload-events.ts'

/** Level of an outage event. */
export type Loudness = 'info' | 'warn' | 'error'

const BLIP_MS_MAX = MINUTE_MS
const LOUD_MS_MIN = 60 * MINUTE_MS
const TOLD_EVERY_MS: Readonly<Record<Loudness, number>> = {
  info: Number.POSITIVE_INFINITY,
  warn: 5 * MINUTE_MS,
  error: 15 * MINUTE_MS,
}

/** The level of an outage of this length. */
export function loudnessOf(outageMs: number): Loudness {
  if (outageMs < BLIP_MS_MAX) return 'info'
  return outageMs < LOUD_MS_MIN ? 'warn' : 'error'
}

/** Whether to report an outage of this length now; `toldMs`: its length at the last report. */
export function isTold(outageMs: number, toldMs: number | undefined): boolean {
  if (toldMs === undefined) return true
  const loudness = loudnessOf(outageMs)
  return loudness !== loudnessOf(toldMs) || outageMs - toldMs >= TOLD_EVERY_MS[loudness]
}

/** The current problem, the number of waiting files, and the delay until the next try. */
export type Setback = Readonly<{ problem: ProblemInfo; waiting: number; delayMs: number }>

/** Tracks the current outage, if any. */
export class Outage {
  readonly #tell: (event: UploadEvent) => void
  readonly #clock: Pick<Clock, 'steady'>
  #since: number | undefined
  #toldMs: number | undefined
  /** Number of consecutive failed rounds. */
  rounds = 0

  constructor(tell: (event: UploadEvent) => void, clock: Pick<Clock, 'steady'>) {
    this.#tell = tell
    this.#clock = clock
  }

  /** Records a failure, and reports it if due. */
  goesOn(setback: Setback): void {
    const outageMs = this.#ms()
    if (!isTold(outageMs, this.#toldMs)) return
    this.#toldMs = outageMs
    this.#tell({ type: 'outage', level: loudnessOf(outageMs), outageMs, ...setback })
  }

  /** Records a success, which ends the outage. */
  isOver(): void {
    if (this.#since !== undefined && this.#ms() >= BLIP_MS_MAX) this.#tell({ type: 'recovery', outageMs: this.#ms() })
    this.#since = undefined
    this.#toldMs = undefined
    this.rounds = 0
  }

  #ms(): number {
    this.#since ??= this.#clock.steady()
    return this.#clock.steady() - this.#since
  }
}
