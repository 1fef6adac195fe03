/** Freshness of the stores, computed the same way everywhere: from their scrapes and their store settings. */
import { LiveStores } from '../../catalogue/queries/current.ts'
import { allSources, type Source } from '../../catalogue/queries/sources.ts'
import { momentOf, type Reading } from '../threads/reading.ts'

/** All sources, in the order of company and store. */
export async function sourcesNow(reading: Reading): Promise<Source[]> {
  const settings = await reading.inbox.ledger.storeSettings.list()
  return allSources(reading.catalogue.database, momentOf(reading), settings)
}

/** Decides which prices count as current. */
export async function currentNow(reading: Reading): Promise<LiveStores> {
  const settings = await reading.inbox.ledger.storeSettings.list()
  return LiveStores.read(reading.catalogue.database, momentOf(reading), settings)
}
