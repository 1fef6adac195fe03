/** What a catalogue of an older program, or one that was left in the middle, has yet to be told: done before anything is loaded. */
import { indexUnworded } from './listing-words.ts'
import { settleProducts } from './products.ts'
import type { LoadDatabase } from './statement.ts'

/** Answers a record where there is something to be done. */
export const IS_WAITING = 'select listing_id from unsettled union all select listing_id from unworded limit 1'

/** Finds the products of listings that wait for it, and writes the words of those that wait for them. */
export async function settleAll(database: LoadDatabase): Promise<void> {
  await settleProducts(database)
  await indexUnworded(database)
}
