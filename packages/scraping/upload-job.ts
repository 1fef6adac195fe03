/** Inputs of a run of `upload-data` (`UploadJob`), and its state (`UploadRun`). */
import type { Disk } from '@splitcart/shared/disk.ts'
import type { KeptForm } from '@splitcart/shared/packed/forms.ts'
import { type Clock, realClock } from './clock.ts'
import { Dictionaries } from './dictionaries.ts'
import type { Folders } from './folders.ts'
import type { MachineReporter } from './machine-reporter.ts'
import { Mutex } from './mutex.ts'
import type { FileStats, OutboxFile } from './outbox.ts'
import { OutboxSorter, type RestingFile, type RestRules } from './resting.ts'
import type { RetryHooks, RetryLimits, RetryPause } from './retries.ts'
import type { ScrapeCheck } from './scrape-check.ts'
import type { Spooled } from './spool.ts'
import type { UploadClient } from './upload-client.ts'
import { addToSummary, emptySummary, problemInfoOf, type Summary, type UploadEvent } from './upload-events.ts'

// Allowance for the duration of a try, after which its file may report again.
const TRY_MS = 5_000

/** Inputs of a run. An aborted `signal` ends the run after the file that is being sent. */
export type UploadJob = Readonly<{
  disk: Disk
  folders: Folders
  client: UploadClient
  patience: RetryLimits
  signal: AbortSignal
  on: (event: UploadEvent) => void
  /** How many files are sent concurrently; default 1. */
  concurrency?: number
  clock?: Clock
  /** How long files rest in the outbox before they are sent; default not at all. */
  rest?: RestRules
  /** Returns a client with the current key if the key has changed, else undefined. */
  renewedClient?: () => UploadClient | undefined
  /** Checks files before they are sent; default no check. */
  check?: Pick<ScrapeCheck, 'check'>
  /** Whether to send files that the server requests again; an older server has no such requests. */
  sendsRequested?: boolean
  /** Form in which archived files are kept; default uncompressed. */
  archiveForm?: KeptForm
  /** Heartbeat URL, requested after each good run. */
  heartbeat?: URL
  /** Reports the state of this machine to the server at the end of each round; default no report. */
  reporter?: Pick<MachineReporter, 'send'>
}>

/** State of a run; with `--watch`, of all rounds of this process. */
export type UploadRun = {
  summary: Summary
  /** zstd, until the server rejects it. */
  encoding: 'zstd' | 'gzip'
  /** Compression dictionaries: archived files that the server also has. */
  readonly dictionaries: Dictionaries
  /** Serialises moves out of the outbox and their sidecar writes: two files may need the same name. */
  readonly moves: Mutex
  /** Names of archived files with a final result. */
  readonly settled: Set<string>
  /** Outbox names of archived files that the server no longer knew, put back in this round. */
  readonly requeued: Set<string>
  /** Stats of archived files when their bytes were last compared with their receipts, by name. */
  readonly compared: Map<string, FileStats>
  /** Decides which files of the outbox have rested; undefined when none has to. */
  readonly sorter: OutboxSorter | undefined
  /** Files still resting at the last scan of the outbox. */
  resting: readonly RestingFile[]
  /** When the server was last asked for requested files, on the steady clock. */
  requestedCheckedAt: number
  /** Keys of events that are reported only once. */
  readonly reported: Set<string>
  /** Number of consecutive failures that may be due to the file alone. */
  streak: number
  /** Files set aside after failing while the server was there: how often, and until when (steady clock). */
  readonly setAside: Map<string, Readonly<{ times: number; until: number }>>
  /** The error code that the server gave for consecutive files, and their names. */
  repeatedRefusal?: Readonly<{ code: string; names: readonly string[] }>
  /** The spooled copy made ahead of the next file; its promise gives undefined if it could not be made. */
  prepared?: Readonly<{ file: OutboxFile; spooled: Promise<Spooled | undefined> }>
  /** Content of the last-run record last written, and when (steady clock). */
  lastRecord?: Readonly<{ at: number; news: string }>
  /** The last reported pause; until `until`, the same pause of other files is not reported. */
  pause?: Readonly<{ name: string; code: string; until: number }>
}

/** The initial state of a run. */
export function newRun({ disk, folders, rest, clock = realClock() }: Omit<UploadJob, 'on' | 'client'>): UploadRun {
  return {
    summary: emptySummary(),
    encoding: 'zstd',
    dictionaries: new Dictionaries(disk, folders),
    moves: new Mutex(),
    settled: new Set(),
    requeued: new Set(),
    compared: new Map(),
    sorter: rest && new OutboxSorter(rest, clock),
    resting: [],
    requestedCheckedAt: Number.NEGATIVE_INFINITY,
    reported: new Set(),
    streak: 0,
    setAside: new Map(),
  }
}

/** Counts an event and passes it on. */
export function emit(job: UploadJob, run: UploadRun, event: UploadEvent): void {
  if (event.type === 'file') addToSummary(run.summary, event)
  job.on(event)
}

/** Reports something unless this run has reported it before. */
export function reportOnce(run: UploadRun, key: string, report: () => void): void {
  if (run.reported.has(key)) return
  run.reported.add(key)
  report()
}

/**
 * Hooks of `withRetries` for this run: each pause is reported, and an aborted signal ends it. Of files sent
 * concurrently that wait for the same reason, only the first is reported.
 */
export function retryHooks(job: UploadJob, run: UploadRun, name: string): RetryHooks {
  const { signal, clock = realClock() } = job
  const onPause = ({ error, tries, delayMs }: RetryPause) => {
    const problem = problemInfoOf(error)
    const now = clock.steady()
    const { pause } = run
    if (pause !== undefined && pause.name !== name && pause.code === problem.code && now < pause.until) return
    run.pause = { name, code: problem.code, until: now + delayMs + TRY_MS }
    emit(job, run, { type: 'pause', name, problem, tries, delayMs })
  }
  return { signal, clock, onPause }
}
