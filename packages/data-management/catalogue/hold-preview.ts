/** What loading a held file would change, by name: made when it is held, and kept with the record of its load. */
import type { SqliteDatabase } from '../database/sqlite.ts'
import type { DateChange, ListingOfStore } from './date-change.ts'
import type { Staging } from './staging.ts'

type OfStore = Readonly<{ company: string; store_id: string; store_name: string }>

/** A listing in a store, as people know it. */
export type NamedListing = OfStore & Readonly<{ sku: string | null; name: string }>

/** A scrape of a file beside the one before it. */
export type ScrapeBeside = OfStore & Readonly<{ date: string; rows: number; rows_before: number | null }>

/** What would change. The jumps are the largest changes of price, in whole cents. */
export type HoldPreview = Readonly<{
  made_at: string
  stores: ScrapeBeside[]
  inserted: number
  changed: number
  unchanged: number
  disappeared: number
  jumps: (NamedListing & Readonly<{ from_cents: number; to_cents: number }>)[]
  first_disappeared: NamedListing[]
}>

const STORES_MAX = 100

/** How many rows a store's latest scrape before a date has; undefined when there is none. */
export function rowsBefore(database: SqliteDatabase, storeId: number, date: string): number | undefined {
  const sql =
    'select max(listings) as listings from scrape where store_id = ?1 and date = (select max(date) from scrape where store_id = ?1 and date < ?2)'
  return database.get<{ listings: number | null }>(sql, storeId, date)?.listings ?? undefined
}

/** The staged scrapes, each beside the one before it. They must not have been applied yet. */
export function scrapesBeside(database: SqliteDatabase, staging: Staging): ScrapeBeside[] {
  return staging.scrapes.slice(0, STORES_MAX).map((scrape) => ({
    ...storeNamed(database, scrape.storeId),
    date: scrape.date,
    rows: scrape.listings,
    rows_before: rowsBefore(database, scrape.storeId, scrape.date) ?? null,
  }))
}

/** What was applied, by name, while it can still be looked up. */
export function named(
  database: SqliteDatabase,
  applied: DateChange & Readonly<{ unchanged: number }>,
): Omit<HoldPreview, 'made_at' | 'stores'> {
  const { inserted, changed, unchanged, disappeared, jumps, gone } = applied
  return {
    inserted,
    changed,
    unchanged,
    disappeared,
    jumps: jumps.map(({ from, to, ...listing }) => {
      return { ...listingNamed(database, listing), from_cents: from, to_cents: to }
    }),
    first_disappeared: gone.map((listing) => listingNamed(database, listing)),
  }
}

/** Keeps a preview with the record of its load. */
export function keepPreview(database: SqliteDatabase, loadId: number, preview: HoldPreview): void {
  database.run('insert or replace into hold_preview values (?, ?)', loadId, JSON.stringify(preview))
}

/** The preview of bytes that were held, or undefined. */
export function previewOf(database: SqliteDatabase, sha256: string): HoldPreview | undefined {
  const sql = 'select preview from hold_preview join load on load.id = load_id where sha256 = ?'
  const found = database.get<{ preview: string }>(sql, sha256)
  return found === undefined ? undefined : (JSON.parse(found.preview) as HoldPreview)
}

/** The names of a listing and the store it is sold in. */
export function listingNamed(database: SqliteDatabase, { listingId, storeId }: ListingOfStore): NamedListing {
  const listing = database.get<{ sku: string | null; name: string }>(
    `select case by_name when 0 then listing.code end as sku, label.name
      from listing join label on label.id = listing.label_id where listing.id = ?`,
    listingId,
  )!
  return { ...storeNamed(database, storeId), ...listing }
}

function storeNamed(database: SqliteDatabase, storeId: number): OfStore {
  return database.get<OfStore>(
    `select company.code as company, store.code as store_id, store.name as store_name
      from store join company on company.id = company_id where store.id = ?`,
    storeId,
  )!
}
