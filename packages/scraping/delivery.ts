/** Trying again: what the table of problems calls worth it, with growing pauses that chance spreads out. */
import pRetry from 'p-retry'
import { retryAfterOf, retryOf } from './answer.ts'
import { type Clock, realClock } from './clock.ts'

/** How long one run keeps trying. */
export type Patience = Readonly<{
  triesMax: number
  firstDelayMs?: number
  delayMsMax?: number
  /** The longest pause between two rounds of --watch while the server is away. */
  outageDelayMsMax?: number
}>

/** What is told before a pause. */
export type Pause = Readonly<{ error: Error; tries: number; delayMs: number }>

/** Who hears of a pause, what ends it, and the clock that counts it. */
export type Pausing = Readonly<{ signal: AbortSignal; onPause: (pause: Pause) => void; clock?: Clock }>

const FIRST_DELAY_MS = 500
const DELAY_MS_MAX = 30_000

// A server that asks for a longer pause is asked again by the next run, not waited for.
const RETRY_AFTER_MS_MAX = 120_000

/** How long to wait after so many tries. All of the delay is chance, so that senders spread out; what the server asks for is a floor. */
export function delayAfter(tries: number, chance: number, patience: Patience, floorMs: number): number {
  const { firstDelayMs = FIRST_DELAY_MS, delayMsMax = DELAY_MS_MAX } = patience
  return Math.max(floorMs, Math.round(Math.min(delayMsMax, firstDelayMs * 2 ** (tries - 1)) * chance))
}

/** Calls until it succeeds, the tries are used up, or the error is one that trying again does not mend. */
export function deliver<T>(attempt: () => Promise<T>, patience: Patience, pausing: Pausing): Promise<T> {
  const { signal, onPause, clock = realClock() } = pausing
  return pRetry(attempt, {
    retries: patience.triesMax - 1,
    // The pauses are made below, because Retry-After is a floor for them.
    minTimeout: 0,
    shouldRetry: async ({ error, attemptNumber }) => {
      const floorMs = retryAfterOf(error)
      if (retryOf(error) !== 'soon' || floorMs > RETRY_AFTER_MS_MAX || signal.aborted) return false
      const delayMs = delayAfter(attemptNumber, Math.random(), patience, floorMs)
      onPause({ error, tries: attemptNumber, delayMs })
      // Being told to stop ends the pause: the error of the last try then says where the file stands.
      await clock.sleep(delayMs, signal)
      return !signal.aborted
    },
  })
}
