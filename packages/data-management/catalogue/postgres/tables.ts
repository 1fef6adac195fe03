/**
 * The tables that each connection has for the load that it makes; they are emptied with its end.
 *
 *   observed    one record a listing and scrape of the file: the first row of each
 *   shown       what a store showed on the date that is being changed, where that is not simply `observed`
 *   different   the listings of which the newest scrape of a store says something else than the one before it
 *   affected    the listings whose runs may change
 *   relabelled  the listings that may get another label
 *   labelled    the labels that these had before
 *   unjoined    the labels that are new: their keys lead to no product yet
 */
const OF_LISTING = 'listing_id integer primary key'
const TERMS = `price_cents integer not null, was_price_cents integer, is_on_special smallint, is_available smallint`

const TABLES: Readonly<Record<string, string>> = {
  observed: `scrape integer, listing_id integer, label_id integer not null, ${TERMS}, primary key (scrape, listing_id)`,
  shown: `${OF_LISTING}, label_id integer not null, scrape_id bigint, ${TERMS}`,
  different: `${OF_LISTING}, from_date text collate "C", old_cents integer, is_shown boolean not null, price_cents integer,
    was_price_cents integer, is_on_special smallint, is_available smallint`,
  affected: OF_LISTING,
  relabelled: OF_LISTING,
  labelled: `${OF_LISTING}, label_id integer`,
  unjoined: 'label_id integer primary key',
}

/** Makes the tables. */
export const TEMPORARY_TABLES = Object.entries(TABLES)
  .map(([name, columns]) => `create temp table ${name} (${columns}) on commit delete rows;`)
  .join('\n')

/** Empties them within a transaction that goes on. */
export const EMPTY_TABLES = `truncate ${Object.keys(TABLES).join(', ')}`
