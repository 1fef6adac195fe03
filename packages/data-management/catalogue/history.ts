/**
 * The history of a store in the catalogue: puts in what it showed on a date, or takes it out again, and writes only the runs
 * that differ. The rules are those of `price-runs`; here they meet the tables.
 */
import type { SqliteDatabase } from '../database/sqlite.ts'
import { type DateChange, nothingChanged } from './model/date-change.ts'
import {
  type Affected,
  affectedOf,
  type Change,
  type DateBecomes,
  labelChanges,
  priceChanges,
  type Shown,
  type StoredLabel,
  type StoredPrice,
} from './model/listing-change.ts'
import type { Window } from './model/price-runs.ts'

const PAGE_LISTINGS = 200

const TABLES = `
  create temp table if not exists shown (
    listing_id integer primary key, label_id integer not null, scrape_id integer,
    price_cents integer not null, was_price_cents integer, is_on_special integer, is_available integer
  );
  create temp table if not exists affected (listing_id integer primary key);
  create temp table if not exists relabelled (listing_id integer primary key);
`

const WRITE_PRICE_RUN = `insert into price_run values (?, ?, ?, ?, ?, ?, ?, ?)
  on conflict do update set to_date = excluded.to_date, price_cents = excluded.price_cents,
    was_price_cents = excluded.was_price_cents, is_on_special = excluded.is_on_special, is_available = excluded.is_available`

/** A date of a store that is to change. `scrapeId`: the scrape that is put in or taken out. */
export type ChangedDate = Readonly<{
  storeId: number
  date: string
  scrapeId: number
  becomes: DateBecomes
  disappeared?: Iterable<number> | undefined
}>

/** A change of one date, and what becomes of it. */
type SqliteChange = Change & Readonly<{ becomes: DateBecomes }>

/** Writes the histories of stores. */
export class History {
  readonly #database: SqliteDatabase

  constructor(database: SqliteDatabase) {
    this.#database = database
    database.script(TABLES)
  }

  /** Begins the history of a store that has none: each listing that a staged scrape shows gets its first runs. */
  begin(storeId: number, date: string, scrape: number): void {
    this.#database.run(
      `insert into price_run
        select ?, listing_id, ?, null, price_cents, was_price_cents, is_on_special, is_available
        from temp.observed where scrape = ? order by listing_id`,
      storeId,
      date,
      scrape,
    )
    this.#database.run(
      'insert into label_run select listing_id, ?, ?, null, label_id from temp.observed where scrape = ? order by listing_id',
      storeId,
      date,
      scrape,
    )
  }

  /**
   * Makes the runs of a store say that `temp.shown` is what it showed on a date; `gone`: that it has no scrape on that date. The scrapes of the store must be as they are after the change. Counts only listings that `scrapeId` is responsible for.
   *
   * With `disappeared` given, for a newest date, `temp.shown` need not hold what is shown as on the date before: these are the listings
   * that are no longer shown.
   */
  change({ storeId, date, scrapeId, becomes, disappeared }: ChangedDate): DateChange {
    const total = nothingChanged()
    const change: SqliteChange = {
      storeId,
      scrapeId,
      becomes,
      window: this.#windowOf(storeId, date, becomes !== 'gone'),
      total,
    }
    this.#findAffected(storeId, change.window, disappeared)
    for (let last = 0; ; ) {
      const page = this.#pageAfter(change, last)
      if (page.length === 0) return total
      for (const affected of page) {
        this.#changePrices(change, affected)
        this.#changeLabels(change, affected)
      }
      last = page.at(-1)!.listingId
    }
  }

  #windowOf(storeId: number, date: string, stays: boolean): Window {
    const neighbour = (what: string, than: string) =>
      this.#database.get<{ date: string | null }>(
        `select ${what}(date) as date from scrape where store_id = ? and date ${than} ?`,
        storeId,
        date,
      )?.date ?? undefined
    return { before: neighbour('max', '<'), date, after: neighbour('min', '>'), stays }
  }

  /** The listings whose runs may change. For the newest date these are few: those whose open run says something else. */
  #findAffected(storeId: number, window: Window, disappeared: Iterable<number> | undefined): void {
    this.#database.script('delete from temp.affected')
    if (window.after !== undefined || !window.stays) {
      this.#findTouched(storeId, window)
      return
    }
    this.#findDifferent(storeId)
    if (disappeared === undefined) this.#findDisappeared(storeId)
    for (const listingId of disappeared ?? []) this.#database.run('insert into temp.affected values (?)', listingId)
  }

  #findDifferent(storeId: number): void {
    this.#database.run(
      `insert or ignore into temp.affected
        select shown.listing_id from temp.shown
        left join price_run as price on price.store_id = ?1 and price.listing_id = shown.listing_id and price.to_date is null
        left join label_run as label on label.listing_id = shown.listing_id and label.store_id = ?1 and label.to_date is null
        where price.price_cents is not shown.price_cents or price.was_price_cents is not shown.was_price_cents
          or price.is_on_special is not shown.is_on_special or price.is_available is not shown.is_available
          or label.label_id is not shown.label_id`,
      storeId,
    )
  }

  #findDisappeared(storeId: number): void {
    this.#database.run(
      `insert or ignore into temp.affected
        select listing_id from price_run
        where store_id = ?1 and to_date is null and listing_id not in (select listing_id from temp.shown)`,
      storeId,
    )
  }

  #findTouched(storeId: number, window: Window): void {
    this.#database.run(
      `insert or ignore into temp.affected
        select listing_id from price_run where store_id = ? and (to_date is null or to_date >= ?) and from_date <= ?`,
      storeId,
      window.before ?? window.date,
      window.after ?? window.date,
    )
    this.#database.script('insert or ignore into temp.affected select listing_id from temp.shown')
  }

  /** The next listings after one, with all that their change needs: three statements a page instead of three a listing. */
  #pageAfter({ storeId, window }: Change, last: number): Affected[] {
    const ids = this.#database.all<{ listing_id: number }>(
      `select listing_id from temp.affected where listing_id > ? order by listing_id limit ${PAGE_LISTINGS}`,
      last,
    )
    const until = ids.at(-1)?.listing_id ?? last
    const runs = (table: string) =>
      this.#database.all<StoredPrice & StoredLabel>(
        `select run.* from temp.affected cross join ${table} as run on run.listing_id = affected.listing_id and run.store_id = ?1
          where affected.listing_id > ?2 and affected.listing_id <= ?3 and (to_date is null or to_date >= ?4) and from_date <= ?5
          order by run.listing_id, from_date`,
        storeId,
        last,
        until,
        window.before ?? window.date,
        window.after ?? window.date,
      )
    return affectedOf(
      ids.map(({ listing_id }) => listing_id),
      { prices: runs('price_run'), labels: runs('label_run'), shown: this.#shownBetween(last, until) },
    )
  }

  #shownBetween(last: number, until: number): Shown[] {
    return this.#database.all('select * from temp.shown where listing_id > ? and listing_id <= ?', last, until)
  }

  #changePrices(change: Change, affected: Affected): void {
    const { listingId } = affected
    const { storeId } = change
    const { remove, write } = priceChanges(change, affected)
    for (const from of remove)
      this.#database.run(
        'delete from price_run where store_id = ? and listing_id = ? and from_date = ?',
        storeId,
        listingId,
        from,
      )
    for (const { from, to, value } of write)
      this.#database.run(
        WRITE_PRICE_RUN,
        storeId,
        listingId,
        from,
        to,
        value.price_cents,
        value.was_price_cents,
        value.is_on_special,
        value.is_available,
      )
  }

  #changeLabels(change: SqliteChange, affected: Affected): void {
    const { storeId, becomes } = change
    const { listingId } = affected
    const { remove, write } = labelChanges(change, affected)
    for (const from of remove)
      this.#database.run(
        'delete from label_run where listing_id = ? and store_id = ? and from_date = ?',
        listingId,
        storeId,
        from,
      )
    for (const { from, to, value } of write)
      this.#database.run('insert or replace into label_run values (?, ?, ?, ?, ?)', listingId, storeId, from, to, value)
    // A new date takes no label away from those before it: which listings get another one is then told by what is shown (`Scrapes`).
    if (remove.length + write.length > 0 && becomes !== 'newest')
      this.#database.run('insert or ignore into temp.relabelled values (?)', listingId)
  }
}
