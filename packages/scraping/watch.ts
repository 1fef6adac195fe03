/**
 * `upload-data --watch`: runs a round when the outbox may have changed, at the latest after a set interval. File system
 * events are only hints (some are missed), so each round scans everything.
 *
 *   round ──done──────▶ wait for a hint, for a file that has rested, or the time ──▶ round …
 *     ├──unreachable──▶ a pause that grows with the outage ──▶ round …
 *     └──key refused──▶ another key by now? ──▶ round …     otherwise, or told to stop: end
 */
import { Problem } from '@splitcart/shared/problem.ts'
import { HOUR_MS } from '@splitcart/shared/time.ts'
import { type Clock, realClock } from './clock.ts'
import { sendHeartbeat } from './heartbeat.ts'
import { recordRun, wasSuccessful } from './last-run.ts'
import { Outage } from './outage.ts'
import { OutboxWatcher } from './outbox-watcher.ts'
import { retryDelayMs } from './retries.ts'
import { failByMachine, sortOutbox, uploadRound } from './upload-data.ts'
import { problemInfoOf, type Summary, type UploadEvent } from './upload-events.ts'
import { emit, newRun, reportOnce, type UploadJob, type UploadRun } from './upload-job.ts'

const OUTAGE_DELAY_MS_MAX = 60_000
// Upper bound for Retry-After: a server that says "in a year" is asked sooner.
const FLOOR_MS_MAX = HOUR_MS
const BEAT_EVERY_MS = 60_000
const RESTING_REPORT_MS = 60_000
const ALIVE_EVERY_MS = HOUR_MS

/** Sends new files until the signal aborts or the key is refused; returns the sums of all rounds. */
export async function watchOutbox(job: UploadJob, { everyMs }: Readonly<{ everyMs: number }>): Promise<Summary> {
  using watcher = new OutboxWatcher(job)
  const loop = new WatchLoop(job, watcher, everyMs)
  while (!job.signal.aborted && (await loop.round()));
  return loop.run.summary
}

/** State that is kept between rounds. */
class WatchLoop {
  readonly run: UploadRun
  readonly #watcher: OutboxWatcher
  readonly #clock: Clock
  readonly #outage: Outage
  readonly #everyMs: number
  #job: UploadJob
  #beatAt = Number.NEGATIVE_INFINITY
  #aliveAt: number
  #sentBefore = 0

  constructor(job: UploadJob, place: OutboxWatcher, everyMs: number) {
    this.#clock = job.clock ?? realClock()
    this.#watcher = place
    this.#everyMs = everyMs
    this.#outage = new Outage(job.on, this.#clock)
    this.run = newRun(job)
    this.#aliveAt = this.#clock.steady()
    this.#job = { ...job, on: (event) => forwardEvent(job, this.run, this.#outage, event) }
    place.isResting = (name) => this.run.resting.some(({ file }) => file.name === name)
  }

  /** Runs a round and the pause after it; false when no further round is to follow. */
  async round(): Promise<boolean> {
    const { run } = this
    this.#watcher.clearHints()
    const floorMs = await this.#reportingErrors(async () => {
      await this.#watcher.renewIfLost()
      return uploadRound(this.#job, run, { waitsForResults: false, waitsForResting: false })
    })
    const { outcome, problem } = run.summary
    if (outcome === 'key_refused') return this.#hasOtherKey()
    const isAway = problem !== undefined
    const delayMs = isAway ? pauseAfter(this.#job, ++this.#outage.failedRounds, floorMs) : this.#everyMs
    await this.#reportingErrors(() => recordRun(this.#job, run, delayMs))
    if (outcome !== 'unreachable' && !this.#job.signal.aborted)
      await this.#reportingErrors(async () => this.#job.reporter?.send(this.#job.client, this.#job.signal))
    if (isAway) await this.#waitAfterFailure(delayMs)
    else await this.#waitAfterSuccess()
    return true
  }

  async #waitAfterFailure(delayMs: number): Promise<void> {
    const { problem, waiting } = this.run.summary
    if (problem !== undefined) this.#outage.recordFailure({ problem, waiting, delayMs })
    await this.#clock.sleep(delayMs, this.#job.signal)
  }

  async #waitAfterSuccess(): Promise<void> {
    const { run } = this
    const { signal } = this.#job
    this.#outage.recordSuccess()
    const steady = this.#clock.steady()
    if (steady - this.#beatAt >= BEAT_EVERY_MS && !signal.aborted && wasSuccessful(run.summary)) {
      this.#beatAt = steady
      await sendHeartbeat(this.#job, run)
    }
    this.#reportAlive(steady - this.#aliveAt)
    await this.#reportingErrors(() => this.#waitForWork())
  }

  /** Once an hour reports that the watch runs, so that an idle one is not taken for hung. Outages have own events. */
  #reportAlive(sinceMs: number): void {
    if (sinceMs < ALIVE_EVERY_MS) return
    const { sent, duplicates, waiting } = this.run.summary
    this.#job.on({ type: 'alive', sent: sent + duplicates - this.#sentBefore, sinceMs, waiting })
    this.#aliveAt += sinceMs
    this.#sentBefore = sent + duplicates
  }

  /** Waits for a hint, a file that has rested, or `everyMs`. Resting files are checked without asking the server. */
  async #waitForWork(): Promise<void> {
    const { signal } = this.#job
    for (let leftMs = this.#everyMs; leftMs > 0 && !signal.aborted && !this.#watcher.hasHint; ) {
      const waitMs = Math.min(leftMs, ...this.run.resting.map(({ recheckMs }) => recheckMs))
      await this.#watcher.wait(waitMs, signal)
      leftMs -= waitMs
      if (this.run.resting.length === 0) continue
      this.#reportLongResting()
      const rested = this.run.resting.length
      if ((await sortOutbox(this.#job, this.run)).resting.length < rested) return
    }
  }

  /** Reports files that rest for long, such as one that a program never closes and that is therefore never sent. */
  #reportLongResting(): void {
    for (const { file, reason, quietMs } of this.run.resting)
      if (quietMs >= RESTING_REPORT_MS)
        reportOnce(this.run, `resting ${file.name}`, () => this.#job.on({ type: 'resting', name: file.name, reason }))
  }

  async #hasOtherKey(): Promise<boolean> {
    const client = this.#job.renewedClient?.()
    if (client === undefined) {
      await this.#reportingErrors(() => recordRun(this.#job, this.run, undefined))
      return false
    }
    this.#job = { ...this.#job, client }
    return true
  }

  // Errors of this machine (a full disk, a missing folder) pass, and a bug need not recur: the watch reports either
  // and goes on, since nothing would be sent once it has ended.
  async #reportingErrors(work: () => Promise<unknown>): Promise<number> {
    try {
      const floorMs = await work()
      return typeof floorMs === 'number' ? floorMs : 0
    } catch (cause) {
      failByAnything(this.#job, this.run, cause)
      return 0
    }
  }
}

function failByAnything(job: UploadJob, run: UploadRun, cause: unknown): void {
  try {
    failByMachine(run, cause)
  } catch {
    const detail = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)
    const problem = problemInfoOf(new Problem('program_mistake', detail.split('\n').slice(0, 2).join(' '), { cause }))
    reportOnce(run, `${problem.code} ${problem.detail}`, () =>
      emit(job, run, { type: 'warning', name: 'upload-data', problem }),
    )
    run.summary.problem = problem
    run.summary.outcome = 'failed'
  }
}

function pauseAfter({ patience }: UploadJob, rounds: number, floorMs: number): number {
  const { outageDelayMsMax: delayMsMax = OUTAGE_DELAY_MS_MAX } = patience
  return retryDelayMs(rounds + 1, Math.random(), { ...patience, delayMsMax }, Math.min(floorMs, FLOOR_MS_MAX))
}

/** Passes on the events of a round, but reports a failed try only as an outage. */
function forwardEvent(job: UploadJob, run: UploadRun, outage: Outage, event: UploadEvent): void {
  if (event.type === 'pause') {
    outage.recordFailure({ problem: event.problem, delayMs: event.delayMs, waiting: run.summary.waiting })
    return
  }
  if (event.type === 'file' && (event.state === 'accepted' || event.state === 'duplicate')) outage.recordSuccess()
  job.on(event)
}
