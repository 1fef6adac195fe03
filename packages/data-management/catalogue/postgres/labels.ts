/** What listings are called now, in PostgreSQL. The rules stand in ../labels.ts. */
import type { PostgresTransaction } from '../../database/postgres-queries.ts'
import { wordsOfListing } from '../model/words.ts'
import type { PostgresStaging } from './staging.ts'

const PAGE_LISTINGS = 2_000

/**
 * Notes the listings of staged scrapes that may get another label: those that are shown with another one than their own. For the others
 * the newest scrape says what the one before it said.
 */
export async function noteOtherLabels(transaction: PostgresTransaction, staging: PostgresStaging): Promise<void> {
  const rows = staging.rowsInMemory()
  if (rows !== undefined) {
    await transaction.run(
      `insert into relabelled
        select distinct listing.id from unnest(?::integer[], ?::integer[]) as shown (listing_id, label_id)
        join listing on listing.id = shown.listing_id where listing.label_id is distinct from shown.label_id`,
      rows.map(({ listingId }) => listingId),
      rows.map(({ labelId }) => labelId),
    )
    return
  }
  await transaction.run(
    `insert into relabelled
      select listing.id from observed join listing on listing.id = observed.listing_id
      where observed.scrape = any(?::bigint[]) and listing.label_id is distinct from observed.label_id
      on conflict do nothing`,
    staging.scrapes.map(({ number }) => number),
  )
}

/** Sets label, barcode, categories and search words of every listing in `relabelled`. The sources of the stores must be up to date. */
export async function relabel(transaction: PostgresTransaction): Promise<void> {
  const noted = await transaction.run(
    'insert into labelled select listing_id, label_id from relabelled join listing on listing.id = listing_id',
  )
  if (noted === 0) return
  await relabelAgreed(transaction)
  await relabelOthers(transaction)
  await setCategories(transaction)
  await indexWords(transaction)
}

// What all stores have ever said of a listing.
const SAID = `relabelled cross join lateral (
  select min(label_id) as label_id, max(label_id) as other_id from label_run where listing_id = relabelled.listing_id offset 0
) as said`

/** The listings, nearly all, of which every store has always said the same. */
async function relabelAgreed(transaction: PostgresTransaction): Promise<void> {
  await transaction.run(
    `update listing set label_id = said.label_id, barcode = label.barcode
      from ${SAID} join label on label.id = said.label_id
      where said.label_id = said.other_id and listing.id = relabelled.listing_id`,
  )
}

/** Those of which they have said several things, or say nothing any more. */
async function relabelOthers(transaction: PostgresTransaction): Promise<void> {
  // Stores scraped on the same newest date: the one whose code sorts last. Any rule would do that depends on the files only.
  await transaction.run(
    `with other as (
        select relabelled.listing_id from ${SAID} where said.label_id is distinct from said.other_id or said.label_id is null
      ), run as (
        select run.listing_id, run.label_id, label.barcode, store.code, coalesce(run.to_date, source.last_date) as until
        from other join label_run as run on run.listing_id = other.listing_id
        join label on label.id = run.label_id join store on store.id = run.store_id join source on source.store_id = run.store_id
      ), newest as (
        select listing_id, (array_agg(label_id order by until desc, code desc))[1] as label_id,
          (array_agg(barcode order by until desc, code desc) filter (where barcode is not null))[1] as barcode
        from run group by listing_id
      )
      update listing set label_id = newest.label_id, barcode = newest.barcode
      from other left join newest on newest.listing_id = other.listing_id where listing.id = other.listing_id`,
  )
}

async function setCategories(transaction: PostgresTransaction): Promise<void> {
  await transaction.run(
    `delete from listing_category using labelled join listing on listing.id = labelled.listing_id
      where listing_category.listing_id = labelled.listing_id and listing.label_id is distinct from labelled.label_id`,
  )
  await transaction.run(
    `insert into listing_category
      with recursive path (listing_id, category_id) as (
        select listing.id, label.category_id
        from labelled join listing on listing.id = labelled.listing_id join label on label.id = listing.label_id
        where listing.label_id is distinct from labelled.label_id and label.category_id is not null
        union all
        select path.listing_id, category.parent_id from path join category on category.id = path.category_id
        where category.parent_id is not null
      )
      select listing_id, category_id from path`,
  )
}

type Renamed = { listing_id: number; company_id: number; name: string; brand: string | null }

/** Makes the words of all listings, where there are none yet. */
export async function indexAllWords(transaction: PostgresTransaction): Promise<void> {
  await transaction.script('delete from labelled; insert into labelled select id, null from listing')
  await indexWords(transaction)
}

/** Writes the words of every listing that has another label than before. */
async function indexWords(transaction: PostgresTransaction): Promise<void> {
  for (let last = 0; ; ) {
    const page = await transaction.all<Renamed>(
      `select labelled.listing_id, listing.company_id, label.name, brand.name as brand
        from labelled join listing on listing.id = labelled.listing_id
        join label on label.id = listing.label_id left join brand on brand.id = label.brand_id
        where labelled.listing_id > ? and listing.label_id is distinct from labelled.label_id
        order by labelled.listing_id limit ${PAGE_LISTINGS}`,
      last,
    )
    if (page.length === 0) return
    await transaction.run(
      `insert into listing_words
        select listing_id, array_to_tsvector(string_to_array(words, ' ')) from unnest(?::integer[], ?::text[]) as new (listing_id, words)
        on conflict (listing_id) do update set words = excluded.words`,
      page.map(({ listing_id }) => listing_id),
      page.map(({ company_id, name, brand }) => wordsOfListing(company_id, [name, brand]).join(' ')),
    )
    last = page.at(-1)!.listing_id
  }
}
