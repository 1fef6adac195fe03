/**
 * Removes the scrapes of a load from the catalogue exactly: what stays is the catalogue of all other files. Listings,
 * labels, names and stores that only this load had shown disappear, and a product that only it had joined falls apart.
 */
import { deleteEmptyCompanies } from './empty-companies.ts'
import { withdrawFacts } from './facts.ts'
import { collectDoubtedLabels, rankOfLoad, recomputeSince } from './first-shown.ts'
import { labelListings, rowsOfDate, updateRenamedListings } from './labels.ts'
import { collectLostLabels, restoreFromNewest } from './newest-showing.ts'
import { regroupProducts } from './products.ts'
import { removeScrape, type ScrapeRecord, scrapesOfLoad } from './scrapes.ts'
import { idRecords, type LoadDatabase, type Statement, sql } from './statement.ts'
import { renameCompanies, updateStores } from './store-names.ts'

/** Removes the scrapes of a load; its record stays. Requires exclusive access and empty temporary tables. */
export async function undoScrapes(database: LoadDatabase, loadId: number): Promise<void> {
  await database.bumpVersion()
  await withdrawFacts(database, loadId)
  const scrapes = await scrapesOfLoad(database, loadId)
  if (scrapes.length === 0) return
  const rankedAt = await rankOfLoad(database, loadId)
  for (const scrape of scrapes) await collectDoubtedLabels(database, rankedAt, scrape)
  await removeScrapes(database, scrapes)
  await recomputeSince(database, { companyIds: scrapes.map(({ companyId }) => companyId), rankedAt })
  await updateRenamedListings(database)
  await regroupProducts(database)
  await deleteUnused(database, scrapes)
}

/** Removes scrapes and updates the labels of listings and the names of stores. The rest is left to the caller. */
export async function removeScrapes(database: LoadDatabase, scrapes: readonly ScrapeRecord[]): Promise<void> {
  const contested: ScrapeRecord[] = []
  for (const scrape of scrapes) {
    await collectLostLabels(database, scrape)
    if (await removeScrape(database, scrape)) contested.push(scrape)
  }
  await updateStores(
    database.queries,
    scrapes.map(({ storeId }) => storeId),
  )
  await restoreFromNewest(
    database,
    scrapes.map(({ companyId }) => companyId),
  )
  // Other scrapes of the date that are left may be newer than the source of a listing's barcode.
  for (const scrape of contested)
    if (await hasScrapeOfDate(database, scrape)) await labelListings(database, scrape, rowsOfDate(scrape))
}

/** Whether the store has a scrape of the date. */
async function hasScrapeOfDate(database: LoadDatabase, { storeId, date }: ScrapeRecord): Promise<boolean> {
  const found = sql`select 1 as found from scrape where store_id = ${storeId} and date = ${date} limit 1`
  return (await database.get(found)) !== undefined
}

/** Deletes what only these scrapes had shown, once they are removed. */
export async function deleteUnused(database: LoadDatabase, scrapes: readonly ScrapeRecord[]): Promise<void> {
  await deleteUnusedLabels(database)
  await deleteUnusedStores(database, scrapes)
  await renameCompanies(
    database.queries,
    scrapes.map(({ companyId }) => companyId),
  )
  await database.emptyTables()
}

/** Deletes unused labels, and listings that have no label left. */
async function deleteUnusedLabels(database: LoadDatabase): Promise<void> {
  await database.script(`
    delete from unused where (select uses from label_use where label_use.label_id = unused.label_id) > 0;
    delete from affected;
    insert into affected
      select distinct (select listing_id from label where label.id = unused.label_id) from unused;
  `)
  const named = await database.all<{ brand_id: number | null; category_id: number | null }>(
    sql`select distinct brand_id, category_id from unused left join label on label.id = unused.label_id`,
  )
  await database.script(`
    delete from label where id in (select label_id from unused);
    delete from label_use where label_id in (select label_id from unused);
  `)
  // Price changes are deleted too: a later listing may get the id of a deleted one.
  await database.script(`
    delete from price_change where listing_id in (select listing_id from affected)
      and not exists (select 1 from label where label.listing_id = price_change.listing_id);
    delete from listing where id in (select listing_id from affected)
      and not exists (select 1 from label where label.listing_id = listing.id);
  `)
  await deleteUnusedBrands(
    database,
    named.flatMap(({ brand_id }) => brand_id ?? []),
  )
  await deleteUnusedCategories(
    database,
    named.flatMap(({ category_id }) => category_id ?? []),
  )
}

async function deleteUnusedBrands(database: LoadDatabase, ids: readonly number[]): Promise<void> {
  await database.run(
    sql`delete from brand where id in ${idList(ids)} and not exists (select 1 from label where label.brand_id = brand.id)`,
  )
}

/** From the leaves up: a category may be unused only once those below it are gone. */
async function deleteUnusedCategories(database: LoadDatabase, ids: readonly number[]): Promise<void> {
  if (ids.length === 0) return
  const gone = await database.all<{ parent_id: number | null }>(
    sql`delete from category where id in ${idList(ids)}
      and not exists (select 1 from label where label.category_id = category.id)
      and not exists (select 1 from category as below where coalesce(below.parent_id, 0) = category.id) returning parent_id`,
  )
  await deleteUnusedCategories(
    database,
    gone.flatMap(({ parent_id }) => parent_id ?? []),
  )
}

async function deleteUnusedStores(database: LoadDatabase, scrapes: readonly ScrapeRecord[]): Promise<void> {
  const stores = idList(scrapes.map(({ storeId }) => storeId))
  await database.run(
    sql`delete from source where store_id in ${stores}
      and not exists (select 1 from scrape where scrape.store_id = source.store_id)`,
  )
  await database.run(
    sql`delete from store where id in ${stores} and not exists (select 1 from scrape where scrape.store_id = store.id)
      and not exists (select 1 from store_fact where store_fact.store_id = store.id)`,
  )
  await deleteEmptyCompanies(database, sql`select id from ${idRecords(scrapes.map(({ companyId }) => companyId))}`)
}

function idList(ids: readonly number[]): Statement {
  return sql`(select id from ${idRecords(ids)})`
}
