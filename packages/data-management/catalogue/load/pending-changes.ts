/** Marks the dates whose price changes must be counted again (queries/count-changes.ts); a load only marks them. */
import { type LoadDatabase, sql } from './statement.ts'

/** A date of a store. */
export type StoreDate = Readonly<{ companyId: number; storeId: number; date: string }>

/** Marks a date of a store: changes on it and on the next date, and first showings on later dates, are recounted. */
export async function markForRecount(database: LoadDatabase, { companyId, storeId, date }: StoreDate): Promise<void> {
  await database.run(
    sql`insert into change_pending values (${companyId}, ${storeId}, ${date}, 1)
      on conflict (company_id, store_id, date) do update set marks = change_pending.marks + 1`,
  )
}
