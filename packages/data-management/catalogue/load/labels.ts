/**
 * Updates the label and barcode of listings after a scrape has been added.
 *
 * A listing has the label of the newest scrape that shows it, in any store, and the barcode of the newest one that
 * shows a barcode. If two stores have the same date, the one whose code sorts last counts; any rule that depends only
 * on the files would do.
 *
 * Both are maxima over (date, store), and the listing records which scrape each comes from. So an added scrape is only
 * compared with these. Other stores are searched only when the scrape that counted is removed (newest-showing.ts).
 */
import { indexWords, RENAMED } from './listing-words.ts'
import type { StagedScrape } from './staged-scrape.ts'
import { type LoadDatabase, records, type Statement, sql } from './statement.ts'

/** The store and date of a scrape, by which scrapes are compared. */
export type ScrapeKey = Readonly<{ storeId: number; storeCode: string; date: string }>

/** A query of the `listing_id` and `label_id` of rows. `hasBarcodes`: whether any of these labels may have a barcode. */
export type LabelRows = Readonly<{ rows: Statement; hasBarcodes: boolean }>

/** The rows of a staged scrape: those that count if no other file describes its date. */
export function rowsOfScrape({ number, hasBarcodes }: StagedScrape): LabelRows {
  return { rows: sql`select listing_id, label_id from observed where scrape = ${number}`, hasBarcodes }
}

/** The rows of a store on a date, from its runs: those that count if several files describe the date. */
export function rowsOfDate({ storeId, date }: Readonly<{ storeId: number; date: string }>): LabelRows {
  const rows = sql`select listing_id, label_id from label_run
    where store_id = ${storeId} and from_date <= ${date} and (to_date is null or to_date >= ${date})`
  return { rows, hasBarcodes: true }
}

/** Sets label and barcode of a scrape's listings for which it is the newest. Its runs must be stored already. */
export async function labelListings(
  database: LoadDatabase,
  scrape: ScrapeKey,
  { rows, hasBarcodes }: LabelRows,
): Promise<void> {
  const isNewest = isNotAfter(scrape, sql`listing.label_date`, sql`listing.label_store_id`)
  await database.run(
    sql`insert into renamed
      select listing.id, listing.label_id from (${rows}) as seen join listing on listing.id = seen.listing_id
      where listing.label_id is distinct from seen.label_id and ${isNewest} on conflict do nothing`,
  )
  await database.run(
    sql`update listing set label_id = seen.label_id, label_date = ${scrape.date}, label_store_id = ${scrape.storeId}
        ${hasBarcodes ? barcodeAssignments(scrape) : sql``}
      from (${rows}) as seen where listing.id = seen.listing_id and ${isNewest}`,
  )
  if (hasBarcodes) await updateBarcodes(database, scrape, rows)
}

/** The assignments of the barcode columns. If the new label has no barcode, these keep their values. */
function barcodeAssignments({ date, storeId }: ScrapeKey): Statement {
  const barcode = sql`case
    when listing.label_id is distinct from seen.label_id then (select label.barcode from label where label.id = seen.label_id)
    when listing.barcode_date = listing.label_date and listing.barcode_store_id = listing.label_store_id then listing.barcode end`
  return sql`, barcode = coalesce(${barcode}, listing.barcode),
    barcode_date = case when ${barcode} is null then listing.barcode_date else ${date} end,
    barcode_store_id = case when ${barcode} is null then listing.barcode_store_id else ${storeId} end`
}

/** Sets the barcode of listings whose label comes from a newer scrape that showed no barcode. */
async function updateBarcodes(database: LoadDatabase, scrape: ScrapeKey, rows: Statement): Promise<void> {
  const taken = await database.all<{ id: number }>(
    sql`update listing set barcode = newer.barcode, barcode_date = ${scrape.date}, barcode_store_id = ${scrape.storeId}
      from (
        select seen.listing_id, (select barcode from label where label.id = seen.label_id) as barcode
        from (${rows}) as seen join listing on listing.id = seen.listing_id
        where (label_date > ${scrape.date} or label_store_id <> ${scrape.storeId})
          and ${isNotAfter(scrape, sql`listing.barcode_date`, sql`listing.barcode_store_id`)}
      ) as newer where listing.id = newer.listing_id and newer.barcode is not null returning listing.id`,
  )
  if (taken.length === 0) return
  const ids = records('taken', { id: 'integer' }, [taken.map(({ id }) => id)])
  await database.run(
    sql`insert into renamed select listing.id, listing.label_id from ${ids} join listing on listing.id = taken.id
      where true on conflict do nothing`,
  )
}

/** A condition: a date and store are at most those of the scrape, or null. */
function isNotAfter({ date, storeCode }: ScrapeKey, dateColumn: Statement, storeColumn: Statement): Statement {
  return sql`(${dateColumn} is null or ${dateColumn} < ${date} or (${dateColumn} = ${date}
    and (select code from store where store.id = ${storeColumn}) <= ${storeCode}))`
}

/** Updates categories and search words of the listings in `renamed`, where their new label changes these. */
export async function updateRenamedListings(database: LoadDatabase): Promise<void> {
  await setCategories(database)
  await indexWords(database)
}

async function setCategories(database: LoadDatabase): Promise<void> {
  // A listing's price changes are also stored by category, so they move with it (queries/shelve-changes.ts). A new
  // listing has none yet. The trigger on `price_change` marks listings in this order too, else both could deadlock in
  // PostgreSQL.
  await database.run(
    sql`insert into shelf_pending select renamed.listing_id, 1 from ${RENAMED}
      where renamed.label_id is not null and old.category_id is distinct from now.category_id order by renamed.listing_id
      on conflict (listing_id) do update set marks = shelf_pending.marks + 1`,
  )
  await database.run(
    sql`delete from listing_category where listing_id in (
      select renamed.listing_id from ${RENAMED} where old.category_id is distinct from now.category_id)`,
  )
  await database.run(
    sql`insert into listing_category
      with recursive path (listing_id, category_id) as (
        select renamed.listing_id, now.category_id from ${RENAMED}
        where old.category_id is distinct from now.category_id
        union all
        select path.listing_id, category.parent_id from path join category on category.id = path.category_id
        where category.parent_id is not null
      )
      select listing_id, category_id from path where category_id is not null`,
  )
}
