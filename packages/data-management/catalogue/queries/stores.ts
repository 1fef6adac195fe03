/** The stores, and the scrapes of one of them. */
import { foldedCode } from '@splitcart/shared/codes.ts'
import type { Sql } from '../../database/sql.ts'
import { parseFlag } from './products.ts'

/** A store by the code of its company and its own code. */
export type StoreCodes = readonly [company: string, store: string]

/** A store as fields of an answer. */
export type StoreView = Readonly<{
  company: string
  store_id: string
  name: string
  state: string | null
  /** Null where it has never been scraped. */
  first_date: string | null
  last_date: string | null
  /** How many listings its latest scrape shows. */
  listings: number | null
  address: string | null
  suburb: string | null
  postcode: string | null
  latitude: number | null
  longitude: number | null
  phone: string | null
  is_open: boolean | null
  /** The date of the newest list of stores that has it; null if none has. */
  described_on: string | null
}>

// Coordinates are kept in ten millionths of a degree.
const E7 = 10_000_000

/** The stores after a page, in the order of their codes. */
export async function listStores(
  database: Sql,
  { company, after, limit }: { company: string | undefined; after: StoreCodes | undefined; limit: number },
): Promise<StoreView[]> {
  const [companyAfter, storeAfter] = after ?? ['', '']
  const found = await database.all<StoredStore>(
    `select company.shown as company, store.shown as store_id, store.name, store.state, address, suburb, postcode,
        latitude_e7, longitude_e7, phone, is_open, described_on,
        (select min(date) from scrape where store_id = store.id) as first_date,
        (select max(date) from scrape where store_id = store.id) as last_date,
        (select max(listings) from scrape where store_id = store.id
          and date = (select max(date) from scrape where store_id = store.id)) as listings
      from store join company on company.id = store.company_id
      where (company.shown, store.shown) > (?1, ?2) and (cast(?3 as text) is null or company.code = ?3)
        and not exists (select 1 from store_alias where store_alias.company = company.code and store_alias.code = store.code)
        and (described_on is not null or exists (select 1 from scrape where store_id = store.id))
      order by company.shown, store.shown limit ?4`,
    companyAfter,
    storeAfter,
    company === undefined ? null : foldedCode(company),
    limit,
  )
  return found.map(storeView)
}

type StoredStore = Omit<StoreView, 'latitude' | 'longitude' | 'is_open'> &
  Readonly<{ latitude_e7: number | null; longitude_e7: number | null; is_open: number | null }>

function storeView({ latitude_e7, longitude_e7, is_open, ...store }: StoredStore): StoreView {
  const degrees = (e7: number | null) => (e7 === null ? null : e7 / E7)
  return {
    ...store,
    latitude: degrees(latitude_e7),
    longitude: degrees(longitude_e7),
    is_open: parseFlag(is_open),
  }
}

/** A store by its folded codes. */
export type FoldedStore = Readonly<{ company: string; code: string }>

/** The stores with this name: company and code joined by a slash, either of which may contain slashes. */
export async function findStores(database: Sql, text: string): Promise<FoldedStore[]> {
  return await database.all<FoldedStore>(
    `select company.code as company, store.code from store join company on company.id = store.company_id
      where company.code || '/' || store.code = ?1
      union select company, code from store_alias where company || '/' || code = ?1`,
    text.split('/').map(foldedCode).join('/'),
  )
}

/** What one file said about a store on one date. */
export type ScrapeView = Readonly<{ date: string; listings: number; filename: string; sha256: string }>

/** `store`: company and store id with a slash between them; `after`: the last scrape of the previous page. */
export type ScrapesQuery = Readonly<{
  store: string
  from: string
  to: string
  after: readonly [date: string, sha256: string] | undefined
  limit: number
}>

/** The scrapes of a store, the newest first. A date that several files describe has several. */
export async function listScrapes(database: Sql, query: ScrapesQuery): Promise<ScrapeView[]> {
  const [date, sha256] = query.after ?? ['9999-99-99', '']
  return await database.all<ScrapeView>(
    `select scrape.date, scrape.listings, load.filename, load.sha256
      from scrape join load on load.id = scrape.load_id
      where scrape.store_id = (select store.id from store join company on company.id = store.company_id
          where company.code || '/' || store.code = ?1)
        and scrape.date between ?2 and ?3 and scrape.date <= ?4 and (scrape.date, load.sha256) < (?4, ?5)
      order by scrape.date desc, load.sha256 desc limit ?6`,
    foldedCode(query.store),
    query.from,
    query.to,
    date,
    sha256,
    query.limit,
  )
}
