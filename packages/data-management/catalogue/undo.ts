/**
 * Takes the scrapes of a load out of the catalogue again, exactly: what stays is the catalogue of all other files. Listings, labels,
 * names and stores that only this load had shown disappear, and a product that only it had joined falls apart.
 */
import type { SqliteDatabase } from '../database/sqlite.ts'
import { relabel } from './labels.ts'
import { rename } from './load/store-names.ts'
import { type Applied, nothingApplied } from './loads.ts'
import { addChange } from './model/date-change.ts'
import { rejoinProducts } from './products.ts'
import { Scrapes } from './scrapes.ts'

/** Takes out the scrapes of a load; its record stays. The caller has a transaction open. Counts what the stores show less or otherwise. */
export async function undoScrapes(database: SqliteDatabase, loadId: number): Promise<Applied> {
  const total = nothingApplied()
  database.undone++
  const records = database.all<{ id: number; storeId: number; companyId: number }>(
    `select scrape.id, store_id as storeId, company_id as companyId
      from scrape join store on store.id = store_id where load_id = ?`,
    loadId,
  )
  if (records.length === 0) return total
  const scrapes = new Scrapes(database)
  for (const { id } of records) addChange(total, scrapes.remove(id))
  relabel(database)
  forgetLabels(database)
  forgetNames(database)
  await rename(database, records)
  return total
}

/** Forgets labels and listings that no scrape shows, and joins the products they belonged to anew. */
function forgetLabels(database: SqliteDatabase): void {
  database.script(`
    create temp table if not exists loosened (product_id integer primary key);
    delete from temp.loosened;
    create temp table if not exists unused (label_id integer primary key);
    delete from temp.unused;
    insert into temp.unused
      select id from label where listing_id in (select listing_id from temp.relabelled)
        and id not in (select label_id from label_run where listing_id in (select listing_id from temp.relabelled))
        and id not in (select label_id from contested);
    insert or ignore into temp.loosened
      select listing.product_id from temp.unused join label on label.id = unused.label_id join listing on listing.id = label.listing_id;
    delete from label where id in (select label_id from temp.unused);
  `)
  rejoinProducts(database)
  database.script(`
    delete from listing where id in (select listing_id from temp.relabelled)
      and not exists (select 1 from label where label.listing_id = listing.id);
  `)
}

function forgetNames(database: SqliteDatabase): void {
  database.script(`
    delete from source where not exists (select 1 from scrape where scrape.store_id = source.store_id);
    delete from store where not exists (select 1 from scrape where scrape.store_id = store.id);
    delete from company where not exists (select 1 from store where store.company_id = company.id);
    delete from brand where id not in (select brand_id from label where brand_id is not null);
  `)
  const forgetCategories = `delete from category where id not in (select category_id from label where category_id is not null)
    and id not in (select parent_id from category where parent_id is not null)`
  // From the leaves up: a category may be unused only once those below it are gone.
  while (database.run(forgetCategories) > 0);
}
