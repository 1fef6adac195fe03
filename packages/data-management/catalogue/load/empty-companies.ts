/** Companies of which nothing is left once scrapes or facts are removed. */
import { type LoadDatabase, type Statement, sql } from './statement.ts'

/** Deletes those of these companies that have neither a store nor a barcode. `ids`: a query of their ids. */
export async function deleteEmptyCompanies(database: LoadDatabase, ids: Statement): Promise<void> {
  await database.run(
    sql`delete from company where id in (${ids})
      and not exists (select 1 from store where store.company_id = company.id)
      and not exists (select 1 from barcode_fact where barcode_fact.company_id = company.id)`,
  )
}
