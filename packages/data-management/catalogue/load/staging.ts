/**
 * Stages the rows of one file in a temporary table before any of them touches a history.
 *
 *   observed   one record a listing and scrape: the first row of each, its listing and label found or made
 *
 * A further row of a listing is a duplicate, unless it contradicts the first row (`differenceOf`): then it is rejected.
 *
 * A file may hold several stores and dates; each (store, date) is a scrape. Memory does not grow with the file.
 */
import { type ComparedFields, differingField } from '@splitcart/shared/row.ts'
import { mergeFigures } from '@splitcart/shared/truth/merge-figures.ts'
import type { Value } from '../../database/sql.ts'
import { batchesOf } from './batches.ts'
import { type ListingCache, parseLabel } from './listing-cache.ts'
import { type LabelledListing, setLabelIds, setListingIds } from './listings.ts'
import { ensureCompanies, ensureStores } from './names.ts'
import { type NewScrape, ROW, type RowBatch } from './row-batch.ts'
import { NO_SAMPLE, SCRAPES_MAX, type StagedRows, type StagedScrape, TooManyScrapes } from './staged-scrape.ts'
import { type LoadDatabase, records, sql } from './statement.ts'
import { findAliases } from './store-aliases.ts'

/** A scrape of the file. Its ids are known once its first rows are staged. */
type UnresolvedScrape = StagedScrape & { companyId: number; storeId: number; storeCode: string; mergedFrom: string }

type BufferedRow = LabelledListing & Readonly<{ scrape: UnresolvedScrape; rows: Int32Array; at: number }>

/** Called for a row that repeats a listing with a different value in a field. */
export type OnDiffering = (line: number, field: string) => void | Promise<void>

type UnresolvedStore = Readonly<{ scrape: UnresolvedScrape; company: string; code: string; name: string }>

// Limits of what is buffered before it is staged: rows, and bytes of their new texts.
const ROWS_MAX = 20_000
const TEXT_BYTES_MAX = 2 * 1024 * 1024
// The most remembered names of companies and stores: a file has at most two per scrape.
const NAMES_MAX = 2 * SCRAPES_MAX

const OBSERVED_TABLE = {
  table: 'observed',
  columns: ['scrape', 'listing_id', 'label_id', 'price_cents', 'was_price_cents', 'is_on_special', 'is_available'],
} as const

/** The staged rows of one file. */
export class Staging implements StagedRows {
  readonly #database: LoadDatabase
  readonly #cache: ListingCache
  // Scrape numbers are unique to a load, so that rows left in the table by another load do not matter.
  readonly #firstNumber: number
  readonly #onDiffering: OnDiffering
  readonly #rankedAt: number
  readonly #scrapes = new Set<UnresolvedScrape>()
  readonly #byNumber: UnresolvedScrape[] = []
  #unresolved: UnresolvedStore[] = []
  #rows: BufferedRow[] = []
  #textBytes = 0
  #hasStagedRows = false

  /** The caller has opened a transaction and emptied the temporary tables. */
  constructor(
    database: LoadDatabase,
    cache: ListingCache,
    { loadId, rankedAt, onDiffering }: { loadId: number; rankedAt: number; onDiffering: OnDiffering },
  ) {
    this.#rankedAt = rankedAt
    this.#database = database
    this.#onDiffering = onDiffering
    this.#cache = cache
    this.#firstNumber = loadId * SCRAPES_MAX
  }

  get scrapes(): readonly UnresolvedScrape[] {
    return [...this.#scrapes]
  }

  async add({ forget, scrapes, textBytes, times, rows, figures }: RowBatch): Promise<void> {
    // The reader's numbers begin again: rows that have the old numbers are staged first.
    if (forget) await this.flush()
    for (const scrape of scrapes) this.#open(scrape)
    for (const { scrape, scrapedAt } of times) this.#byNumber[scrape]!.scrapedAt = scrapedAt
    for (let at = 0; at < rows.length; at += ROW.length) {
      const scrape = this.#byNumber[rows[at + ROW.scrape]!]!
      const listing = this.#cache.listing(rows[at + ROW.listing]!)
      const label = this.#cache.label(rows[at + ROW.label]!)
      this.#rows.push({ scrape, listing, label, rows, at })
    }
    for (const { scrape, ...counted } of figures) Object.assign(this.#byNumber[scrape]!, counted)
    this.#textBytes += textBytes
    if (this.#rows.length >= ROWS_MAX || this.#textBytes >= TEXT_BYTES_MAX) await this.flush()
  }

  async flush(): Promise<void> {
    const rows = this.#rows
    this.#rows = []
    this.#textBytes = 0
    await this.#resolveStores()
    if (rows.length === 0) return
    await setListingIds(this.#database, rows)
    const first = await this.#firstRows(rows)
    await setLabelIds(this.#database, first, this.#rankedAt)
    for (const { scrape, label } of first) {
      scrape.listings++
      if (label.hasBarcode) scrape.hasBarcodes = true
    }
    await this.#database.bulkInsert(OBSERVED_TABLE, first.map(observedLine))
    this.#hasStagedRows = true
  }

  async haveCommonListing(one: StagedScrape, other: StagedScrape): Promise<boolean> {
    const common = sql`select 1 from observed as one join observed as other on other.listing_id = one.listing_id
      where one.scrape = ${one.number} and other.scrape = ${other.number} limit 1`
    return (await this.#database.get(common)) !== undefined
  }

  async merge(into: StagedScrape, from: StagedScrape): Promise<void> {
    await this.#database.run(sql`update observed set scrape = ${into.number} where scrape = ${from.number}`)
    into.listings += from.listings
    if (into.figures !== null && from.figures !== null) into.figures = mergeFigures([into.figures, from.figures])
    into.hasBarcodes ||= from.hasBarcodes
    if (from.scrapedAt !== null) into.scrapedAt = Math.max(into.scrapedAt ?? from.scrapedAt, from.scrapedAt)
    this.#scrapes.delete(this.#byNumber[from.number - this.#firstNumber]!)
  }

  #open({ metadata }: NewScrape): void {
    if (this.#byNumber.length === SCRAPES_MAX) throw new TooManyScrapes()
    const { companyKey: company, storeKey: code, date, storeName, state, companyName } = metadata
    const number = this.#firstNumber + this.#byNumber.length
    const written = { companyWritten: metadata.company, storeWritten: metadata.storeCode }
    const names = { date, companyCode: company, storeCode: code, storeName, state, companyName, ...written }
    const scrape = {
      number,
      companyId: 0,
      storeId: 0,
      mergedFrom: '',
      ...names,
      scrapedAt: null,
      listings: 0,
      hasBarcodes: false,
      figures: null,
      sampled: NO_SAMPLE,
    }
    this.#byNumber.push(scrape)
    this.#scrapes.add(scrape)
    this.#unresolved.push({ scrape, company, code, name: storeName })
  }

  async #resolveStores(): Promise<void> {
    const unresolved = this.#unresolved
    this.#unresolved = []
    if (unresolved.length === 0) return
    const { names } = this.#cache
    if (names.size > NAMES_MAX) this.#cache.forgetNames()
    const missing = unresolved.filter((each) => !names.has(storeCacheKey(each)))
    for (const batch of batchesOf(missing, (each) => storeCacheKey(each).length)) await this.#findStores(batch)
    for (const each of unresolved) {
      each.scrape.companyId = names.get(each.company)!
      each.scrape.storeId = names.get(storeCacheKey(each))!
      const into = this.#cache.aliases.get(storeCacheKey(each))
      if (into !== undefined) Object.assign(each.scrape, { storeCode: into, mergedFrom: each.code })
    }
  }

  async #findStores(unresolved: readonly UnresolvedStore[]): Promise<void> {
    const codes = unresolved.map(({ company }) => company)
    const companies = await ensureCompanies(this.#database, codes)
    const aliases = await findAliases(this.#database, unresolved)
    for (const [place, into] of aliases) this.#cache.aliases.set(storeCacheKey(unresolved[place]!), into)
    const stores = await ensureStores(
      this.#database,
      unresolved.map((each, place) => ({ ...each, code: aliases.get(place) ?? each.code })),
      companies,
    )
    for (const [company, id] of companies) this.#cache.names.set(company, id)
    for (const [place, each] of unresolved.entries()) this.#cache.names.set(storeCacheKey(each), stores[place]!)
  }

  /** The first row of each listing in a scrape. Later rows are dropped, and reported if they differ. */
  async #firstRows(rows: readonly BufferedRow[]): Promise<BufferedRow[]> {
    const seen = new Map<number, Map<number, EarlierRow>>()
    for (const { number } of new Set(rows.map(({ scrape }) => scrape))) seen.set(number, new Map())
    if (this.#hasStagedRows)
      for (const shown of await this.#stagedRowsOf(rows)) seen.get(shown.scrape)!.set(shown.listing_id, shown)
    const first: BufferedRow[] = []
    for (const row of rows) {
      const listings = seen.get(row.scrape.number)!
      const before = listings.get(row.listing.id)
      if (before === undefined) {
        listings.set(row.listing.id, row)
        first.push(row)
      } else {
        const field = differenceBetween(before, row)
        if (field !== undefined) await this.#onDiffering(row.rows[row.at + ROW.line]!, field)
      }
    }
    return first
  }

  /** What earlier, already staged rows of the file said of the listings of these rows. */
  async #stagedRowsOf(rows: readonly BufferedRow[]): Promise<ObservedRow[]> {
    const wanted = records('wanted', { scrape: 'bigint', listing_id: 'integer' }, [
      rows.map(({ scrape }) => scrape.number),
      rows.map(({ listing }) => listing.id),
    ])
    return this.#database.all(
      sql`select distinct observed.scrape, observed.listing_id, label.name, label.size, price_cents as "priceCents",
          was_price_cents as "wasPriceCents", is_on_special as "isOnSpecial"
        from ${wanted} join observed on observed.scrape = wanted.scrape and observed.listing_id = wanted.listing_id
        join label on label.id = observed.label_id`,
    )
  }
}

type ObservedRow = ComparedFields & Readonly<{ scrape: number; listing_id: number }>
type EarlierRow = BufferedRow | ObservedRow

/** The field in which two rows of a listing differ, or undefined. */
function differenceBetween(before: EarlierRow, row: BufferedRow): string | undefined {
  // Most duplicates have the same label; then only the prices are compared.
  if ('label' in before && before.label === row.label)
    return differingField({ ...SAME_LABEL, ...termsOf(before) }, { ...SAME_LABEL, ...termsOf(row) })
  const shown = 'label' in before ? { ...parseLabel(before.label), ...termsOf(before) } : before
  return differingField(shown, { ...parseLabel(row.label), ...termsOf(row) })
}

const SAME_LABEL = { name: '', size: null }

function termsOf({ rows, at }: BufferedRow): Pick<ComparedFields, 'priceCents' | 'wasPriceCents' | 'isOnSpecial'> {
  return {
    priceCents: orNull(rows[at + ROW.price]!),
    wasPriceCents: orNull(rows[at + ROW.wasPrice]!),
    isOnSpecial: orNull(rows[at + ROW.special]!),
  }
}

/** The key of a store in the cache's `names`; the key of a company is its code. */
function storeCacheKey({ company, code }: UnresolvedStore): string {
  return `${company}\0${code}`
}

function observedLine({ scrape, listing, label, rows, at }: BufferedRow): Value[] {
  const terms = [orNull(rows[at + ROW.price]!), orNull(rows[at + ROW.wasPrice]!), orNull(rows[at + ROW.special]!)]
  return [scrape.number, listing.id, label.id, ...terms, orNull(rows[at + ROW.available]!)]
}

function orNull(value: number): number | null {
  return value < 0 ? null : value
}
