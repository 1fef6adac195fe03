/**
 * Reports the state of this machine to the server at the end of rounds: version, platform, waiting files of all kinds,
 * refused files, and its clock. No run depends on it: a server that is away or rejects the report is no error.
 */
import { type Disk, systemErrorMessage } from '@splitcart/shared/disk.ts'
import { folderUsage } from '@splitcart/shared/folder-usage.ts'
import type { MachineReport } from '@splitcart/shared/machine-report.ts'
import { Problem, retryOfStatus } from '@splitcart/shared/problem.ts'
import { HOUR_MS } from '@splitcart/shared/time.ts'
import { AnswerError, ForeignResponse } from './answer.ts'
import { type Clock, realClock } from './clock.ts'
import { foldersIn, isDataFile, kindsWithOutbox } from './folders.ts'
import { scanOutbox } from './outbox.ts'
import type { UploadClient } from './upload-client.ts'

// Minimum interval: with --watch and many files, rounds follow each other closely.
const REPORT_EVERY_MS = 10_000
// Pause after a rejection: an older server or a strict proxy may have been replaced by then.
const REJECTED_PAUSE_MS = HOUR_MS

/** Facts about this machine, and the data folder with its outboxes. */
export type ReportingMachine = Readonly<
  { disk: Disk; dataDir: string; clock?: Clock } & Pick<MachineReport, 'version' | 'platform' | 'arch'>
>

/** Sends the reports; one instance serves all kinds of a process. */
export class MachineReporter {
  readonly #machine: ReportingMachine
  readonly #clock: Clock
  #nextAt = Number.NEGATIVE_INFINITY

  constructor(machine: ReportingMachine) {
    this.#machine = machine
    this.#clock = machine.clock ?? realClock()
  }

  /**
   * Sends a report, unless one was sent just now, the server does not accept them, or the signal aborts. Throws only
   * bugs.
   */
  async send({ report }: Pick<UploadClient, 'report'>, signal?: AbortSignal): Promise<void> {
    const steady = this.#clock.steady()
    if (steady < this.#nextAt) return
    this.#nextAt = steady + REPORT_EVERY_MS
    try {
      const { version, platform, arch } = this.#machine
      const waiting = await countWaiting(this.#machine)
      await report({ version, platform, arch, ...waiting, sent_at: new Date(this.#clock.now()).toISOString() }, signal)
    } catch (error) {
      if (wasRejected(error)) this.#nextAt = steady + REJECTED_PAUSE_MS
      else if (!(error instanceof Problem || error instanceof AnswerError) && systemErrorMessage(error) === undefined)
        throw error
    }
  }
}

function wasRejected(error: unknown): boolean {
  const isAnswer = error instanceof AnswerError || error instanceof ForeignResponse
  return isAnswer && retryOfStatus(error.status) !== 'soon'
}

type WaitingCounts = Pick<MachineReport, 'waiting_files' | 'waiting_bytes' | 'refused_files'>

async function countWaiting({ disk, dataDir }: ReportingMachine): Promise<WaitingCounts> {
  const sum = { waiting_files: 0, waiting_bytes: 0, refused_files: 0 }
  for (const kind of await kindsWithOutbox(disk, dataDir)) {
    const { outbox, refused } = foldersIn(dataDir, kind)
    for (const { size } of (await scanOutbox(disk, outbox)).waiting) {
      sum.waiting_files++
      sum.waiting_bytes += size
    }
    sum.refused_files += (await folderUsage(disk, refused, isDataFile)).files
  }
  return sum
}
