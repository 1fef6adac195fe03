/**
 * The rows of one file: gathered, and set down in `observed` some thousands at a time. Those of a file that has no more than that stay in
 * memory until somebody needs them there: the first scrape of a store does not.
 */

import { copyInto } from '../../database/postgres-copy.ts'
import type { PostgresTransaction } from '../../database/postgres-queries.ts'
import type { ListingMemory } from '../listings.ts'
import { type NewScrape, type Portion, ROW } from '../load/portion.ts'
import { SCRAPES_MAX, type Staged, type StagedScrape, TooManyScrapes } from '../load/staged-scrape.ts'
import { type Described, describe, identify } from './listings.ts'
import { companyIds, storeIds } from './names.ts'
import { noteRows } from './tables.ts'

/** A scrape of the file. Its ids are known when its first rows are set down. */
export type PostgresScrape = StagedScrape & { companyId: number; storeId: number }

type Row = Described & Readonly<{ scrape: PostgresScrape; rows: Int32Array; at: number }>

/** A row as it is stored. `terms`: from its price on, as COPY wants them. */
export type StagedRow = Readonly<{ listingId: number; labelId: number; terms: string }>

type Unnamed = Readonly<{ scrape: PostgresScrape; company: string; code: string; name: string }>

const ROWS_MAX = 20_000
// Twice as many as a file may have scrapes.
const NAMES_MAX = 2 * SCRAPES_MAX
const OBSERVED = 'observed (scrape, listing_id, label_id, price_cents, was_price_cents, is_on_special, is_available)'

/** The staged rows of one file. */
export class PostgresStaging implements Staged {
  readonly #transaction: PostgresTransaction
  readonly #firstNumber: number
  readonly #memory: ListingMemory
  readonly #scrapes = new Set<PostgresScrape>()
  readonly #byNumber: PostgresScrape[] = []
  #unnamed: Unnamed[] = []
  #rows: Row[] = []
  #inMemory: Row[] = []
  #isFirst = true
  #hasNewLabels = false

  constructor(transaction: PostgresTransaction, loadId: number, memory: ListingMemory) {
    this.#transaction = transaction
    // No other load has these numbers: what is left of it in the table is not in the way.
    this.#firstNumber = loadId * SCRAPES_MAX
    this.#memory = memory
  }

  /** Whether labels were made that lead to no product yet. */
  get hasNewLabels(): boolean {
    return this.#hasNewLabels
  }

  get scrapes(): readonly PostgresScrape[] {
    return [...this.#scrapes]
  }

  async take({ forget, scrapes, times, rows }: Portion): Promise<void> {
    // The numbers begin again: what has the old ones is set down first.
    if (forget) await this.#observe(await this.#firstRows())
    for (const scrape of scrapes) this.#open(scrape)
    for (const { scrape, scrapedAt } of times) this.#byNumber[scrape]!.scrapedAt = scrapedAt
    for (let at = 0; at < rows.length; at += ROW.length) {
      const scrape = this.#byNumber[rows[at + ROW.scrape]!]!
      const listing = this.#memory.listing(rows[at + ROW.listing]!)
      const label = this.#memory.label(rows[at + ROW.label]!)
      this.#rows.push({ scrape, listing, label, rows, at })
    }
    if (this.#rows.length >= ROWS_MAX) await this.#observe(await this.#firstRows())
  }

  async settle(): Promise<void> {
    const rows = await this.#firstRows()
    if (this.#isFirst) this.#inMemory = rows
    else await this.#observe(rows)
  }

  /** Makes sure that all rows are in `observed`. */
  async setDown(): Promise<void> {
    const rows = this.#inMemory
    this.#inMemory = []
    await this.#observe(rows)
  }

  /** The rows that are not in `observed`, in the order of their listings; undefined when all are there. Only of one scrape, where one is given. */
  rowsInMemory(scrape?: StagedScrape): readonly StagedRow[] | undefined {
    if (this.#inMemory.length === 0) return undefined
    const rows = this.#inMemory.filter((row) => scrape === undefined || row.scrape === scrape)
    return rows.map(stagedRow).sort((one, other) => one.listingId - other.listingId)
  }

  async haveCommonListing(one: StagedScrape, other: StagedScrape): Promise<boolean> {
    await this.setDown()
    const sql = `select 1 from observed as one join observed as other using (listing_id)
      where one.scrape = ? and other.scrape = ? limit 1`
    return (await this.#transaction.get(sql, one.number, other.number)) !== undefined
  }

  async merge(into: StagedScrape, from: StagedScrape): Promise<void> {
    await this.setDown()
    await this.#transaction.run('update observed set scrape = ? where scrape = ?', into.number, from.number)
    into.listings += from.listings
    if (from.scrapedAt !== null) into.scrapedAt = Math.max(into.scrapedAt ?? from.scrapedAt, from.scrapedAt)
    this.#scrapes.delete(this.#byNumber[from.number - this.#firstNumber]!)
  }

  #open({ metadata }: NewScrape): void {
    if (this.#byNumber.length === SCRAPES_MAX) throw new TooManyScrapes()
    const { company, storeCode: code, date, storeName, state, companyName } = metadata
    const number = this.#firstNumber + this.#byNumber.length
    const names = { date, storeName, state, companyName }
    const scrape = { number, companyId: 0, storeId: 0, ...names, scrapedAt: null, listings: 0 }
    this.#byNumber.push(scrape)
    this.#scrapes.add(scrape)
    this.#unnamed.push({ scrape, company, code, name: storeName })
  }

  /** Takes the rows that were gathered: the first of each listing, with the ids of what it says. */
  async #firstRows(): Promise<Row[]> {
    const rows = this.#rows
    this.#rows = []
    await this.#nameScrapes()
    if (rows.length === 0) return []
    await identify(this.#transaction, rows)
    const first = await this.#firstOf(rows)
    if (await describe(this.#transaction, first)) this.#hasNewLabels = true
    for (const { scrape } of first) scrape.listings++
    return first
  }

  async #observe(rows: readonly Row[]): Promise<void> {
    if (rows.length === 0) return
    const lines = rows.map((row) => `${row.scrape.number}\t${row.listing.id}\t${row.label.id}\t${termsOf(row)}\n`)
    await copyInto(this.#transaction, OBSERVED, lines)
    noteRows(this.#transaction, rows.length)
    this.#isFirst = false
  }

  async #nameScrapes(): Promise<void> {
    const unnamed = this.#unnamed
    this.#unnamed = []
    if (unnamed.length === 0) return
    const { names } = this.#memory
    if (names.size > NAMES_MAX) names.clear()
    await this.#findNames(unnamed.filter((each) => !names.has(keyOf(each))))
    for (const each of unnamed) {
      each.scrape.companyId = names.get(each.company)!
      each.scrape.storeId = names.get(keyOf(each))!
    }
  }

  async #findNames(unnamed: readonly Unnamed[]): Promise<void> {
    if (unnamed.length === 0) return
    const codes = unnamed.map(({ company }) => company)
    const companies = await companyIds(this.#transaction, codes)
    const stores = await storeIds(this.#transaction, unnamed, companies)
    for (const [company, id] of companies) this.#memory.names.set(company, id)
    for (const [place, each] of unnamed.entries()) this.#memory.names.set(keyOf(each), stores[place]!)
  }

  /** The first rows of their listings: the others are duplicates, and what they say counts for nothing. */
  async #firstOf(rows: readonly Row[]): Promise<Row[]> {
    const seen = new Map<number, Set<number>>()
    const isNew = ({ scrape, listing }: Row) => {
      const listings = seen.get(scrape.number) ?? new Set()
      seen.set(scrape.number, listings)
      return listings.size !== listings.add(listing.id).size
    }
    if (this.#isFirst) return rows.filter(isNew)
    const before = await this.#transaction.all<{ scrape: number; listing_id: number }>(
      `select distinct scrape, listing_id from unnest(?::bigint[], ?::integer[]) as row (scrape, listing_id)
        join observed using (scrape, listing_id)`,
      rows.map(({ scrape }) => scrape.number),
      rows.map(({ listing }) => listing.id),
    )
    for (const { scrape, listing_id } of before)
      isNew({ scrape: { number: scrape }, listing: { id: listing_id } } as Row)
    return rows.filter(isNew)
  }
}

/** A store among the names; a company is there by its code. */
function keyOf({ company, code }: Unnamed): string {
  return `${company}\0${code}`
}

function stagedRow(row: Row): StagedRow {
  return { listingId: row.listing.id, labelId: row.label.id, terms: termsOf(row) }
}

function termsOf({ rows, at }: Row): string {
  return `${rows[at + ROW.price]}\t${said(rows[at + ROW.was]!)}\t${said(rows[at + ROW.special]!)}\t${said(rows[at + ROW.available]!)}`
}

function said(value: number): string {
  return value < 0 ? '\\N' : `${value}`
}
