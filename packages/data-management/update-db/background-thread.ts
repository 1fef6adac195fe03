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
export type FromBackground = Readonly<{ ms: number; hasWorked: boolean }> | Readonly<{ failure: string }>

const WORK: Readonly<Record<BackgroundTask, (database: Sql) => Promise<boolean>>> = {
  'suggested pairs': renewSuggestions,
  'changes of price': countChanges,
}

const port = parentPort!
const { place, task } = workerData as Readonly<{ place: BackgroundSource; task: BackgroundTask }>
const work = await working()

async function working(): Promise<() => Promise<boolean>> {
  if ('file' in place) {
    const { database } = openCatalogue(place.file)
    return () => WORK[task](database)
  }
  const { openPostgresCatalogueDatabase } = await import('../catalogue/dialects/postgres/catalogue.ts')
  const database = await openPostgresCatalogueDatabase(place.server, { connections: 3 })
  // The lock lets one loader of the fleet do the task for all.
  return async () => {
    let hasWorked = false
    await database.alone(task, async () => {
      hasWorked = await WORK[task](database)
    })
    return hasWorked
  }
}

port.on('message', async () => {
  const begun = performance.now()
  try {
    const hasWorked = await work()
    port.postMessage({ ms: performance.now() - begun, hasWorked } satisfies FromBackground)
  } catch (error) {
    port.postMessage({ failure: error instanceof Error ? error.message : String(error) } satisfies FromBackground)
  }
})
