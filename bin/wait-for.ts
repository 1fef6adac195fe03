/** Waits for databases and inbox servers at the start: after a power cut, machines start in any order. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '@splitcart/shared/log.ts'
import { Problem } from '@splitcart/shared/problem.ts'

const PAUSE_MS_MIN = 1_000
const PAUSE_MS_MAX = 30_000
const UNAVAILABLE: ReadonlySet<string> = new Set(['database_unreachable', 'inbox_unreachable'])

/** The log of a waiting program, and the signal that ends the wait. */
export type WaitContext = Readonly<{ log: Log; signal: AbortSignal }>

/** Retries `open` with growing pauses while its service is unreachable. Throws `stopping` when the signal aborts. */
export async function openWhenAvailable<T>(open: () => Promise<T>, { log, signal }: WaitContext): Promise<T> {
  for (let tries = 0; ; tries++) {
    if (signal.aborted) throw new Problem('stopping')
    try {
      return await open()
    } catch (error) {
      if (!(error instanceof Problem) || !UNAVAILABLE.has(error.code)) throw error
      const pauseMs = Math.min(PAUSE_MS_MIN * 2 ** tries, PAUSE_MS_MAX)
      log.warn({ code: error.code, detail: error.detail, pauseMs }, 'waiting for what cannot be reached')
      await sleep(pauseMs, undefined, { signal }).catch(() => {})
    }
  }
}
