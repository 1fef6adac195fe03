/**
 * Removes a date that no scrape describes any more from the history of a store, with set-based statements as in
 * append.ts. Only where a run begins and ends decides how it changes:
 *
 *   ──── before ──── date ──── after ────
 *                     ▐                      begins and ends there: is deleted
 *     ────────────────▐                      ends there: ends on the date before, or is open again if there is no date after
 *                     ▐────────────────      begins there: begins on the date after, or is deleted if there is none
 *     ───────▐                  ▐──────      the same on both sides: become one run
 */
import { adjustLabelUses } from './label-uses.ts'
import { type LoadDatabase, type Statement, sql } from './statement.ts'

/** A date of a store and the dates of scrapes next to it (null: there is none on that side, but there is one on the other). */
export type RemovedDate = Readonly<{ storeId: number; date: string; before: string | null; after: string | null }>

const SAME_TERMS = sql`earlier.price_cents is not distinct from later.price_cents
  and earlier.was_price_cents is not distinct from later.was_price_cents
  and earlier.is_on_special is not distinct from later.is_on_special and earlier.is_available is not distinct from later.is_available`
const SAME_LABEL = sql`earlier.label_id = later.label_id`
const RUN_TABLES = [
  { table: sql`price_run`, areSame: SAME_TERMS },
  { table: sql`label_run`, areSame: SAME_LABEL },
]

/** Removes the date from the runs of the store, which then say what it showed on all other dates. */
export async function removeDate(database: LoadDatabase, removed: RemovedDate): Promise<void> {
  if (removed.after === null) await removeLastDate(database, removed)
  else await removeEarlierDate(database, { ...removed, after: removed.after })
}

/** Each run that begins on the last date is open, and each run that ends on the date before ends because of it. */
async function removeLastDate(database: LoadDatabase, { storeId, date, before }: RemovedDate): Promise<void> {
  const begun = sql`where store_id = ${storeId} and from_date = ${date}`
  const ended = sql`where store_id = ${storeId} and to_date = ${before}`
  await database.addPrices(sql`select listing_id, price_cents, is_available from price_run ${ended}`)
  await database.removePrices(sql`select listing_id, price_cents, is_available from price_run ${begun}`)
  await adjustLabelUses(database, sql`select label_id, -1 as uses from label_run ${begun}`)
  for (const { table } of RUN_TABLES) {
    await database.run(sql`delete from ${table} ${begun}`)
    await database.run(sql`update ${table} set to_date = null ${ended}`)
  }
}

async function removeEarlierDate(
  database: LoadDatabase,
  { storeId, date, before, after }: RemovedDate & Readonly<{ after: string }>,
): Promise<void> {
  const gone = sql`where store_id = ${storeId} and from_date = ${date} and to_date = ${date}`
  await adjustLabelUses(database, sql`select label_id, -1 as uses from label_run ${gone}`)
  for (const { table } of RUN_TABLES) {
    await database.run(sql`delete from ${table} ${gone}`)
    await database.run(sql`update ${table} set to_date = ${before} where store_id = ${storeId} and to_date = ${date}`)
    await database.run(
      sql`update ${table} set from_date = ${after} where store_id = ${storeId} and from_date = ${date}`,
    )
  }
  if (before === null) return
  await joinEqualRuns(database, { storeId, before, after })
}

type DatesAround = Readonly<{ storeId: number; before: string; after: string }>

/** Joins runs that end on the date before and those that begin on the date after, where they say the same. */
async function joinEqualRuns(database: LoadDatabase, { storeId, before, after }: DatesAround): Promise<void> {
  for (const { table, areSame } of RUN_TABLES) {
    // A subquery per row: PostgreSQL expects few runs of these dates, and would read all later ones per earlier one.
    const later = sql`from ${table} as later
      where later.store_id = ${storeId} and later.listing_id = earlier.listing_id and later.from_date = ${after}`
    await database.run(
      sql`update ${table} as earlier set to_date = (select later.to_date ${later})
        where earlier.store_id = ${storeId} and earlier.to_date = ${before} and (select 1 ${later} and ${areSame}) = 1`,
    )
  }
  const within = (table: Statement) =>
    sql`where store_id = ${storeId} and from_date = ${after} and exists (
      select 1 from ${table} as earlier where earlier.store_id = ${storeId} and earlier.listing_id = ${table}.listing_id
        and earlier.from_date < ${after} and (earlier.to_date is null or earlier.to_date >= ${after}))`
  await adjustLabelUses(database, sql`select label_id, -1 as uses from label_run ${within(sql`label_run`)}`)
  for (const { table } of RUN_TABLES) await database.run(sql`delete from ${table} ${within(table)}`)
}
