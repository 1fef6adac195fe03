/** Updates the names of stores, companies and listings after scrapes have been added. */
import { labelListings, rowsOfDate, rowsOfScrape } from './labels.ts'
import { findNewest, noteBarcodes } from './newest-showing.ts'
import type { StagedScrape } from './staged-scrape.ts'
import type { LoadDatabase } from './statement.ts'
import { nameCompany, nameStores, showCompany } from './store-names.ts'

/** A scrape that has been added. */
export type Added = Readonly<{ scrape: StagedScrape; id: number; isContested: boolean }>

/** Applies the names that these scrapes give. The caller holds the locks of their companies. */
export async function nameAfter(database: LoadDatabase, added: readonly Added[]): Promise<void> {
  await nameStores(
    database.queries,
    added.map(({ scrape }) => scrape.storeId),
  )
  for (const { scrape, id, isContested } of added) {
    await labelListings(database, scrape, isContested ? rowsOfDate(scrape) : rowsOfScrape(scrape))
    // A barcode may have come from another file's row, which this scrape now overrides.
    if (isContested) await noteBarcodes(database, scrape)
    await showCompany(database.queries, scrape.companyId, id)
    if (scrape.companyName !== null) await nameCompany(database.queries, scrape.companyId, id)
  }
  await findNewest(
    database,
    added.filter(({ isContested }) => isContested).map(({ scrape }) => scrape.companyId),
  )
}
