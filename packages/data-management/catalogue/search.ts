/** Keeps `listing_words` at what the listings are called now, in the transaction that changes their labels. */
import type { SqliteDatabase } from '../database/sqlite.ts'
import { wordsOfListing } from './model/words.ts'

const PAGE_LISTINGS = 200

type Renamed = { listing_id: number; company_id: number; name: string | null; brand: string | null }

/** Notes the labels of the listings in `temp.relabelled`, before they get others. */
export function noteLabels(database: SqliteDatabase): void {
  database.script(`
    create temp table if not exists labelled (listing_id integer primary key, label_id integer);
    delete from temp.labelled;
    insert into temp.labelled
      select listing_id, label_id from temp.relabelled join listing on listing.id = relabelled.listing_id;
  `)
}

/** Writes the words of every listing whose label is not the one that `noteLabels` noted. One without a label can no longer be found. */
export function indexWords(database: SqliteDatabase): void {
  for (let last = 0; ; ) {
    const page = database.all<Renamed>(
      `select labelled.listing_id, listing.company_id, label.name, brand.name as brand
        from temp.labelled join listing on listing.id = labelled.listing_id
        left join label on label.id = listing.label_id left join brand on brand.id = label.brand_id
        where labelled.listing_id > ? and listing.label_id is not labelled.label_id
        order by labelled.listing_id limit ${PAGE_LISTINGS}`,
      last,
    )
    if (page.length === 0) return
    for (const renamed of page) indexListing(database, renamed)
    last = page.at(-1)!.listing_id
  }
}

function indexListing(database: SqliteDatabase, { listing_id, company_id, name, brand }: Renamed): void {
  // Without words it is not found. It is not deleted: that leaves an inner id of FTS5, beyond what a number holds, as the last one
  // inserted, which node:sqlite then refuses to read after every statement.
  const words = name === null ? '' : wordsOfListing(company_id, [name, brand]).join(' ')
  database.run('insert or replace into listing_words (rowid, words) values (?, ?)', listing_id, words)
}
