/** Marks the dates whose changes of price have to be counted again (queries/count-changes.ts): a load does no more for them. */
import { type LoadDatabase, sql } from './statement.ts'

/** A date of a store that is put in or taken out. */
export type StoreDate = Readonly<{ companyId: number; storeId: number; date: string }>

/** Marks a date of a store: what changed on it, on the next one, and whether a later one shows something for the first time. */
export async function markChanges(database: LoadDatabase, { companyId, storeId, date }: StoreDate): Promise<void> {
  await database.run(
    sql`insert into change_pending values (${companyId}, ${storeId}, ${date}, 1)
      on conflict (company_id, store_id, date) do update set marks = change_pending.marks + 1`,
  )
}
