/** Retries of errors that the problem table marks as retryable, with exponential backoff and full jitter. */
import pRetry from 'p-retry'
import { requestedDelayMs, retryRuleOf } from './answer.ts'
import { type Clock, realClock } from './clock.ts'

/** Retry limits of one run. */
export type RetryLimits = Readonly<{
  triesMax: number
  firstDelayMs?: number
  delayMsMax?: number
  /** The longest pause between two rounds of --watch while the server is away. */
  outageDelayMsMax?: number
}>

/** Passed to `onPause` before each pause. */
export type RetryPause = Readonly<{ error: Error; tries: number; delayMs: number }>

/** Callback for pauses, the signal that ends one, and the clock that times it. */
export type RetryHooks = Readonly<{ signal: AbortSignal; onPause: (pause: RetryPause) => void; clock?: Clock }>

const FIRST_DELAY_MS = 500
const DELAY_MS_MAX = 30_000

// A longer Retry-After is not waited for: the next run asks again.
const RETRY_AFTER_MS_MAX = 120_000

/** Delay in ms after `tries` tries: full jitter (`chance` in 0..1) spreads senders; `floorMs` is the minimum. */
export function retryDelayMs(tries: number, chance: number, patience: RetryLimits, floorMs: number): number {
  const { firstDelayMs = FIRST_DELAY_MS, delayMsMax = DELAY_MS_MAX } = patience
  return Math.max(floorMs, Math.round(Math.min(delayMsMax, firstDelayMs * 2 ** (tries - 1)) * chance))
}

/** Calls `attempt` until it succeeds, the tries are used up, or the error is not retryable. */
export function withRetries<T>(attempt: () => Promise<T>, patience: RetryLimits, pausing: RetryHooks): Promise<T> {
  const { signal, onPause, clock = realClock() } = pausing
  return pRetry(attempt, {
    retries: patience.triesMax - 1,
    // The pauses are made in shouldRetry, because Retry-After is their minimum.
    minTimeout: 0,
    shouldRetry: async ({ error, attemptNumber }) => {
      const floorMs = requestedDelayMs(error)
      if (retryRuleOf(error) !== 'soon' || floorMs > RETRY_AFTER_MS_MAX || signal.aborted) return false
      const delayMs = retryDelayMs(attemptNumber, Math.random(), patience, floorMs)
      onPause({ error, tries: attemptNumber, delayMs })
      // An abort ends the pause; the error of the last try is then the result.
      await clock.sleep(delayMs, signal)
      return !signal.aborted
    },
  })
}
