/**
 * What a listing is called now: the label of the newest scrape that shows it, of whichever store; and its barcode, which is kept
 * from the newest scrape that showed one. Both follow from the label runs alone, so the order of loading does not matter.
 */
import type { SqliteDatabase } from '../database/sqlite.ts'
import { indexWords, noteLabels } from './search.ts'

const PAGE_LISTINGS = 200

type Showing = { label_id: number; barcode: string | null; is_open: 0 | 1 }

/** Sets label, barcode, categories and search words of every listing in `temp.relabelled`. */
export function relabel(database: SqliteDatabase): void {
  noteLabels(database)
  relabelAgreed(database)
  for (let last = 0; ; ) {
    const sql = `select listing_id from temp.relabelled where listing_id > ? and listing_id not in (select listing_id from temp.agreed)
      order by listing_id limit ${PAGE_LISTINGS}`
    const page = database.all<{ listing_id: number }>(sql, last)
    if (page.length === 0) break
    for (const { listing_id } of page) relabelListing(database, listing_id)
    last = page.at(-1)!.listing_id
  }
  setCategories(database)
  indexWords(database)
}

/** The listings, nearly all, of which every store has always said the same: `temp.agreed` has them then. */
function relabelAgreed(database: SqliteDatabase): void {
  database.script(`
    create temp table if not exists agreed (listing_id integer primary key, label_id integer not null);
    delete from temp.agreed;
    insert into temp.agreed
      select relabelled.listing_id, min(run.label_id)
      from temp.relabelled cross join label_run as run on run.listing_id = relabelled.listing_id
      group by relabelled.listing_id having min(run.label_id) = max(run.label_id);
    update listing set label_id = agreed.label_id, barcode = label.barcode, varied = 0
      from temp.agreed join label on label.id = agreed.label_id where listing.id = agreed.listing_id;
  `)
}

function relabelListing(database: SqliteDatabase, listingId: number): void {
  // Stores scraped on the same newest date: the one whose code sorts last. Any rule would do that depends on the files only.
  const showings = database.all<Showing>(
    `select run.label_id, label.barcode, run.to_date is null as is_open
      from label_run as run join label on label.id = run.label_id join store on store.id = run.store_id
      where run.listing_id = ?
      order by coalesce(run.to_date, (select max(date) from scrape where scrape.store_id = run.store_id)) desc, store.code desc`,
    listingId,
  )
  const labelId = showings[0]?.label_id ?? null
  const barcode = showings.find((showing) => showing.barcode !== null)?.barcode ?? null
  const varied = showings.some((showing) => showing.is_open === 1 && showing.label_id !== labelId)
  const sql = 'update listing set label_id = ?, barcode = ?, varied = ? where id = ?'
  database.run(sql, labelId, barcode, Number(varied), listingId)
}

/** The categories of the listings whose label has changed. */
function setCategories(database: SqliteDatabase): void {
  database.script(`
    create temp view if not exists renamed as
      select listing.id as listing_id, listing.label_id from temp.labelled join main.listing on listing.id = labelled.listing_id
      where listing.label_id is not labelled.label_id;
    delete from listing_category where listing_id in (select listing_id from temp.renamed);
    insert into listing_category
      with recursive path (listing_id, category_id) as (
        select renamed.listing_id, label.category_id from temp.renamed join label on label.id = renamed.label_id
        where label.category_id is not null
        union all
        select path.listing_id, category.parent_id from path join category on category.id = path.category_id
        where category.parent_id is not null
      )
      select listing_id, category_id from path;
  `)
}
