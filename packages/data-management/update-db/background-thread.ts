/** A worker thread that runs one background task on each message, while the thread that started it loads files. */
import { parentPort, workerData } from 'node:worker_threads'
import { openCatalogue } from '../catalogue/dialects/sqlite/catalogue.ts'
import { countChanges } from '../catalogue/queries/count-changes.ts'
import { renewSuggestions } from '../catalogue/queries/suggestions.ts'
import type { Sql } from '../database/sql.ts'

/** The catalogue: the path of its SQLite file, or the address of its PostgreSQL server. */
export type BackgroundSource = Readonly<{ file: string }> | Readonly<{ server: string }>

/** What the thread keeps up to date; in PostgreSQL also the name of the lock. */
export type BackgroundTask = 'suggested pairs' | 'changes of price'

/** The answer to each message: how many milliseconds it took and whether there was work; or the error message. */
export type BackgroundAnswer = Readonly<{ ms: number; hasWorked: boolean }> | Readonly<{ failure: string }>

const RUN_TASK: Readonly<Record<BackgroundTask, (database: Sql) => Promise<boolean>>> = {
  'suggested pairs': renewSuggestions,
  'changes of price': countChanges,
}

const port = parentPort!
const { source, task } = workerData as Readonly<{ source: BackgroundSource; task: BackgroundTask }>
const runTask = await taskRunner()

async function taskRunner(): Promise<() => Promise<boolean>> {
  if ('file' in source) {
    const { database } = openCatalogue(source.file)
    return () => RUN_TASK[task](database)
  }
  const { openPostgresCatalogueDatabase } = await import('../catalogue/dialects/postgres/catalogue.ts')
  const database = await openPostgresCatalogueDatabase(source.server, { connections: 3 })
  // The lock lets one loader of the fleet do the task for all.
  return async () => {
    let hasWorked = false
    await database.alone(task, async () => {
      hasWorked = await RUN_TASK[task](database)
    })
    return hasWorked
  }
}

port.on('message', async () => {
  const start = performance.now()
  try {
    const hasWorked = await runTask()
    port.postMessage({ ms: performance.now() - start, hasWorked } satisfies BackgroundAnswer)
  } catch (error) {
    port.postMessage({ failure: error instanceof Error ? error.message : String(error) } satisfies BackgroundAnswer)
  }
})
