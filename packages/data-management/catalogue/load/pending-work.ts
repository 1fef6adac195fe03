/** Finishes pending work in a catalogue of an older version or of an interrupted run, before anything is loaded. */
import { indexUnworded } from './listing-words.ts'
import { regroupProducts } from './products.ts'
import type { LoadDatabase } from './statement.ts'

/** Returns a record if there is pending work. */
export const PENDING_WORK_QUERY = 'select listing_id from unsettled union all select listing_id from unworded limit 1'

/** Finds the products of the listings in `unsettled`, and writes the search words of those in `unworded`. */
export async function finishPendingWork(database: LoadDatabase): Promise<void> {
  await regroupProducts(database)
  await indexUnworded(database)
}
