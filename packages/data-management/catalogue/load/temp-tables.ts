/**
 * The temporary tables of a connection for the load in progress; they are emptied before the next load.
 *
 *   observed    one record a listing and scrape of the file: the first row of each
 *   shown       what a store showed on the date that is being changed, where that is not simply `observed`
 *   different   the listings whose terms in the newest scrape of a store differ from those in the one before it
 *   affected    the listings whose runs may change
 *   relabelled  the listings that a store shows with another label than before
 *   renamed     the listings that have got another label, and the one that they had
 *   lost        the listings whose label or barcode came from what is removed, and the newest showing left of each
 *   touched_key the keys of companies whose listings changed: they may become silent, or join listings again
 *   seed        the listings whose product may change
 *   described   the stores that the facts of a load are about, and the newest facts of each
 *   fed         the SKUs that a load has barcodes for, and the newest barcode of each
 *   unused      the labels that have lost uses
 *   doubted     the labels that what is removed was the first to show, and their listings
 */
export type TempTable = Readonly<{ name: string; columns: string }>

const TERMS = 'price_cents integer, was_price_cents integer, is_on_special smallint, is_available smallint'
const LISTING_ID = 'listing_id integer primary key'

/** The tables. `text` is the dialect's type for text in byte order, `wide` that for a 64-bit integer. */
export function tempTables({ text, wide }: Readonly<{ text: string; wide: string }>): TempTable[] {
  return Object.entries({
    observed: `scrape ${wide}, listing_id integer, label_id integer not null, ${TERMS}, primary key (scrape, listing_id)`,
    shown: `${LISTING_ID}, label_id integer not null, scrape_id ${wide}, ${TERMS}`,
    different: `${LISTING_ID}, from_date ${text}, old_cents integer, old_available smallint, is_shown integer not null, ${TERMS}`,
    affected: LISTING_ID,
    relabelled: `${LISTING_ID}, label_id integer not null, from_date ${text}`,
    renamed: `${LISTING_ID}, label_id integer`,
    lost: `${LISTING_ID}, label_id integer, date ${text}, store_id integer, code ${text}`,
    touched_key: `kind smallint, value ${text}, company_id integer, primary key (kind, value, company_id)`,
    seed: LISTING_ID,
    described: `store_id integer primary key, date ${text}, name ${text}, address ${text}, suburb ${text}, state ${text},
      postcode ${text}, latitude_e7 integer, longitude_e7 integer, phone ${text}, is_open smallint`,
    fed: `company_id integer, sku ${text}, barcode ${text}, primary key (company_id, sku)`,
    unused: 'label_id integer primary key',
    doubted: 'label_id integer primary key, listing_id integer not null',
  }).map(([name, columns]) => ({ name, columns }))
}
