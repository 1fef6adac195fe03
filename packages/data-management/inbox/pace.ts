/** Limits how long a body may keep the server waiting: for the next byte, and on average. Only waiting time counts. */
import { Problem } from '@splitcart/shared/problem.ts'

/** The longest wait for a byte; and the lowest average speed, which counts once `afterMs` have been waited in total. */
export type PaceLimits = Readonly<{
  idleMsMax: number
  speed?: Readonly<{ bytesPerSecondMin: number; afterMs: number }>
}>

/** The longest wait for the next byte, after `bytes` have been received in `waitedMs` of waiting. */
export function longestWaitMs(bytes: number, waitedMs: number, { idleMsMax, speed }: PaceLimits): number {
  if (speed === undefined || speed.bytesPerSecondMin === 0) return idleMsMax
  const waitMsMax = Math.max(speed.afterMs, (bytes / speed.bytesPerSecondMin) * 1000)
  return Math.min(idleMsMax, Math.max(0, waitMsMax - waitedMs))
}

/** Measures how long one body keeps the server waiting. */
export class Pace {
  readonly #limits: PaceLimits
  #timer: NodeJS.Timeout | undefined
  #since = 0
  #waitedMs = 0
  #bytes = 0

  constructor(limits: PaceLimits) {
    this.#limits = limits
  }

  /** Starts to wait for bytes; calls `onLate` if that takes too long. */
  wait(onLate: (problem: Problem) => void): void {
    this.#since = performance.now()
    const ms = longestWaitMs(this.#bytes, this.#waitedMs, this.#limits)
    this.#timer = setTimeout(() => onLate(this.#problem(ms)), ms)
  }

  /** Ends the wait: `bytes` were received. */
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
