/** Worker thread that answers queries, one at a time, over read-only connections of its own. */
import { parentPort, workerData } from 'node:worker_threads'
import { realDisk } from '@splitcart/shared/disk.ts'
import { openLog } from '@splitcart/shared/log.ts'
import type { LOG_LEVELS } from '@splitcart/shared/log-levels.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import { TimeZone } from '@splitcart/shared/time-zone.ts'
import { findLoad } from '../../catalogue/loads.ts'
import { LimitedSql } from '../../database/limited-sql.ts'
import { logSlowStatements } from '../../database/slow-statements.ts'
import { foldersIn } from '../../folders.ts'
import { type DatabaseLocations, openDatabasesReadOnly } from '../../read-only-databases.ts'
import { QUERIES } from './queries.ts'
import type { QueryName, Reading } from './reading.ts'

/** The databases that the thread reads, and its limits. */
export type ThreadSource = DatabaseLocations &
  Readonly<{
    diskBytesKept: number
    partialShare?: number
    /** Name of the time zone in which days begin. */
    timeZone?: string
    currency?: string | undefined
    msMax: number
    recordsMax: number
    /** Statements that take at least `ms` are logged, at this log level; 0: none. */
    slow?: Readonly<{ ms: number; logLevel: (typeof LOG_LEVELS)[number] }>
    /** Shared flag; not 0: the answer is no longer wanted, stop. */
    stop: Int32Array
  }>

/** A query for the thread. */
export type ToThread = Readonly<{ name: QueryName; parameters: object; now: number }>

/** Messages of the thread: ready, once; then per query the answer as bytes of JSON, a problem or an error's stack. */
export type FromThread =
  | Readonly<{ ready: true }>
  | Readonly<{ answer: Uint8Array<ArrayBuffer> }>
  | Readonly<{ problem: Readonly<Pick<Problem, 'code' | 'detail'>> }>
  | Readonly<{ failure: string }>

const threadSource = workerData as ThreadSource
const port = parentPort!
const { database, ledger, path } = await openDatabasesReadOnly(threadSource, { statementMsMax: threadSource.msMax })
const limited = new LimitedSql(database, { ...threadSource, isStopped: () => Atomics.load(threadSource.stop, 0) !== 0 })
const zone = threadSource.timeZone === undefined ? undefined : new TimeZone(threadSource.timeZone)
const text = new TextEncoder()
if (threadSource.slow !== undefined) logSlowStatements(openLog(threadSource.slow.logLevel), threadSource.slow.ms)

function readingAt(now: number): Reading {
  const { diskBytesKept, partialShare, dataFolder, currency } = threadSource
  const inbox = { disk: realDisk(), folders: foldersIn(dataFolder), ledger, diskBytesKept, now: () => now }
  const catalogue = { database: limited, path, findLoad: (sha256: string) => findLoad(limited, sha256) }
  return {
    catalogue,
    inbox,
    currency,
    ...(partialShare !== undefined && { partialShare }),
    ...(zone && { zone }),
  }
}

async function answer({ name, parameters, now }: ToThread): Promise<FromThread> {
  try {
    limited.begin()
    return { answer: text.encode(JSON.stringify(await QUERIES[name](readingAt(now), parameters as never))) }
  } catch (error) {
    if (error instanceof Problem) return { problem: { code: error.code, detail: error.detail } }
    return { failure: error instanceof Error ? (error.stack ?? error.message) : String(error) }
  }
}

port.on('message', async (query: ToThread) => {
  const result = await answer(query)
  port.postMessage(result, 'answer' in result ? [result.answer.buffer] : [])
})
port.postMessage({ ready: true } satisfies FromThread)
