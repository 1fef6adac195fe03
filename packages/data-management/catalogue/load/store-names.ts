/** What stores and companies are called now: as their newest scrapes say, whatever the order of loading. */
import type { Sql } from '../../database/sql.ts'
import { noteSource } from '../usual.ts'

/** Names each of these stores as its newest scrape does, and their companies as the newest scrape that has a name for them; notes how they are scraped. */
export async function rename(
  database: Sql,
  stores: readonly Readonly<{ storeId: number; companyId: number }>[],
): Promise<void> {
  for (const storeId of new Set(stores.map((store) => store.storeId))) {
    await renameStore(database, storeId)
    await noteSource(database, storeId)
  }
  for (const companyId of new Set(stores.map((store) => store.companyId))) await renameCompany(database, companyId)
}

async function renameStore(database: Sql, storeId: number): Promise<void> {
  const newest = await database.get<{ store_name: string; state: string | null }>(
    `select store_name, scrape.state from scrape join load on load.id = load_id
      where store_id = ? order by date desc, ranked_at desc, load.sha256 desc limit 1`,
    storeId,
  )
  if (newest !== undefined)
    await database.run(
      'update store set name = ?1, state = ?2 where id = ?3 and (name <> ?1 or state is distinct from ?2)',
      newest.store_name,
      newest.state,
      storeId,
    )
}

async function renameCompany(database: Sql, companyId: number): Promise<void> {
  await database.run(
    `update company set name = (
        select scrape.company_name from scrape join load on load.id = load_id join store on store.id = store_id
        where store.company_id = company.id and scrape.company_name is not null
        order by date desc, store.code desc, ranked_at desc, load.sha256 desc limit 1)
      where id = ?`,
    companyId,
  )
}
