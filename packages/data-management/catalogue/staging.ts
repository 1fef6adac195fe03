/**
 * The rows of one file, set down in temporary tables before any of them touches the catalogue.
 *
 *   staged     one record a row, as it was read
 *   observed   one record a listing and scrape: the first row of each, its listing found or made
 *
 * A file may hold several stores and dates; each (store, date) is a scrape. Memory does not grow with the file.
 */
import { createHash } from 'node:crypto'
import type { Row } from '@splitcart/shared/row.ts'
import type { SqliteDatabase } from '../database/sqlite.ts'
import { Names } from './names.ts'

/** A scrape of the file: one store on one date. */
export type StagedScrape = {
  readonly number: number
  readonly companyId: number
  readonly storeId: number
  date: string
  readonly storeName: string
  readonly state: string | null
  readonly companyName: string | null
  /** The latest `scraped_at` of its rows, in milliseconds since 1970; null when no row has one. */
  scrapedAt: number | null
  rows: number
}

/** A file of more scrapes than this is no scrape of shops; the bound keeps memory constant. */
export const SCRAPES_MAX = 10_000

const TABLES = `
  create temp table if not exists staged (
    line integer primary key, scrape integer not null, company_id integer not null,
    by_name integer not null, code text not null, hash integer not null,
    name text not null, key text not null, brand_id integer, barcode text, size text, url text, image_url text, category_id integer,
    price_cents integer not null, was_price_cents integer, is_on_special integer, is_available integer
  );
  create temp table if not exists observed (
    scrape integer not null, listing_id integer not null, line integer not null,
    primary key (scrape, listing_id)
  ) without rowid;
  delete from temp.staged;
  delete from temp.observed;
`

const INSERT = `insert into temp.staged values (${Array(18).fill('?').join(', ')})`

/** The staged rows of one file. */
export class Staging {
  readonly #database: SqliteDatabase
  readonly #names: Names
  readonly #scrapes = new Map<string, StagedScrape>()
  rows = 0

  /** Empties the tables. The caller has a transaction open. */
  constructor(database: SqliteDatabase) {
    this.#database = database
    this.#names = new Names(database)
    database.script(TABLES)
  }

  get scrapes(): readonly StagedScrape[] {
    return [...this.#scrapes.values()]
  }

  /** Sets down a row. Throws a `TooManyScrapes` when the file has more than `SCRAPES_MAX`. */
  add(row: Row, line: number): void {
    const scrape = this.#scrapeOf(row)
    scrape.rows++
    if (row.scrapedAt !== null) scrape.scrapedAt = Math.max(scrape.scrapedAt ?? row.scrapedAt, row.scrapedAt)
    this.rows++
    this.#database
      .statement(INSERT)
      .run(
        line,
        scrape.number,
        scrape.companyId,
        row.sku === null ? 1 : 0,
        row.sku ?? row.key,
        hashOfLabel(row),
        row.name,
        row.key,
        this.#names.brand(row.brand),
        row.barcode,
        row.size,
        row.url,
        row.imageUrl,
        this.#names.category(row.categoryPath),
        row.priceCents,
        row.wasPriceCents,
        flag(row.isOnSpecial),
        flag(row.isAvailable),
      )
  }

  /** Finds or makes the listing of each row and drops the rows whose listing the scrape has shown before. Returns how many. */
  observe(): number {
    this.#database.script(`
      insert or ignore into listing (company_id, by_name, code) select company_id, by_name, code from temp.staged order by line;
      insert or ignore into temp.observed
        select staged.scrape, listing.id, staged.line
        from temp.staged join listing using (company_id, by_name, code) order by staged.line;
      insert or ignore into label (listing_id, hash, name, key, brand_id, barcode, size, url, image_url, category_id)
        select observed.listing_id, staged.hash, staged.name, staged.key, staged.brand_id, staged.barcode,
          staged.size, staged.url, staged.image_url, staged.category_id
        from temp.observed join temp.staged using (line);
    `)
    const { kept } = this.#database.get<{ kept: number }>('select count(*) as kept from temp.observed') ?? { kept: 0 }
    return this.rows - kept
  }

  /** How many listings a scrape shows. */
  listingsOf(scrape: StagedScrape): number {
    const sql = 'select count(*) as listings from temp.observed where scrape = ?'
    return this.#database.get<{ listings: number }>(sql, scrape.number)?.listings ?? 0
  }

  /** Whether two scrapes of the file show a listing in common. */
  haveCommonListing(one: StagedScrape, other: StagedScrape): boolean {
    const sql = `select 1 from temp.observed as one join temp.observed as other using (listing_id)
      where one.scrape = ? and other.scrape = ? limit 1`
    return this.#database.get(sql, one.number, other.number) !== undefined
  }

  /** Makes one scrape of two. They must have no listing in common. */
  merge(into: StagedScrape, from: StagedScrape): void {
    this.#database.run('update temp.observed set scrape = ? where scrape = ?', into.number, from.number)
    into.rows += from.rows
    if (from.scrapedAt !== null) into.scrapedAt = Math.max(into.scrapedAt ?? from.scrapedAt, from.scrapedAt)
    for (const [key, scrape] of this.#scrapes) if (scrape === from) this.#scrapes.delete(key)
  }

  #scrapeOf(row: Row): StagedScrape {
    const key = `${row.company}\0${row.storeCode}\0${row.date}`
    let scrape = this.#scrapes.get(key)
    if (scrape === undefined) {
      if (this.#scrapes.size === SCRAPES_MAX) throw new TooManyScrapes()
      const companyId = this.#names.company(row.company)
      const storeId = this.#names.store(companyId, row.storeCode, row.storeName)
      const { date, storeName, state, companyName } = row
      scrape = {
        number: this.#scrapes.size,
        companyId,
        storeId,
        date,
        storeName,
        state,
        companyName,
        scrapedAt: null,
        rows: 0,
      }
      this.#scrapes.set(key, scrape)
    }
    return scrape
  }
}

/** The file holds more stores and dates than one file may. */
export class TooManyScrapes extends Error {
  constructor() {
    super(`The file holds more than ${SCRAPES_MAX} stores and dates; split it.`)
  }
}

const HASH_BYTES = 6

/** A number for what a row says about its listing apart from the price: equal labels have equal hashes, on every machine. */
function hashOfLabel(row: Row): number {
  const { name, key, brand, barcode, size, url, imageUrl, categoryPath } = row
  const text = JSON.stringify([name, key, brand, barcode, size, url, imageUrl, ...categoryPath])
  return createHash('sha1').update(text).digest().readUIntBE(0, HASH_BYTES)
}

function flag(value: boolean | null): number | null {
  return value === null ? null : Number(value)
}
