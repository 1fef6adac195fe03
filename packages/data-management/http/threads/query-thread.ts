/** Worker thread that answers queries, one at a time, over its own read-only connections. */
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
import type { QueryContext, QueryName } from './query-context.ts'

/** What a thread gets when it starts: the databases to read, the limits of queries, and settings. */
export type QueryThreadSource = DatabaseLocations &
  Readonly<{
    diskBytesKept: number
    partialShare?: number
    /** The name of the time zone in which days begin. */
    timeZone?: string
    currency?: string | undefined
    msMax: number
    recordsMax: number
    /** Statements that take at least `ms` are logged; 0: none. */
    slow?: Readonly<{ ms: number; logLevel: (typeof LOG_LEVELS)[number] }>
    /** A flag shared with the main thread. If it is not 0, the current query stops. */
    stop: Int32Array
  }>

/** A message to the thread: the query to answer. */
export type QueryMessage = Readonly<{ name: QueryName; parameters: object; now: number }>

/** A message from the thread: `ready` once; then, for each query, its answer as JSON, a problem or an error's stack. */
export type AnswerMessage =
  | Readonly<{ ready: true }>
  | Readonly<{ answer: Uint8Array<ArrayBuffer> }>
  | Readonly<{ problem: Readonly<Pick<Problem, 'code' | 'detail'>> }>
  | Readonly<{ failure: string }>

const threadSource = workerData as QueryThreadSource
const port = parentPort!
const { database, ledger, path } = await openDatabasesReadOnly(threadSource, { statementMsMax: threadSource.msMax })
const sql = new LimitedSql(database, { ...threadSource, isStopped: () => Atomics.load(threadSource.stop, 0) !== 0 })
const zone = threadSource.timeZone === undefined ? undefined : new TimeZone(threadSource.timeZone)
const encoder = new TextEncoder()
if (threadSource.slow !== undefined) logSlowStatements(openLog(threadSource.slow.logLevel), threadSource.slow.ms)

function queryContextAt(now: number): QueryContext {
  const { diskBytesKept, partialShare, dataFolder, currency } = threadSource
  const inbox = { disk: realDisk(), folders: foldersIn(dataFolder), ledger, diskBytesKept, now: () => now }
  const catalogue = { database: sql, path, findLoad: (sha256: string) => findLoad(sql, sha256) }
  return {
    catalogue,
    inbox,
    currency,
    ...(partialShare !== undefined && { partialShare }),
    ...(zone && { zone }),
  }
}

async function answer({ name, parameters, now }: QueryMessage): Promise<AnswerMessage> {
  try {
    sql.begin()
    return { answer: encoder.encode(JSON.stringify(await QUERIES[name](queryContextAt(now), parameters as never))) }
  } catch (error) {
    if (error instanceof Problem) return { problem: { code: error.code, detail: error.detail } }
    return { failure: error instanceof Error ? (error.stack ?? error.message) : String(error) }
  }
}

port.on('message', async (query: QueryMessage) => {
  const result = await answer(query)
  port.postMessage(result, 'answer' in result ? [result.answer.buffer] : [])
})
port.postMessage({ ready: true } satisfies AnswerMessage)
