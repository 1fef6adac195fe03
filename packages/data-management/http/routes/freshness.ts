/** How fresh the stores are now, as it is judged everywhere: by their scrapes, and by what people have set for them. */
import { Current } from '../../catalogue/queries/current.ts'
import { allSources, type Source } from '../../catalogue/queries/sources.ts'
import { momentOf, type Reading } from '../threads/reading.ts'

/** All sources, in the order of company and store. */
export async function sourcesNow(reading: Reading): Promise<Source[]> {
  const settings = await reading.inbox.ledger.storeSettings.list()
  return allSources(reading.catalogue.database, momentOf(reading), settings)
}

/** What may be told as "now" of prices. */
export async function currentNow(reading: Reading): Promise<Current> {
  const settings = await reading.inbox.ledger.storeSettings.list()
  return Current.at(reading.catalogue.database, momentOf(reading), settings)
}
