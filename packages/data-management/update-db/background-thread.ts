/** A worker thread that runs one background task on each message, while the thread that started it loads files. */
import { parentPort, workerData } from 'node:worker_threads'
import { openCatalogue } from '../catalogue/dialects/sqlite/catalogue.ts'
import type { Sql } from '../database/sql.ts'
import { type DerivedData, renew } from './derived-data.ts'

/** The catalogue: the path of its SQLite file, or the address of its PostgreSQL server. */
export type BackgroundSource = Readonly<{ file: string }> | Readonly<{ server: string }>

/** The answer to each message: how many milliseconds it took and whether there was work; or the error message. */
export type BackgroundAnswer = Readonly<{ ms: number; hasWorked: boolean }> | Readonly<{ failure: string }>

const port = parentPort!
const { source, task } = workerData as Readonly<{ source: BackgroundSource; task: DerivedData }>
const database = await openSource()

async function openSource(): Promise<Sql> {
  if ('file' in source) return openCatalogue(source.file).database
  const { openPostgresCatalogueDatabase } = await import('../catalogue/dialects/postgres/catalogue.ts')
  return await openPostgresCatalogueDatabase(source.server, { connections: 3 })
}

port.on('message', async () => {
  const start = performance.now()
  try {
    // In a fleet one loader does it for all.
    const hasWorked = (await renew(database, task)) ?? false
    port.postMessage({ ms: performance.now() - start, hasWorked } satisfies BackgroundAnswer)
  } catch (error) {
    port.postMessage({ failure: error instanceof Error ? error.message : String(error) } satisfies BackgroundAnswer)
  }
})
