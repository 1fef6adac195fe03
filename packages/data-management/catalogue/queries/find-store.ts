/** Finds one store. */
import { foldedCode } from '@splitcart/shared/codes.ts'
import type { Sql } from '../../database/sql.ts'
import type { ScrapedDate } from './freshness.ts'

/** The id of a store, its folded codes, and its latest date; null if it has never been scraped. */
export type FoundStore = Readonly<{ id: number; company: string; code: string; lastDate: string | null }>

/** The last scrape of a store; undefined where there is none. */
export async function findLastScrape(database: Sql, storeId: number): Promise<Omit<ScrapedDate, 'rows'> | undefined> {
  return await database.get<Omit<ScrapedDate, 'rows'>>(
    `select last_date as date, received_at as "receivedAt" from source join load on load.id = source.load_id where source.store_id = ?`,
    storeId,
  )
}

/** The store with this name: company and code joined by a slash, where the code may be an alias. */
export async function findStore(database: Sql, text: string): Promise<FoundStore | undefined> {
  return await database.get<FoundStore>(
    `select store.id, company.code as company, store.code as code, (select max(date) from scrape where store_id = store.id) as "lastDate"
      from store join company on company.id = store.company_id
      where company.code || '/' || store.code = coalesce(
        (select company || '/' || into_code from store_alias where company || '/' || code = ?1), ?1)`,
    text.split('/').map(foldedCode).join('/'),
  )
}
