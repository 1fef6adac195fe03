/**
 * The scrapes of a store in the catalogue: one is put in, or taken out again.
 *
 * Most dates of a store are described by one file. Where a second file describes the same date, each of the scrapes is kept whole
 * (`contested`), and what the store showed is put together row by row from the one that was scraped later.
 */
import type { SqliteDatabase } from '../database/sqlite.ts'
import { History } from './history.ts'
import { forgetKnownLines, writeKnownLines } from './known-lines.ts'
import { recordOf } from './load/staged-scrape.ts'
import { type DateChange, nothingChanged } from './model/date-change.ts'
import type { SqliteScrape, Staging } from './staging.ts'

const TERMS = 'price_cents, was_price_cents, is_on_special, is_available'

/** Puts scrapes into the histories of their stores, and takes them out. */
export class Scrapes {
  readonly #database: SqliteDatabase
  readonly #history: History

  constructor(database: SqliteDatabase) {
    this.#database = database
    this.#history = new History(database)
    database.script('delete from temp.relabelled')
  }

  /** Puts a staged scrape into the store's history. `receivedAt` ranks a scrape whose rows do not say when they were scraped. */
  add(staging: Staging, scrape: SqliteScrape, loadId: number, receivedAt: number): DateChange {
    const { storeId, date } = scrape
    const others = this.#scrapesOn(storeId, date)
    const isFirst = !this.#hasScrapes(storeId)
    const id = this.#database.get<{ id: number }>(...recordOf(scrape, loadId, receivedAt))!.id
    const isNewest = others.length === 0 && !this.#hasScrapesAfter(storeId, date)
    const change = isFirst ? this.#begin(scrape) : this.#change(staging, scrape, id, isNewest ? undefined : others)
    if (isNewest) writeKnownLines(this.#database, storeId, id, staging.linesOf(scrape))
    else if (others.length > 0) forgetKnownLines(this.#database, storeId)
    return change
  }

  #begin(scrape: SqliteScrape): DateChange {
    this.#history.begin(scrape.storeId, scrape.date, scrape.number)
    this.#noteOtherLabels(scrape.companyId, scrape.storeId, `temp.observed where scrape = ${scrape.number}`)
    return { ...nothingChanged(), inserted: scrape.listings, opened: scrape.listings }
  }

  /** `others`: the scrapes that are there of the same date; undefined for a new date behind all others of the store. */
  #change(
    staging: Staging,
    scrape: SqliteScrape,
    scrapeId: number,
    others: readonly ScrapeRecord[] | undefined,
  ): DateChange {
    const { storeId, date } = scrape
    this.#show(scrape, scrapeId)
    if (others !== undefined && others.length > 0) {
      this.#contest(storeId, date, others)
      this.#database.run(`insert into contested select ?, listing_id, label_id, ${TERMS} from temp.shown`, scrapeId)
      this.#showWinners(storeId, date)
    }
    const disappeared = scrape.marks && staging.disappeared(scrape)
    const becomes = others === undefined ? 'newest' : 'there'
    const change = this.#history.change({ storeId, date, scrapeId, becomes, disappeared })
    this.#noteOtherLabels(scrape.companyId, storeId, 'temp.shown')
    return change
  }

  /** Takes a scrape out, as if it had never been there. */
  remove(scrapeId: number): DateChange {
    const { store_id, date } = this.#database.get<ScrapeRecord>('select * from scrape where id = ?', scrapeId)!
    this.#noteShown(scrapeId, store_id, date)
    forgetKnownLines(this.#database, store_id)
    this.#database.run('delete from contested where scrape_id = ?', scrapeId)
    this.#database.run('delete from scrape where id = ?', scrapeId)
    const others = this.#scrapesOn(store_id, date)
    this.#showWinners(store_id, date)
    const change = this.#history.change({
      storeId: store_id,
      date,
      scrapeId,
      becomes: others.length > 0 ? 'there' : 'gone',
    })
    if (others.length === 1) this.#database.run('delete from contested where scrape_id = ?', others[0]!.id)
    return change
  }

  #hasScrapes(storeId: number): boolean {
    return this.#database.get('select 1 from scrape where store_id = ? limit 1', storeId) !== undefined
  }

  #hasScrapesAfter(storeId: number, date: string): boolean {
    return (
      this.#database.get('select 1 from scrape where store_id = ? and date > ? limit 1', storeId, date) !== undefined
    )
  }

  #scrapesOn(storeId: number, date: string): ScrapeRecord[] {
    return this.#database.all('select * from scrape where store_id = ? and date = ?', storeId, date)
  }

  #show(scrape: SqliteScrape, id: number): void {
    this.#database.script('delete from temp.shown')
    this.#database.run(
      `insert into temp.shown (listing_id, label_id, scrape_id, ${TERMS})
        select listing_id, label_id, ?, ${TERMS} from temp.observed where scrape = ?`,
      id,
      scrape.number,
    )
  }

  /** Keeps whole what the one scrape of a date showed, before a second one comes; the runs still say it. */
  #contest(storeId: number, date: string, scrapes: readonly ScrapeRecord[]): void {
    if (scrapes.length > 1) return
    this.#database.run(
      `insert into contested
        select ?1, price.listing_id, label.label_id, ${TERMS}
        from price_run as price join label_run as label
          on label.listing_id = price.listing_id and label.store_id = price.store_id
        where price.store_id = ?2 and price.from_date <= ?3 and (price.to_date is null or price.to_date >= ?3)
          and label.from_date <= ?3 and (label.to_date is null or label.to_date >= ?3)`,
      scrapes[0]!.id,
      storeId,
      date,
    )
  }

  #showWinners(storeId: number, date: string): void {
    this.#database.script('delete from temp.shown')
    // In order of rank, each row replacing the one before: the last to stand was scraped latest. Equal ranks go by the bytes.
    this.#database.run(
      `insert or replace into temp.shown (listing_id, label_id, scrape_id, ${TERMS})
        select listing_id, label_id, scrape_id, ${TERMS}
        from contested join scrape on scrape.id = contested.scrape_id join load on load.id = scrape.load_id
        where scrape.store_id = ? and scrape.date = ? order by scrape.ranked_at, load.sha256`,
      storeId,
      date,
    )
  }

  /** Every listing of a scrape that goes may have a newer showing elsewhere now, or had a label that only a losing row had. */
  #noteShown(scrapeId: number, storeId: number, date: string): void {
    this.#database.run(
      'insert or ignore into temp.relabelled select listing_id from contested where scrape_id = ?',
      scrapeId,
    )
    this.#database.run(
      `insert or ignore into temp.relabelled select listing_id from price_run
        where store_id = ?1 and from_date <= ?2 and (to_date is null or to_date >= ?2)`,
      storeId,
      date,
    )
  }

  /**
   * The listings that may get another label because a store shows them on one more date: those it shows with another label than
   * their own. For the others the newest scrape says what the one before it said. Only of varied ones is it looked up what the store
   * says that `shown` does not tell, and whether they are varied still.
   */
  #noteOtherLabels(companyId: number, storeId: number, shown: string): void {
    this.#database.script(`
      insert or ignore into temp.relabelled
        select shown.listing_id from (select listing_id, label_id from ${shown}) as shown
        join listing on listing.id = shown.listing_id where listing.label_id is not shown.label_id;
      update listing set varied = 0
        where varied = 1 and id in (select listing_id from ${shown}) and not exists (
          select 1 from label_run as run where run.listing_id = listing.id and run.to_date is null and run.label_id is not listing.label_id)`)
    this.#database.run(
      `insert or ignore into temp.relabelled
        select listing.id from listing join label_run as run on run.listing_id = listing.id and run.store_id = ?2 and run.to_date is null
        where listing.company_id = ?1 and listing.varied = 1 and run.label_id is not listing.label_id`,
      companyId,
      storeId,
    )
  }
}

type ScrapeRecord = { id: number; store_id: number; date: string }
