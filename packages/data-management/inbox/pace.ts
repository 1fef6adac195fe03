/** Limits how long a body may keep the server waiting: for the next byte, and on average. Only waiting time counts. */
import { Problem } from '@splitcart/shared/problem.ts'

/** The longest wait for a byte; and how many bytes a second there must have been, once `afterMs` have been waited in all. */
export type PaceLimits = Readonly<{
  idleMsMax: number
  speed?: Readonly<{ bytesPerSecondMin: number; afterMs: number }>
}>

/** How long the next byte may be waited for, when so many have come in so much time of waiting. */
export function patienceMs(bytes: number, waitedMs: number, { idleMsMax, speed }: PaceLimits): number {
  if (speed === undefined || speed.bytesPerSecondMin === 0) return idleMsMax
  const waitMsMax = Math.max(speed.afterMs, (bytes / speed.bytesPerSecondMin) * 1000)
  return Math.min(idleMsMax, Math.max(0, waitMsMax - waitedMs))
}

/** The pace of one body. */
export class Pace {
  readonly #limits: PaceLimits
  #timer: NodeJS.Timeout | undefined
  #since = 0
  #waitedMs = 0
  #bytes = 0

  constructor(limits: PaceLimits) {
    this.#limits = limits
  }

  /** Begins to wait for bytes; `late` is called when that takes too long. */
  wait(late: (problem: Problem) => void): void {
    this.#since = performance.now()
    const ms = patienceMs(this.#bytes, this.#waitedMs, this.#limits)
    this.#timer = setTimeout(() => late(this.#problem(ms)), ms)
  }

  /** Ends the wait: so many bytes came. */
  received(bytes: number): void {
    clearTimeout(this.#timer)
    this.#waitedMs += performance.now() - this.#since
    this.#bytes += bytes
  }

  #problem(waitedMs: number): Problem {
    const { idleMsMax, speed } = this.#limits
    if (waitedMs === idleMsMax) return new Problem('body_late', `no byte for ${idleMsMax / 1000} s`)
    const seconds = Math.round((this.#waitedMs + waitedMs) / 1000)
    const detail = `${this.#bytes} bytes in ${seconds} s, at least ${speed?.bytesPerSecondMin} a second are wanted`
    return new Problem('body_slow', detail)
  }
}
