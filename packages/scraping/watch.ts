/**
 * `upload-data --watch`: a round whenever something may have come into the outbox, and at the latest after a set time. The
 * file system only gives hints (it misses changes); each round looks again at everything.
 *
 *   round ──done──────▶ wait for a hint, or the time ──▶ round …
 *     └──unreachable──▶ a pause that grows with the outage ──▶ round …     key refused or told to stop: end
 */
import { type FSWatcher, watch } from 'node:fs'
import { type Clock, realClock } from './clock.ts'
import { delayAfter } from './delivery.ts'
import { beatFor } from './heartbeat.ts'
import { noteRun } from './last-run.ts'
import { Outage } from './outage.ts'
import { blameMachine, lockOutbox, uploadRound } from './upload-data.ts'
import type { Summary, UploadEvent } from './upload-events.ts'
import { type Job, newRun, type Run } from './upload-job.ts'

const OUTAGE_DELAY_MS_MAX = 60_000
// What a server may ask for at most: one that says "in a year" is asked sooner.
const FLOOR_MS_MAX = 60 * 60 * 1000
const BEAT_EVERY_MS = 60_000

/** Sends what comes, for ever; ends when the signal aborts or the key is refused, with the sums of all rounds. */
export async function watchOutbox(job: Job, { everyMs }: Readonly<{ everyMs: number }>): Promise<Summary> {
  const clock = job.clock ?? realClock()
  using _lock = lockOutbox(job)
  using hints = new Hints(job.folders.outbox, clock)
  const run = newRun()
  const outage = new Outage(job.on, clock)
  const quiet: Job = { ...job, on: (event) => hear(job, run, outage, event) }
  let beatAt = Number.NEGATIVE_INFINITY
  while (!job.signal.aborted) {
    hints.forget()
    const floorMs = await surviving(run, () => uploadRound(quiet, run, false))
    const { outcome, problem: ending } = run.summary
    const isAway = outcome !== 'key_refused' && ending !== undefined
    const delayMs = isAway ? pauseAfter(job, ++outage.rounds, floorMs) : everyMs
    await noteRun(job, run, outcome === 'key_refused' ? undefined : clock.now() + delayMs)
    if (outcome === 'key_refused') break
    if (isAway) {
      const { problem, waiting } = run.summary
      if (problem !== undefined) outage.goesOn({ problem, waiting, delayMs })
      await clock.sleep(delayMs, job.signal)
      continue
    }
    outage.isOver()
    if (clock.now() - beatAt >= BEAT_EVERY_MS && !job.signal.aborted) {
      beatAt = clock.now()
      await beatFor(job, run)
    }
    await hints.wait(everyMs, job.signal)
  }
  return run.summary
}

// What this machine refuses (a full disk, a folder that is away) passes too: a watch that ends for it would send nothing afterwards.
async function surviving(run: Run, round: () => Promise<number>): Promise<number> {
  try {
    return await round()
  } catch (cause) {
    blameMachine(run, cause)
    return 0
  }
}

function pauseAfter({ patience }: Job, rounds: number, floorMs: number): number {
  const { outageDelayMsMax: delayMsMax = OUTAGE_DELAY_MS_MAX } = patience
  return delayAfter(rounds + 1, Math.random(), { ...patience, delayMsMax }, Math.min(floorMs, FLOOR_MS_MAX))
}

/** Tells what happens in a round, but of a try that failed only that there is an outage. */
function hear(job: Job, run: Run, outage: Outage, event: UploadEvent): void {
  if (event.type === 'pause') {
    outage.goesOn({ problem: event.problem, delayMs: event.delayMs, waiting: run.summary.waiting })
    return
  }
  if (event.type === 'file' && (event.state === 'accepted' || event.state === 'duplicate')) outage.isOver()
  job.on(event)
}

/** Hints of the file system that a file came into a folder. */
class Hints implements Disposable {
  readonly #watcher: FSWatcher | undefined
  readonly #clock: Clock
  #hint = new AbortController()

  constructor(folder: string, clock: Clock) {
    this.#clock = clock
    this.#watcher = watchIfPossible(folder, (name) => {
      if (name === null || (name.endsWith('.jsonl') && !name.startsWith('.'))) this.#hint.abort()
    })
  }

  forget(): void {
    this.#hint = new AbortController()
  }

  /** Waits for a hint that came since `forget`, for the time, or for the signal. */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    await this.#clock.sleep(ms, AbortSignal.any([signal, this.#hint.signal]))
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
