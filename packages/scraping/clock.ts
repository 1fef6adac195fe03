/** The clock that all waiting code is given, so that a test can let four days pass in a moment. */
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * `now` is the time of day, in milliseconds since 1970: it says when something was, and may jump. `steady` counts milliseconds and
 * never jumps: it says how long something takes. `sleep` ends early, and without an error, when the signal aborts.
 */
export type Clock = Readonly<{
  now: () => number
  steady: () => number
  sleep: (ms: number, signal?: AbortSignal) => Promise<void>
}>

/** The clock of this machine. */
export function realClock(): Clock {
  return {
    now: Date.now,
    steady: () => performance.now(),
    sleep: (ms, signal) => sleep(ms, undefined, { ...(signal && { signal }) }).catch(() => {}),
  }
}
