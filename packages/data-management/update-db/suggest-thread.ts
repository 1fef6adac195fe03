/** The thread in which suggested pairs are found, whenever it is told to look, while the one that started it loads files. */
import { parentPort, workerData } from 'node:worker_threads'
import { openCatalogue } from '../catalogue/dialects/sqlite/catalogue.ts'
import { renewSuggestions } from '../catalogue/queries/suggestions.ts'

/** Where the catalogue lies. */
export type SuggestPlace = Readonly<{ file: string }> | Readonly<{ server: string }>

/** What the thread says when it has looked: how long it took, and whether anything was to be done; or why it could not. */
export type FromSuggesting = Readonly<{ ms: number; hasLooked: boolean }> | Readonly<{ failure: string }>

const port = parentPort!
const renew = await renewing(workerData as SuggestPlace)

async function renewing(place: SuggestPlace): Promise<() => Promise<boolean>> {
  if ('file' in place) {
    const { database } = openCatalogue(place.file)
    return () => renewSuggestions(database)
  }
  const { openPostgresCatalogueDatabase } = await import('../catalogue/dialects/postgres/catalogue.ts')
  const database = await openPostgresCatalogueDatabase(place.server, { connections: 3 })
  // Of the loaders of a fleet one does it for all.
  return async () => {
    let hasLooked = false
    await database.alone('suggested pairs', async () => {
      hasLooked = await renewSuggestions(database)
    })
    return hasLooked
  }
}

port.on('message', async () => {
  const begun = performance.now()
  try {
    const hasLooked = await renew()
    port.postMessage({ ms: performance.now() - begun, hasLooked } satisfies FromSuggesting)
  } catch (error) {
    port.postMessage({ failure: error instanceof Error ? error.message : String(error) } satisfies FromSuggesting)
  }
})
