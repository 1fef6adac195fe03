/** Takes the scrapes of a load out of the catalogue again, exactly: what stays is the catalogue of all other files. */
import type { PostgresTransaction } from '../../database/postgres-queries.ts'
import { rename } from '../load/store-names.ts'
import { relabel } from './labels.ts'
import { rejoinProducts } from './products.ts'
import { removeScrape } from './scrapes.ts'

/** Takes out the scrapes of a load; its record stays. The caller has the catalogue to himself. */
export async function undoScrapes(transaction: PostgresTransaction, loadId: number): Promise<void> {
  await transaction.run('update undone set times = times + 1')
  const records = await transaction.all<{ id: number; storeId: number; companyId: number }>(
    `select scrape.id, store_id as "storeId", company_id as "companyId"
      from scrape join store on store.id = store_id where load_id = ?`,
    loadId,
  )
  if (records.length === 0) return
  for (const { id } of records) await removeScrape(transaction, id)
  await rename(transaction, records)
  await relabel(transaction)
  await forgetLabels(transaction)
  await forgetNames(transaction, records)
  await transaction.script('delete from relabelled; delete from labelled; delete from unjoined')
}

/** Forgets labels and listings that no scrape shows, and joins the products they belonged to anew. */
async function forgetLabels(transaction: PostgresTransaction): Promise<void> {
  const unused = await transaction.all<{ product_id: number }>(
    `with unused as (
        delete from label where listing_id in (select listing_id from relabelled)
          and not exists (select 1 from label_run where label_run.listing_id = label.listing_id and label_run.label_id = label.id)
          and not exists (select 1 from contested where contested.label_id = label.id)
        returning listing_id
      )
      select distinct product_id from unused join listing on listing.id = listing_id`,
  )
  await rejoinProducts(
    transaction,
    unused.map(({ product_id }) => product_id),
  )
  await transaction.run(
    `with gone as (
        delete from listing where id in (select listing_id from relabelled)
          and not exists (select 1 from label where label.listing_id = listing.id) returning id
      )
      delete from listing_words where listing_id in (select id from gone)`,
  )
}

/** Forgets stores, companies, brands and categories that nothing names any more. */
async function forgetNames(
  transaction: PostgresTransaction,
  records: readonly Readonly<{ storeId: number; companyId: number }>[],
): Promise<void> {
  const [stores, companies] = [records.map(({ storeId }) => storeId), records.map(({ companyId }) => companyId)]
  for (const table of ['source where store_id', 'store where id'])
    await transaction.run(
      `delete from ${table} = any(?::integer[])
        and not exists (select 1 from scrape where scrape.store_id = ${table.replace(' where ', '.')})`,
      stores,
    )
  await transaction.run(
    'delete from company where id = any(?::integer[]) and not exists (select 1 from store where company_id = company.id)',
    companies,
  )
  await transaction.run('delete from brand where not exists (select 1 from label where brand_id = brand.id)')
  const forgetCategories = `delete from category where not exists (select 1 from label where category_id = category.id)
    and not exists (select 1 from category as below where below.parent_id = category.id)`
  // From the leaves up: a category may be unused only once those below it are gone.
  while ((await transaction.run(forgetCategories)) > 0);
}
