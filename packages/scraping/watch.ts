/**
 * `upload-data --watch`: a round whenever something may have come into the outbox, and at the latest after a set time. The
 * file system only gives hints (it misses changes); each round looks again at everything.
 *
 *   round ──done──────▶ wait for a hint, or the time ──▶ round …
 *     └──unreachable──▶ a pause that grows with the outage ──▶ round …     key refused or told to stop: end
 */
import { type FSWatcher, watch } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { delayAfter } from './delivery.ts'
import { lockOutbox, uploadRound } from './upload-data.ts'
import type { Summary } from './upload-events.ts'
import { type Job, newRun, type Run, tell } from './upload-job.ts'

const OUTAGE_DELAY_MS_MAX = 60_000

/** Sends what comes, for ever; ends when the signal aborts or the key is refused, with the sums of all rounds. */
export async function watchOutbox(job: Job, { everyMs }: Readonly<{ everyMs: number }>): Promise<Summary> {
  using _lock = lockOutbox(job)
  using hints = new Hints(job.folders.outbox)
  const run = newRun()
  const outage = { rounds: 0, since: 0 }
  while (!job.signal.aborted) {
    hints.forget()
    const floorMs = await uploadRound(job, run, false)
    if (run.summary.outcome === 'key_refused') break
    if (run.summary.outcome === 'unreachable') await pauseForOutage(job, run, outage, floorMs)
    else {
      outage.rounds = 0
      await hints.wait(everyMs, job.signal)
    }
  }
  return run.summary
}

type Outage = { rounds: number; since: number }

async function pauseForOutage(job: Job, run: Run, outage: Outage, floorMs: number): Promise<void> {
  if (outage.rounds++ === 0) outage.since = performance.now()
  const patience = { ...job.patience, delayMsMax: OUTAGE_DELAY_MS_MAX }
  const delayMs = delayAfter(outage.rounds + 1, Math.random(), patience, floorMs)
  const outageMs = Math.round(performance.now() - outage.since)
  if (run.summary.problem) tell(job, run, { type: 'outage', problem: run.summary.problem, outageMs, delayMs })
  await sleep(delayMs, undefined, { signal: job.signal }).catch(() => {})
}

/** Hints of the file system that a file came into a folder. */
class Hints implements Disposable {
  readonly #watcher: FSWatcher | undefined
  #hint = new AbortController()

  constructor(folder: string) {
    this.#watcher = watchIfPossible(folder, (name) => {
      if (name === null || (name.endsWith('.jsonl') && !name.startsWith('.'))) this.#hint.abort()
    })
  }

  forget(): void {
    this.#hint = new AbortController()
  }

  /** Waits for a hint that came since `forget`, for the time, or for the signal. */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    await sleep(ms, undefined, { signal: AbortSignal.any([signal, this.#hint.signal]) }).catch(() => {})
  }

  [Symbol.dispose](): void {
    this.#watcher?.close()
  }
}

// Without hints (too many watches, a network drive) the rounds come by the clock alone.
function watchIfPossible(folder: string, heard: (name: string | null) => void): FSWatcher | undefined {
  try {
    return watch(folder, (_event, name) => heard(name)).on('error', () => {})
  } catch {
    return undefined
  }
}
