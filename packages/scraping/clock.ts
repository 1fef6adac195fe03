/** Time, as everything that waits gets it: so that a test can let four days pass in a moment. */
import { setTimeout as sleep } from 'node:timers/promises'

/** `now` is in milliseconds since 1970. `sleep` ends early, and without an error, when the signal aborts. */
export type Clock = Readonly<{ now: () => number; sleep: (ms: number, signal?: AbortSignal) => Promise<void> }>

/** The clock of this machine. */
export function realClock(): Clock {
  return {
    now: Date.now,
    sleep: (ms, signal) => sleep(ms, undefined, { ...(signal && { signal }) }).catch(() => {}),
  }
}
