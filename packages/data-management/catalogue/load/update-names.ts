/** Updates the names of stores, companies and listings after scrapes have been added. */
import { labelListings, rowsOfDate, rowsOfScrape } from './labels.ts'
import { collectLostBarcodes, restoreFromNewest } from './newest-showing.ts'
import type { StagedScrape } from './staged-scrape.ts'
import type { LoadDatabase } from './statement.ts'
import { updateCompanyName, updateCompanySpelling, updateStores } from './store-names.ts'

/** A scrape that has been added. */
export type AddedScrape = Readonly<{ scrape: StagedScrape; id: number; isContested: boolean }>

/** Applies the names that these scrapes give. The caller holds the locks of their companies. */
export async function updateNames(database: LoadDatabase, added: readonly AddedScrape[]): Promise<void> {
  await updateStores(
    database.queries,
    added.map(({ scrape }) => scrape.storeId),
  )
  for (const { scrape, id, isContested } of added) {
    await labelListings(database, scrape, isContested ? rowsOfDate(scrape) : rowsOfScrape(scrape))
    // A barcode may have come from another file's row, which this scrape now overrides.
    if (isContested) await collectLostBarcodes(database, scrape)
    await updateCompanySpelling(database.queries, scrape.companyId, id)
    if (scrape.companyName !== null) await updateCompanyName(database.queries, scrape.companyId, id)
  }
  await restoreFromNewest(
    database,
    added.filter(({ isContested }) => isContested).map(({ scrape }) => scrape.companyId),
  )
}
