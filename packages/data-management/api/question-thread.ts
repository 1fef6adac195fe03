/** The thread that answers questions, one at a time, from connections of its own that only read. */
import { parentPort, workerData } from 'node:worker_threads'
import { realDisk } from '@splitcart/shared/disk.ts'
import { openLog } from '@splitcart/shared/log.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import { findLoad } from '../catalogue/loads.ts'
import { LimitedSql } from '../database/limited-sql.ts'
import { tellSlowStatements } from '../database/slow-statements.ts'
import { SqliteDatabase } from '../database/sqlite.ts'
import { foldersIn } from '../folders.ts'
import { openLedgerToAsk } from '../ledger/ledger.ts'
import { QUESTIONS } from './questions.ts'
import type { QuestionName, Reading } from './reading.ts'

/** Where the thread reads, and its limits. `server`: the address of PostgreSQL; else the catalogue is a file. */
export type ThreadPlace = Readonly<{
  dataFolder: string
  catalogue: Readonly<{ file: string }> | Readonly<{ server: string }>
  diskBytesKept: number
  partialShare?: number
  msMax: number
  recordsMax: number
  /** Statements that take so long are logged; 0: none. */
  slowMs?: number
  /** Not 0: nobody wants the answer any more. */
  stop: Int32Array
}>

/** What the thread is asked. */
export type ToThread = Readonly<{ name: QuestionName; question: object; now: number }>

/** What it says: that it can be asked; then the answer as the bytes of its JSON, or why there is none. */
export type FromThread =
  | Readonly<{ ready: true }>
  | Readonly<{ answer: Uint8Array<ArrayBuffer> }>
  | Readonly<{ problem: Readonly<Pick<Problem, 'code' | 'detail'>> }>
  | Readonly<{ failure: string }>

const place = workerData as ThreadPlace
const port = parentPort!
const { database, ledger } = await open(place)
const limited = new LimitedSql(database, { ...place, isStopped: () => Atomics.load(place.stop, 0) !== 0 })
const text = new TextEncoder()
tellSlowStatements(openLog('warn'), place.slowMs ?? 0)

async function open({ catalogue, dataFolder, msMax }: ThreadPlace) {
  if ('file' in catalogue)
    return { database: SqliteDatabase.openToAsk(catalogue.file), ledger: openLedgerToAsk(dataFolder) }
  const { openPostgresCatalogue } = await import('../catalogue/dialects/postgres/catalogue.ts')
  const { openPostgresLedger } = await import('../ledger/postgres.ts')
  const limits = { connections: 1, statementMsMax: msMax }
  return {
    database: (await openPostgresCatalogue(catalogue.server, limits)).database,
    ledger: await openPostgresLedger(catalogue.server, undefined, limits),
  }
}

function readingAt(now: number): Reading {
  const { diskBytesKept, partialShare, dataFolder, catalogue } = place
  const inbox = { disk: realDisk(), folders: foldersIn(dataFolder), ledger, diskBytesKept, now: () => now }
  const path = 'file' in catalogue ? catalogue.file : null
  const asked = { database: limited, path, findLoad: (sha256: string) => findLoad(limited, sha256) }
  return { catalogue: asked, inbox, ...(partialShare !== undefined && { partialShare }) }
}

async function answer({ name, question, now }: ToThread): Promise<FromThread> {
  try {
    limited.begin()
    return { answer: text.encode(JSON.stringify(await QUESTIONS[name](readingAt(now), question as never))) }
  } catch (error) {
    if (error instanceof Problem) return { problem: { code: error.code, detail: error.detail } }
    return { failure: error instanceof Error ? (error.stack ?? error.message) : String(error) }
  }
}

port.on('message', async (asked: ToThread) => {
  const said = await answer(asked)
  port.postMessage(said, 'answer' in said ? [said.answer.buffer] : [])
})
port.postMessage({ ready: true } satisfies FromThread)
