/**
 * The scrapes of a store in the catalogue: one is put in, or taken out again.
 *
 * Most dates of a store are described by one file. Where a second file describes the same date, each of the scrapes is kept whole
 * (`contested`), and what the store showed is put together row by row from the one that was scraped later.
 */
import type { SqliteDatabase } from '../database/sqlite.ts'
import { type DateChange, History, noteGone, noteJump } from './history.ts'
import type { StagedScrape } from './staging.ts'

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
  add(scrape: StagedScrape, loadId: number, receivedAt: number): DateChange {
    const { storeId, date } = scrape
    const others = this.#scrapesOn(storeId, date)
    this.#show(scrape)
    const id = this.#record(scrape, loadId, receivedAt)
    this.#database.run('update temp.shown set scrape_id = ?', id)
    if (others.length > 0) {
      this.#contest(storeId, date, others)
      this.#database.run(`insert into contested select ?, listing_id, label_id, ${TERMS} from temp.shown`, id)
      this.#showWinners(storeId, date)
    }
    const change = this.#history.change(storeId, date, true, id)
    this.#noteOtherLabels()
    return change
  }

  /** Takes a scrape out, as if it had never been there. */
  remove(scrapeId: number): DateChange {
    const { store_id, date } = this.#database.get<ScrapeRecord>('select * from scrape where id = ?', scrapeId)!
    this.#noteShown(scrapeId, store_id, date)
    this.#database.run('delete from contested where scrape_id = ?', scrapeId)
    this.#database.run('delete from scrape where id = ?', scrapeId)
    const others = this.#scrapesOn(store_id, date)
    this.#showWinners(store_id, date)
    const change = this.#history.change(store_id, date, others.length > 0, scrapeId)
    if (others.length === 1) this.#database.run('delete from contested where scrape_id = ?', others[0]!.id)
    this.#noteOtherLabels()
    return change
  }

  #scrapesOn(storeId: number, date: string): ScrapeRecord[] {
    return this.#database.all('select * from scrape where store_id = ? and date = ?', storeId, date)
  }

  #show(scrape: StagedScrape): void {
    this.#database.script('delete from temp.shown')
    this.#database.run(
      `insert into temp.shown (listing_id, label_id, ${TERMS})
        select observed.listing_id, label.id, ${TERMS.replaceAll(/(\w+)/g, 'staged.$1')}
        from temp.observed join temp.staged using (line)
        join label on label.listing_id = observed.listing_id and label.hash = staged.hash
        where observed.scrape = ?`,
      scrape.number,
    )
  }

  #record(scrape: StagedScrape, loadId: number, receivedAt: number): number {
    const { count } = this.#database.get<{ count: number }>('select count(*) as count from temp.shown')!
    return this.#database.get<{ id: number }>(
      `insert into scrape (store_id, date, load_id, ranked_at, listings, store_name, state, company_name)
        values (?, ?, ?, ?, ?, ?, ?, ?) returning id`,
      scrape.storeId,
      scrape.date,
      loadId,
      scrape.scrapedAt ?? receivedAt,
      count,
      scrape.storeName,
      scrape.state,
      scrape.companyName,
    )!.id
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

  /** A listing that is shown with another label than its current one may get this one, also where no run changed. */
  #noteOtherLabels(): void {
    this.#database.script(`
      insert or ignore into temp.relabelled
        select shown.listing_id from temp.shown join listing on listing.id = shown.listing_id
        where listing.label_id is not shown.label_id
    `)
  }
}

/** Adds what a change did to the sums of several. */
export function addChange(total: DateChange, change: DateChange): void {
  for (const count of ['inserted', 'changed', 'disappeared', 'opened', 'closed'] as const) total[count] += change[count]
  for (const jump of change.jumps) noteJump(total.jumps, jump)
  for (const listing of change.gone) noteGone(total.gone, listing)
}

type ScrapeRecord = { id: number; store_id: number; date: string }
