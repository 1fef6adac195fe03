/**
 * A catalogue of a million products and ten million price runs: what 2,000 stores of 20 chains have asked in six weeks. Half of what a store has
 * all stores of its chain have; specials change once a week in whole chains, other prices on any day and by zones, and now and then a store does
 * not show something for a week. Words are those of the generated shops, and behind them a long tail of rare ones.
 */
import type { DatabaseSync } from 'node:sqlite'
import { openCatalogue } from '@splitcart/data-management/catalogue/dialects/sqlite/catalogue.ts'
import { gtinOf } from '@splitcart/data-management/catalogue/model/gtin.ts'
import { countChanges } from '@splitcart/data-management/catalogue/queries/count-changes.ts'
import { type Article, articleOf, barcodeOf, sharedRange } from '@splitcart/generator/articles.ts'
import { chance, hash } from '@splitcart/generator/random.ts'
import { DAY_MS } from '@splitcart/shared/time.ts'
import { fillInBulk } from '../test/bulk-fill.ts'

/** How much there is. Each company has as many stores, and as many listings. */
export type ShopSizes = Readonly<{
  companies: number
  stores: number
  listings: number
  perStore: number
  weeks: number
}>

/** A million products, ten million price runs. */
export const A_MILLION: ShopSizes = { companies: 20, stores: 2_000, listings: 1_200_000, perStore: 2_100, weeks: 6 }

const SEED = 7
const RARE_WORDS = 60_000
const RARE_SHARE = 0.5
const SYLLABLES = 'ba co di fe ga hu ja ke li mo na pu ra so ti ve wo za bri cla dro fle gra ple sto tri'.split(' ')
// A listing in so many is of an article that the chain before sells, too.
const SHARED_EVERY = 6
const ZONES = 4
const SPECIAL_SHARE = 0.1
const SPECIAL_DAY = 3
const STEP_SHARE = 0.004
const GAP_SHARE = 0.01
// Of these chains the scrapers say what is available.
const TELLING_EVERY = 2

/** Makes it at a path where nothing is: words and changes are made as they always are. */
export async function makeLargeShops(path: string, sizes: ShopSizes): Promise<void> {
  openCatalogue(path)[Symbol.dispose]()
  fillInBulk(path, (database) => {
    const brands = new Map<string, number>()
    const categories = new Map<string, number>()
    writeShops(database, sizes)
    writeListings(database, sizes, { brands, categories })
    writeRuns(database, sizes)
    database.exec(COUNTED)
  })
  using catalogue = openCatalogue(path)
  catalogue.database.script('pragma synchronous = off')
  await catalogue.finishPendingWork()
  await countChanges(catalogue.database)
  catalogue.database.script('pragma wal_checkpoint(truncate)')
}

const COUNTED = `
  insert into price_count
    select (listing_id << 32) | (price_cents + 1 << 2) | (coalesce(is_available, -1) + 1), count(*)
      from price_run where to_date is null group by 1;
  insert into label_use select listing_id, count(*) from price_run where to_date is null group by 1;
  insert into change_pending select company_id, store.id, min(date), 1 from store join scrape on store_id = store.id group by 2;
  insert into unworded select id from listing;
`

function writeShops(database: DatabaseSync, sizes: ShopSizes): void {
  const { companies, stores, perStore } = sizes
  const days = daysOf(sizes)
  const company = database.prepare('insert into company (id, code, shown, name) values (?1, ?2, ?2, ?2)')
  for (let id = 1; id <= companies; id++) company.run(id, `chain${id}`)
  const store = database.prepare(
    'insert into store (id, company_id, code, shown, name, state) values (?1, ?2, ?3, ?3, ?4, ?5)',
  )
  const load =
    database.prepare(`insert into load (id, sha256, filename, state, received_at, started_at, finished_at, rows, inserted, changed,
    unchanged, duplicate, rejected, warnings, runs_opened, runs_closed, ranked_at)
    values (?1, printf('%064x', ?1), ?2, 'loaded', ?3, ?3, ?3, ?4, 0, 0, ?4, 0, 0, 0, 0, 0, ?3)`)
  const scrape =
    database.prepare(`insert into scrape (id, store_id, date, load_id, ranked_at, listings, store_name, company_code, store_code)
    values (?1, ?2, ?3, ?1, ?4, ?5, ?6, ?7, ?8)`)
  const source = database.prepare('insert into source values (?, ?, ?, ?, 1.0, ?)')
  let scrapes = 0
  for (let id = 1; id <= stores; id++) {
    const companyId = companyOf(id, companies)
    const [code, name] = [`s${id}`, `Store ${id}`]
    store.run(id, companyId, code, name, id % 3 === 0 ? 'nsw' : 'qld')
    for (const [day, date] of days.entries()) {
      scrapes++
      const at = Date.now() - (days.length - day) * DAY_MS + id
      load.run(scrapes, `${code}-${date}.jsonl`, at, perStore)
      scrape.run(scrapes, id, date, at, perStore, name, `chain${companyId}`, code)
    }
    source.run(id, days.at(-1)!, scrapes, perStore, perStore)
  }
}

type Known = Readonly<{ brands: Map<string, number>; categories: Map<string, number> }>

function writeListings(database: DatabaseSync, sizes: ShopSizes, known: Known): void {
  const range = sharedRange(SEED)
  const today = daysOf(sizes).at(-1)!
  const write = {
    listing:
      database.prepare(`insert into listing (id, company_id, by_name, code, product_id, label_id, barcode, label_date, label_store_id)
      values (?1, ?2, 0, ?3, ?4, ?1, ?5, ?6, ?7)`),
    key: database.prepare('insert into listing_key values (1, ?, 0, ?, ?)'),
    label: database.prepare(`insert into label (id, listing_id, hash, name, key, brand_id, size, category_id)
      values (?1, ?1, ?1, ?2, ?3, ?4, ?5, ?6)`),
    category: database.prepare('insert into listing_category values (?, ?)'),
  }
  let [article, product] = [articleOf(range, 0), 1]
  for (let id = 1; id <= sizes.listings; id++) {
    const isShared = id > 1 && hash(SEED, id) % SHARED_EVERY === 0
    if (!isShared) [article, product] = [articleOf(range, id), id]
    const companyId = companyOf(id, sizes.companies)
    const barcode = gtinOf(barcodeOf(product))!
    write.listing.run(id, companyId, `sku${id}`, product, barcode, today, companyId)
    write.key.run(barcode, companyId, id)
    const name = nameOf(article, product, companyId)
    const path = pathIds(database, known.categories, article.path)
    const brand = brandId(database, known.brands, brandOf(article, product))
    write.label.run(id, name, name.toLowerCase(), brand, article.size.text, path.at(-1)!)
    for (const each of path) write.category.run(id, each)
  }
}

/** Half of all names have a word that few others have; every other chain writes the size behind it. */
function nameOf({ name, size }: Article, product: number, companyId: number): string {
  const rare = chance(hash(SEED, product), 1) < RARE_SHARE ? ` ${rareWord(chance(hash(SEED, product), 2))}` : ''
  return `${name}${rare}${companyId % 2 === 0 ? ` ${size.text.replace(' ', '')}` : ''}`
}

function brandOf({ brand }: Article, product: number): string {
  return product % 3 === 0 ? `${brand} ${rareWord(chance(hash(SEED, product), 3))}` : brand
}

/** Of words in the order of how often they are used the second is used half as often as the first, and so on. */
function rareWord(share: number): string {
  let word = ''
  const rank = Math.floor(RARE_WORDS ** share)
  for (let left = rank + SYLLABLES.length; left > 0; left = Math.floor(left / SYLLABLES.length))
    word += SYLLABLES[left % SYLLABLES.length]
  return `${word}n`
}

function pathIds(database: DatabaseSync, known: Map<string, number>, path: readonly string[]): number[] {
  const ids: number[] = []
  for (const [depth, name] of path.entries()) {
    const whole = path.slice(0, depth + 1).join('\n')
    const id = known.get(whole) ?? known.size + 1
    if (!known.has(whole)) {
      known.set(whole, id)
      database.prepare('insert into category values (?, ?, ?)').run(id, ids.at(-1) ?? null, name)
    }
    ids.push(id)
  }
  return ids
}

function brandId(database: DatabaseSync, known: Map<string, number>, name: string): number {
  const id = known.get(name) ?? known.size + 1
  if (!known.has(name)) {
    known.set(name, id)
    database.prepare('insert into brand values (?, ?)').run(id, name)
  }
  return id
}

function writeRuns(database: DatabaseSync, sizes: ShopSizes): void {
  const days = daysOf(sizes)
  const run = database.prepare('insert into price_run values (?, ?, ?, ?, ?, ?, ?, ?)')
  for (let store = 1; store <= sizes.stores; store++)
    for (const listing of listingsOf(store, sizes))
      for (const { from, to, cents, isSpecial, isAvailable } of termsOf(store, listing, days.length, sizes.companies))
        run.run(
          store,
          listing,
          days[from]!,
          to === undefined ? null : days[to]!,
          cents,
          isSpecial ? Math.ceil(cents * 1.4) : null,
          isSpecial ? 1 : 0,
          isAvailable,
        )
}

/** What a store shows, in the order of the listings: the half that its whole chain has, and a part of the rest. */
function listingsOf(store: number, { companies, stores, listings, perStore }: ShopSizes): number[] {
  const ofCompany = listings / companies
  const core = Math.floor(perStore / 2)
  const tail = ofCompany - core
  const begin = core + Math.floor((tail * Math.floor((store - 1) / companies)) / (stores / companies))
  const places = Array.from({ length: perStore }, (_, at) =>
    at < core ? at : core + ((begin + at - 2 * core + tail) % tail),
  )
  const first = companyOf(store, companies)
  return [...new Set(places)].sort((one, other) => one - other).map((place) => place * companies + first)
}

type Terms = { from: number; to: number | undefined; cents: number; isSpecial: boolean; isAvailable: number | null }

/** What a store asks for a listing, run by run. */
function termsOf(store: number, listing: number, days: number, companies: number): Terms[] {
  const runs: Terms[] = []
  const company = companyOf(store, companies)
  const zone = Math.floor(store / companies) % ZONES
  const key = hash(SEED + 1, listing)
  const own = hash(key, store)
  let base = 99 + 50 * Math.floor(40 * chance(key, 0) ** 3) + (key % 5 === 0 ? zone * 20 : 0)
  let open: Terms | undefined
  for (let day = 0; day < days; day++) {
    const week = Math.floor((day + 7 - SPECIAL_DAY) / 7)
    if (chance(key, 100 + day) < STEP_SHARE) base += day % 2 === 0 ? 30 : -20
    const isSpecial = chance(key, 1000 + week) < SPECIAL_SHARE
    const cents = isSpecial ? Math.ceil(base * 0.7) : base
    const isAvailable = company % TELLING_EVERY === 0 ? (chance(own, 3000 + week) < 0.02 ? 0 : 1) : null
    const isShown = chance(own, 2000 + week) >= GAP_SHARE
    if (
      open !== undefined &&
      !(isShown && open.cents === cents && open.isSpecial === isSpecial && open.isAvailable === isAvailable)
    ) {
      open.to = day - 1
      open = undefined
    }
    if (isShown && open === undefined) {
      open = { from: day, to: undefined, cents, isSpecial, isAvailable }
      runs.push(open)
    }
  }
  return runs
}

// Listings and stores of the companies in turn, as they become known.
function companyOf(id: number, companies: number): number {
  return ((id - 1) % companies) + 1
}

function daysOf({ weeks }: ShopSizes): string[] {
  const days = weeks * 7
  return Array.from({ length: days }, (_, day) =>
    new Date(Date.now() - (days - 1 - day) * DAY_MS).toISOString().slice(0, 10),
  )
}
