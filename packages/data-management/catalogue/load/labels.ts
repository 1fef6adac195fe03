/**
 * What a listing is called now: the label that the newest scrape shows which shows it, of whichever store (of two on one date: the store
 * whose code sorts last; any rule would do that depends on the files only). And its barcode, which is kept from the newest scrape that
 * showed one.
 *
 * Both are maxima over (date, store), and the listing keeps which one each comes from. So a scrape that is put in is only compared
 * with them. Other stores are looked at only where what a listing is called by is taken out (newest-showing.ts).
 */
import { indexWords, RENAMED } from './listing-words.ts'
import type { StagedScrape } from './staged-scrape.ts'
import { type LoadDatabase, records, type Statement, sql } from './statement.ts'

/** A scrape in the history of its store. */
export type Showing = Readonly<{ storeId: number; storeCode: string; date: string }>

/** Rows with their listings and labels. `hasBarcodes` false: none of them shows a barcode. */
export type Rows = Readonly<{ rows: Statement; hasBarcodes: boolean }>

/** The rows of a staged scrape. */
export function rowsOf({ number, hasBarcodes }: StagedScrape): Rows {
  return { rows: sql`select listing_id, label_id from observed where scrape = ${number}`, hasBarcodes }
}

/** What a store showed on a date, as its runs say. */
export function rowsOn({ storeId, date }: Readonly<{ storeId: number; date: string }>): Rows {
  const rows = sql`select listing_id, label_id from label_run
    where store_id = ${storeId} and from_date <= ${date} and (to_date is null or to_date >= ${date})`
  return { rows, hasBarcodes: true }
}

/** Names the listings that a scrape shows, where it is the newest one that does. The runs must say so already. */
export async function nameListings(database: LoadDatabase, at: Showing, { rows, hasBarcodes }: Rows): Promise<void> {
  const isNewest = isNotAfter(at, sql`listing.label_date`, sql`listing.label_store_id`)
  await database.run(
    sql`insert into renamed
      select listing.id, listing.label_id from (${rows}) as seen join listing on listing.id = seen.listing_id
      where listing.label_id is distinct from seen.label_id and ${isNewest} on conflict do nothing`,
  )
  await database.run(
    sql`update listing set label_id = seen.label_id, label_date = ${at.date}, label_store_id = ${at.storeId}
        ${hasBarcodes ? barcodeFrom(at) : sql``}
      from (${rows}) as seen where listing.id = seen.listing_id and ${isNewest}`,
  )
  if (hasBarcodes) await takeBarcodes(database, at, rows)
}

/** Sets the barcode with the label: that of the new one, or the same as before where it came with the same label. */
function barcodeFrom({ date, storeId }: Showing): Statement {
  const barcode = sql`case
    when listing.label_id is distinct from seen.label_id then (select label.barcode from label where label.id = seen.label_id)
    when listing.barcode_date = listing.label_date and listing.barcode_store_id = listing.label_store_id then listing.barcode end`
  return sql`, barcode = coalesce(${barcode}, listing.barcode),
    barcode_date = case when ${barcode} is null then listing.barcode_date else ${date} end,
    barcode_store_id = case when ${barcode} is null then listing.barcode_store_id else ${storeId} end`
}

/** Barcodes of listings that have been named by a newer scrape, which showed none. */
async function takeBarcodes(database: LoadDatabase, at: Showing, rows: Statement): Promise<void> {
  const taken = await database.all<{ id: number }>(
    sql`update listing set barcode = newer.barcode, barcode_date = ${at.date}, barcode_store_id = ${at.storeId}
      from (
        select seen.listing_id, (select barcode from label where label.id = seen.label_id) as barcode
        from (${rows}) as seen join listing on listing.id = seen.listing_id
        where (label_date > ${at.date} or label_store_id <> ${at.storeId})
          and ${isNotAfter(at, sql`listing.barcode_date`, sql`listing.barcode_store_id`)}
      ) as newer where listing.id = newer.listing_id and newer.barcode is not null returning listing.id`,
  )
  if (taken.length === 0) return
  const ids = records('taken', { id: 'integer' }, [taken.map(({ id }) => id)])
  await database.run(
    sql`insert into renamed select listing.id, listing.label_id from ${ids} join listing on listing.id = taken.id
      where true on conflict do nothing`,
  )
}

/** Whether a date and store are not behind those of a showing, or there are none. */
function isNotAfter({ date, storeCode }: Showing, dateOf: Statement, storeOf: Statement): Statement {
  return sql`(${dateOf} is null or ${dateOf} < ${date} or (${dateOf} = ${date}
    and (select code from store where store.id = ${storeOf}) <= ${storeCode}))`
}

/** Sets categories and search words of the listings in `renamed`, where they follow from what is another one now. */
export async function describeRenamed(database: LoadDatabase): Promise<void> {
  await setCategories(database)
  await indexWords(database)
}

async function setCategories(database: LoadDatabase): Promise<void> {
  // The price changes of a listing that moves to another category must be kept under the names of that one
  // (queries/shelve-changes.ts). A new listing has no changes yet.
  // Ordered by listing, as the counter of changes marks them: otherwise the two could deadlock in PostgreSQL.
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
