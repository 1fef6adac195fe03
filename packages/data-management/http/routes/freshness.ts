/** Reads how fresh the data of stores are, from their scrapes and their store settings. */
import { LiveStores } from '../../catalogue/queries/current.ts'
import { allSources, type Source } from '../../catalogue/queries/sources.ts'
import { freshnessContext, type QueryContext } from '../threads/query-context.ts'

/** All sources with their current state, in the order of company and store. */
export async function sourcesNow(context: QueryContext): Promise<Source[]> {
  const settings = await context.inbox.ledger.storeSettings.list()
  return allSources(context.catalogue.database, freshnessContext(context), settings)
}

/** The state of stores that decides which prices count as current. */
export async function currentNow(context: QueryContext): Promise<LiveStores> {
  const settings = await context.inbox.ledger.storeSettings.list()
  return LiveStores.read(context.catalogue.database, freshnessContext(context), settings)
}
