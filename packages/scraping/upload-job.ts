/** What a run of `upload-data` is given, and what it remembers while it goes on. */
import type { Disk } from '@splitcart/shared/disk.ts'
import type { KeptForm } from '@splitcart/shared/packed/forms.ts'
import { type Clock, realClock } from './clock.ts'
import type { Patience, Pause, Pausing } from './delivery.ts'
import { Dictionaries } from './dictionaries.ts'
import type { Folders } from './folders.ts'
import type { MachineReporter } from './machine-reporter.ts'
import { Mutex } from './mutex.ts'
import type { Sight, Waiting } from './outbox.ts'
import { OutboxSorter, type Resting, type RestRules } from './resting.ts'
import type { ScrapeCheck } from './scrape-check.ts'
import type { Spooled } from './spool.ts'
import type { UploadClient } from './upload-client.ts'
import { count, emptySummary, type Summary, troubleOf, type UploadEvent } from './upload-events.ts'

// A try takes some time too, before its file is heard of again.
const TRY_MS = 5_000

/** All that sending needs. An aborted `signal` ends the run after the file that is being sent. */
export type Job = Readonly<{
  disk: Disk
  folders: Folders
  client: UploadClient
  patience: Patience
  signal: AbortSignal
  on: (event: UploadEvent) => void
  /** How many files are sent at once; one where it is not said. */
  concurrency?: number
  clock?: Clock
  /** How long files rest in the outbox before they are taken; not at all where it is not said. */
  rest?: RestRules
  /** A client with the key as it is now, where that has changed since. */
  renewedClient?: () => UploadClient | undefined
  /** Judges files before they are sent; not at all where it is not said. */
  check?: Pick<ScrapeCheck, 'look'>
  /** Whether files that the server asks for again are sent; a server that is older is asked in vain. */
  sendsRequested?: boolean
  /** How archived files are kept; as they came where it is not said. */
  archiveForm?: KeptForm
  /** The address that is asked after each good run. */
  heartbeat?: URL
  /** Tells the server how this machine is at the end of each round; nothing is told where it is not said. */
  reporter?: Pick<MachineReporter, 'tell'>
}>

/** The state of a run, and with `--watch` of all runs of this process. */
export type Run = {
  summary: Summary
  /** zstd, until the server says that it does not take it. */
  encoding: 'zstd' | 'gzip'
  /** What both sides have already. */
  readonly dictionaries: Dictionaries
  /** The moves out of the outbox and the sidecars that follow, one after the other: two files may want the same name. */
  readonly moves: Mutex
  /** The archived files whose fate is known for good. */
  readonly settled: Set<string>
  /** The archived files whose bytes were compared with their receipts, as they looked then. */
  readonly compared: Map<string, Sight>
  /** Tells which files of the outbox have rested; undefined: none has to. */
  readonly sorter: OutboxSorter | undefined
  /** The files that rested when the outbox was looked at last. */
  resting: readonly Resting[]
  /** When the server was asked last which files it lacks. */
  askedAt: number
  /** What was reported once and is not reported again. */
  readonly reported: Set<string>
  /** How many files in a row did not get through, for reasons that may be their own. */
  streak: number
  /** The files that failed for a reason of their own while the server was there: how often, and when they are tried again. */
  readonly setAside: Map<string, Readonly<{ times: number; until: number }>>
  /** What the server said of one file after the other, and of which. */
  alike?: Readonly<{ code: string; names: readonly string[] }>
  /** The copy of the file that is sent next; undefined where there is none. */
  prepared?: Readonly<{ file: Waiting; spooled: Promise<Spooled | undefined> }>
  /** What the record of the last run says, and since when. */
  noted?: Readonly<{ at: number; news: string }>
  /** The pause that was told last, and for how long it speaks for the other files. */
  pause?: Readonly<{ name: string; code: string; until: number }>
}

/** The state at the beginning. */
export function newRun({ disk, folders, rest, clock = realClock() }: Omit<Job, 'on' | 'client'>): Run {
  return {
    summary: emptySummary(),
    encoding: 'zstd',
    dictionaries: new Dictionaries(disk, folders),
    moves: new Mutex(),
    settled: new Set(),
    compared: new Map(),
    sorter: rest && new OutboxSorter(rest, clock),
    resting: [],
    askedAt: Number.NEGATIVE_INFINITY,
    reported: new Set(),
    streak: 0,
    setAside: new Map(),
  }
}

/** Counts an event and passes it on. */
export function tell(job: Job, run: Run, event: UploadEvent): void {
  if (event.type === 'file') count(run.summary, event)
  job.on(event)
}

/** Reports something unless this run has reported it before. */
export function once(run: Run, key: string, report: () => void): void {
  if (run.reported.has(key)) return
  run.reported.add(key)
  report()
}

/**
 * How `deliver` pauses in this run: it tells, and an aborted signal ends the pause. Of files that are sent at once and wait for the
 * same only the first is told.
 */
export function pausing(job: Job, run: Run, name: string): Pausing {
  const { signal, clock = realClock() } = job
  const onPause = ({ error, tries, delayMs }: Pause) => {
    const problem = troubleOf(error)
    const now = clock.steady()
    const { pause } = run
    if (pause !== undefined && pause.name !== name && pause.code === problem.code && now < pause.until) return
    run.pause = { name, code: problem.code, until: now + delayMs + TRY_MS }
    tell(job, run, { type: 'pause', name, problem, tries, delayMs })
  }
  return { signal, clock, onPause }
}
