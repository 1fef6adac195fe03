/**
 * The rows of one file, set down in a temporary table before any of them touches a history.
 *
 *   observed   one record a listing and scrape: the first row of each, its listing, label and product found or made
 *
 * A row whose line is known (known-lines.ts) says what the store's newest scrape said: of it only a mark is set. A file may hold several
 * stores and dates; each (store, date) is a scrape. Memory does not grow with the file.
 */
import type { SqliteDatabase } from '../database/sqlite.ts'
import { KnownLinesMemory, LineList } from './known-lines.ts'
import { type ListingMemory, Listings } from './listings.ts'
import { type NewScrape, type Portion, ROW } from './load/portion.ts'
import { SCRAPES_MAX, type Staged, type StagedScrape, StaleLines, TooManyScrapes } from './load/staged-scrape.ts'
import { Names } from './names.ts'

/** A scrape of the file, and how its lines compare with those that are known of its store. */
export type SqliteScrape = StagedScrape & {
  /**
   * For each known line of the store (`MARK`) whether the scrape says the same of the listing, something else, or nothing. Undefined:
   * none is known, and every row is in `observed`.
   */
  marks: Uint8Array | undefined
  /** The fingerprints of the rows in `observed`. */
  readonly lines: LineList
}

export const MARK = { absent: 0, same: 1, other: 2 } as const

const TABLES = `
  create temp table if not exists observed (
    scrape integer not null, listing_id integer not null, label_id integer not null,
    price_cents integer not null, was_price_cents integer, is_on_special integer, is_available integer,
    primary key (scrape, listing_id)
  ) without rowid;
  delete from temp.observed;
`

const INSERT = 'insert or ignore into temp.observed values (?, ?, ?, ?, ?, ?, ?)'

// Of later rows of a file no lines are kept, or they would fill the memory: 16 bytes each, and the room in which they grow.
const LINES_KEPT_MAX = 250_000

/** The staged rows of one file. */
export class Staging implements Staged {
  readonly #database: SqliteDatabase
  readonly #names: Names
  readonly #listings: Listings
  readonly #scrapes = new Set<SqliteScrape>()
  readonly #byNumber: SqliteScrape[] = []
  readonly #known: KnownLinesMemory
  #linesKept = 0

  /** Empties the table. The caller has a transaction open. */
  constructor(database: SqliteDatabase, memory: ListingMemory) {
    this.#database = database
    this.#names = new Names(database)
    this.#listings = new Listings(database, memory)
    this.#known = new KnownLinesMemory(database)
    database.script(TABLES)
  }

  get scrapes(): readonly SqliteScrape[] {
    return [...this.#scrapes]
  }

  take(portion: Portion): void {
    for (const scrape of portion.scrapes) this.#open(scrape)
    for (const { scrape, scrapedAt } of portion.times) this.#byNumber[scrape]!.scrapedAt = scrapedAt
    const { rows } = portion
    for (let at = 0; at < rows.length; at += ROW.length) {
      const scrape = this.#byNumber[rows[at + ROW.scrape]!]!
      const entry = rows[at + ROW.entry]!
      const isNew = entry >= 0 ? mark(scrape, entry, MARK.same) : this.#observe(scrape, rows, at)
      if (isNew) scrape.listings++
    }
  }

  /** Makes ready what scrapes of one store need that are not one after the other: all of their rows in `observed`. */
  settle(): void {
    for (const scrapes of Map.groupBy(this.#scrapes, ({ storeId }) => storeId).values())
      if (scrapes.length > 1) for (const scrape of scrapes) this.#observeRepeated(scrape)
  }

  /** The listings that the scrape no longer shows, of those whose lines are known. */
  *disappeared({ storeId, marks }: SqliteScrape): Generator<number> {
    const known = marks && this.#known.of(storeId)?.lines
    if (known === undefined) return
    for (let entry = 0; entry < known.count; entry++) if (marks![entry] === MARK.absent) yield known.listingOf(entry)
  }

  /** The fingerprints of all lines of a scrape. */
  linesOf({ storeId, marks, lines }: SqliteScrape): LineList {
    const known = marks && this.#known.of(storeId)?.lines
    const all = new LineList()
    all.addAll(lines)
    for (let entry = 0; entry < (known?.count ?? 0); entry++)
      if (marks?.[entry] === MARK.same) known!.copyEntry(entry, all)
    return all
  }

  haveCommonListing(one: SqliteScrape, other: SqliteScrape): boolean {
    const sql = `select 1 from temp.observed as one join temp.observed as other using (listing_id)
      where one.scrape = ? and other.scrape = ? limit 1`
    return this.#database.get(sql, one.number, other.number) !== undefined
  }

  merge(into: SqliteScrape, from: SqliteScrape): void {
    this.#database.run('update temp.observed set scrape = ? where scrape = ?', into.number, from.number)
    into.listings += from.listings
    into.lines.addAll(from.lines)
    if (from.scrapedAt !== null) into.scrapedAt = Math.max(into.scrapedAt ?? from.scrapedAt, from.scrapedAt)
    this.#scrapes.delete(from)
  }

  #open({ metadata, knownOf }: NewScrape): void {
    if (this.#byNumber.length === SCRAPES_MAX) throw new TooManyScrapes()
    const { company, storeCode, date, storeName, state, companyName } = metadata
    const number = this.#byNumber.length
    const companyId = this.#names.company(company)
    const storeId = this.#names.store(companyId, storeCode, storeName)
    const known = knownOf === 0 ? undefined : this.#known.of(storeId)
    if (known?.scrapeId !== (knownOf || undefined)) throw new StaleLines()
    const scrape: SqliteScrape = {
      number,
      companyId,
      storeId,
      date,
      storeName,
      state,
      companyName,
      scrapedAt: null,
      listings: 0,
      marks: known && new Uint8Array(known.lines.count),
      lines: new LineList(),
    }
    this.#byNumber.push(scrape)
    this.#scrapes.add(scrape)
  }

  /** Sets down a row that is not known; whether it is the first of its listing. */
  #observe(scrape: SqliteScrape, rows: Int32Array, at: number): boolean {
    const listing = rows[at + ROW.listing]!
    const label = rows[at + ROW.label]!
    let { listingId, labelId } = this.#listings.find(listing, label)
    if (listingId !== 0 && !this.#markOther(scrape, listingId)) return false
    if (labelId === 0) {
      // A label is made for the first row only: what a duplicate says counts for nothing.
      if (listingId !== 0 && this.#isObserved(scrape, listingId)) return false
      ;({ listingId, labelId } = this.#listings.make(listing, label))
    }
    const { changes } = this.#database
      .statement(INSERT)
      .run(
        scrape.number,
        listingId,
        labelId,
        rows[at + ROW.price]!,
        orNull(rows[at + ROW.was]!),
        orNull(rows[at + ROW.special]!),
        orNull(rows[at + ROW.available]!),
      )
    if (changes === 0) return false
    const words = at + ROW.fingerprint
    if (++this.#linesKept > LINES_KEPT_MAX) scrape.lines.giveUp()
    else scrape.lines.add(listingId, rows[words]!, rows[words + 1]!, rows[words + 2]!)
    return true
  }

  /** Marks that a scrape says something else of a listing than its known line; false when it has said something of it before. */
  #markOther(scrape: SqliteScrape, listingId: number): boolean {
    const entry = scrape.marks === undefined ? -1 : this.#known.of(scrape.storeId)!.lines.entryOf(listingId)
    return entry < 0 || mark(scrape, entry, MARK.other)
  }

  #isObserved(scrape: SqliteScrape, listingId: number): boolean {
    const sql = 'select 1 from temp.observed where scrape = ? and listing_id = ?'
    return this.#database.get(sql, scrape.number, listingId) !== undefined
  }

  /** Sets down the rows of which there is only a mark: the open runs say what they say. */
  #observeRepeated(scrape: SqliteScrape): void {
    const { marks, storeId } = scrape
    const known = marks && this.#known.of(storeId)?.lines
    if (known === undefined) return
    for (let entry = 0; entry < known.count; entry++) {
      if (marks![entry] !== MARK.same) continue
      this.#database.run(
        `insert into temp.observed
          select ?1, price.listing_id, label.label_id, price_cents, was_price_cents, is_on_special, is_available
          from price_run as price join label_run as label
            on label.listing_id = price.listing_id and label.store_id = price.store_id and label.to_date is null
          where price.store_id = ?2 and price.listing_id = ?3 and price.to_date is null`,
        scrape.number,
        storeId,
        known.listingOf(entry),
      )
      known.copyEntry(entry, scrape.lines)
    }
    scrape.marks = undefined
  }
}

/** Marks what a scrape says of a listing; false when it has said something of it before. */
function mark({ marks }: SqliteScrape, entry: number, value: number): boolean {
  if (marks![entry] !== MARK.absent) return false
  marks![entry] = value
  return true
}

function orNull(value: number): number | null {
  return value < 0 ? null : value
}
