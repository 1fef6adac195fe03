/** What loading a held file would change, with names: made when the file is held, and kept with its load record. */
import type { Sql } from '../database/sql.ts'
import type { StagedScrape } from './load/staged-scrape.ts'
import type { DateChange, ListingOfStore } from './model/date-change.ts'

/** A store by the names that people know. */
export type NamedStore = Readonly<{ company: string; store_id: string; store_name: string }>

/** A listing in a store, by the names that people know. */
export type NamedListing = NamedStore & Readonly<{ sku: string | null; name: string }>

/** A scrape of a file, with its row count and that of the store's scrape before it (null: there is none). */
export type ScrapeWithPrevious = NamedStore & Readonly<{ date: string; rows: number; rows_before: number | null }>

/** What would change. `jumps` are the largest price changes, in whole cents. */
export type HoldPreview = Readonly<{
  made_at: string
  stores: ScrapeWithPrevious[]
  inserted: number
  changed: number
  unchanged: number
  disappeared: number
  jumps: (NamedListing & Readonly<{ from_cents: number; to_cents: number }>)[]
  first_disappeared: NamedListing[]
}>

const STORES_MAX = 100

/** The staged scrapes of a load (at most STORES_MAX), each with the store's previous scrape from another load. */
export async function scrapesWithPrevious(
  database: Sql,
  scrapes: readonly StagedScrape[],
  loadId: number,
): Promise<ScrapeWithPrevious[]> {
  const found: ScrapeWithPrevious[] = []
  for (const { storeId, date, listings: rows } of scrapes.slice(0, STORES_MAX)) {
    const before = await database.get<{ listings: number | null }>(
      `select max(listings) as listings from scrape where store_id = ?1 and load_id <> ?3
        and date = (select max(date) from scrape where store_id = ?1 and date < ?2 and load_id <> ?3)`,
      storeId,
      date,
      loadId,
    )
    found.push({ ...(await findNamedStore(database, storeId)), date, rows, rows_before: before?.listings ?? null })
  }
  return found
}

/** The applied changes with the names of listings and stores: read before the load is rolled back. */
export async function describeChanges(
  database: Sql,
  applied: DateChange & Readonly<{ unchanged: number }>,
): Promise<Omit<HoldPreview, 'made_at' | 'stores'>> {
  const { inserted, changed, unchanged, disappeared } = applied
  const jumps: HoldPreview['jumps'] = []
  for (const { from, to, ...listing } of applied.jumps)
    jumps.push({ ...(await findNamedListing(database, listing)), from_cents: from, to_cents: to })
  const first_disappeared: NamedListing[] = []
  for (const listing of applied.firstDisappeared) first_disappeared.push(await findNamedListing(database, listing))
  return { inserted, changed, unchanged, disappeared, jumps, first_disappeared }
}

/** Stores the preview of a load. */
export async function insertPreview(database: Sql, loadId: number, preview: HoldPreview): Promise<void> {
  await database.run('insert into hold_preview values (?, ?)', loadId, JSON.stringify(preview))
}

/** The preview of a held file by its SHA-256, or undefined. */
export async function findPreview(database: Sql, sha256: string): Promise<HoldPreview | undefined> {
  const sql = 'select preview from hold_preview join load on load.id = load_id where sha256 = ?'
  const found = await database.get<{ preview: string }>(sql, sha256)
  return found === undefined ? undefined : (JSON.parse(found.preview) as HoldPreview)
}

/** The names of a listing and the store it is sold in. */
async function findNamedListing(database: Sql, { listingId, storeId }: ListingOfStore): Promise<NamedListing> {
  const listing = await database.get<{ sku: string | null; name: string }>(
    `select case by_name when 0 then listing.code end as sku, label.name
      from listing join label on label.id = listing.label_id where listing.id = ?`,
    listingId,
  )
  return { ...(await findNamedStore(database, storeId)), ...listing! }
}

async function findNamedStore(database: Sql, storeId: number): Promise<NamedStore> {
  const store = await database.get<NamedStore>(
    `select company.shown as company, store.shown as store_id, store.name as store_name
      from store join company on company.id = company_id where store.id = ?`,
    storeId,
  )
  return store!
}
