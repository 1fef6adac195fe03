/**
 * How an outage is told while `--watch` waits for its end: a blip is one quiet line, then it is told every few minutes, and
 * louder after an hour. That it is over is told when it was more than a blip.
 */
import { MINUTE_MS } from '@splitcart/shared/time.ts'
import type { Clock } from './clock.ts'
import type { Trouble, UploadEvent } from './upload-events.ts'

/** How much an outage asks for attention. */
export type Loudness = 'info' | 'warn' | 'error'

const BLIP_MS_MAX = MINUTE_MS
const LOUD_MS_MIN = 60 * MINUTE_MS
const TOLD_EVERY_MS: Readonly<Record<Loudness, number>> = {
  info: Number.POSITIVE_INFINITY,
  warn: 5 * MINUTE_MS,
  error: 15 * MINUTE_MS,
}

/** How loud an outage of this length is. */
export function loudnessOf(outageMs: number): Loudness {
  if (outageMs < BLIP_MS_MAX) return 'info'
  return outageMs < LOUD_MS_MIN ? 'warn' : 'error'
}

/** Whether an outage of this length is told now; `toldMs` is how long it had lasted when it was told last. */
export function isTold(outageMs: number, toldMs: number | undefined): boolean {
  if (toldMs === undefined) return true
  const loudness = loudnessOf(outageMs)
  return loudness !== loudnessOf(toldMs) || outageMs - toldMs >= TOLD_EVERY_MS[loudness]
}

/** What fails now, how many files wait for it, and when it is tried again. */
export type Setback = Readonly<{ problem: Trouble; waiting: number; delayMs: number }>

/** An outage that goes on, or the lack of one. */
export class Outage {
  readonly #tell: (event: UploadEvent) => void
  readonly #clock: Pick<Clock, 'steady'>
  #since: number | undefined
  #toldMs: number | undefined
  /** The rounds that failed since the last one that did not. */
  rounds = 0

  constructor(tell: (event: UploadEvent) => void, clock: Pick<Clock, 'steady'>) {
    this.#tell = tell
    this.#clock = clock
  }

  /** Something failed; it is told when it is time. */
  goesOn(setback: Setback): void {
    const outageMs = this.#ms()
    if (!isTold(outageMs, this.#toldMs)) return
    this.#toldMs = outageMs
    this.#tell({ type: 'outage', level: loudnessOf(outageMs), outageMs, ...setback })
  }

  /** Something succeeded. */
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
