/**
 * Databases of any size in a minute: written by SQL, many rows a statement. Some are as friendly as real ones, some are what one careless or
 * hostile sender can make of them: thousands of listings that one barcode has made one product.
 */
import { join } from 'node:path'
import { openCatalogue } from '@splitcart/data-management/catalogue/dialects/sqlite/catalogue.ts'
import { openLedger } from '@splitcart/data-management/ledger/ledger.ts'
import { DAY_MS } from '@splitcart/shared/time.ts'
import { fillInBulk } from '../../test/bulk-fill.ts'
import { KEPT, keptSizesOf, NUMBERS, SILENT_EVERY } from './large-ledger.ts'

/** How many of everything. `giant`: the listings of one product, the first. */
export type Sizes = Readonly<{ stores: number; listings: number; giant: number; runs: number; uploads: number }>

/** What the campaign is about: the largest that is promised; more listings of one product the loader holds (HOLD_PRODUCT_LISTINGS). */
export const LARGE: Sizes = {
  stores: 60_000,
  listings: 200_000,
  giant: 10_000,
  runs: 10_000_000,
  uploads: 500_000,
}

/** A share of sizes. */
export function sharedBy(sizes: Sizes, share: number): Sizes {
  const of = (count: number) => Math.ceil(count * share)
  const { stores, listings, giant, runs, uploads } = sizes
  return { stores: of(stores), listings: of(listings), giant: of(giant), runs: of(runs), uploads: of(uploads) }
}

/** The words of every listing, for a search that finds much. */
export const COMMON_WORD = 'milk'

const COMPANIES = 3
// A file in so many is held, and the one behind it failed.
const HELD_EVERY = 50

const CATALOGUE = `
  insert into company (id, code, shown, name)
    select value, 'company' || value, 'company' || value, 'Company ' || value from json_each('[1, 2, 3]');
  ${NUMBERS('stores')} store (id, company_id, code, shown, name, state)
    select i, 1 + i % ${COMPANIES}, 's' || i, 's' || i, 'Store ' || i, 'qld' from n;
  insert into brand values (1, 'Farm');
  ${NUMBERS('listings')} listing (id, company_id, by_name, code, product_id, label_id, barcode, label_date, label_store_id)
    select i, 1 + i % ${COMPANIES}, 0, 'sku' || i, iif(i <= $giant, 1, i), i, null, $today, 1 from n;
  ${NUMBERS('listings')} label (id, listing_id, hash, name, key, brand_id)
    select i, i, i, 'Milk number ' || i, 'milk number ' || i || ' farm', 1 from n;
  ${NUMBERS('listings')} listing_words (rowid, words)
    select i, char(0xE000) || (1 + i % ${COMPANIES}) || ' milk number ' || i || ' farm' from n;
  ${NUMBERS('uploads')} load (id, sha256, filename, state, received_at, started_at, finished_at, rows, inserted, changed, unchanged,
      duplicate, rejected, warnings, runs_opened, runs_closed, problem)
    select i, printf('%064x', i), 'scrape-' || i || '.jsonl', 'loaded', $now - ($uploads - i) * 100, $now - ($uploads - i) * 100,
      $now - ($uploads - i) * 100, 100, 10, 5, 83, 0, 2, 0, 15, 5, null from n;
  insert into scrape
    select store.id, store.id, $today, 1 + store.id % $uploads, $now, $perStore, store.name, 'qld', null,
      'company' || store.company_id, store.code, '' from store;
  insert into scrape
    select $stores + store.id, store.id, $yesterday, 1 + (store.id + 7) % $uploads, $now, $perStore, store.name, 'qld', null,
      'company' || store.company_id, store.code, '' from store;
  insert into source
    select id, iif(id % ${SILENT_EVERY} = 0, $longAgo, $today), 1 + id % $uploads, $perStore, 1.0, $perStore from store;
  ${NUMBERS('perStore')} price_run
    select store.id, 1 + (store.id * 37 + i) % $listings, $yesterday, null, 100 + i % 40, null, 0, 1 from store, n;
  insert into price_count
    select (listing_id << 32) | (price_cents + 1 << 2) | (is_available + 1), count(*) from price_run where to_date is null group by 1;
  insert into label_run (store_id, listing_id, from_date, to_date, label_id)
    select store_id, listing_id, from_date, null, listing_id from price_run order by store_id, listing_id;
  insert into label_use select label_id, count(*) from label_run group by label_id;
  insert into reject_group (load_id, code, field, reason, count, first_line, company, store_id, store_name, finished_at, is_first)
    select id, 'price_invalid', 'price_current', 'expected a price', 2, 1, 'company' || (1 + id % 3), 's' || (1 + id % $stores),
      'Store', finished_at, 1 from load where id % 5 = 0;
  insert into reject select id, 1, 'price_invalid', 'price_current', 'expected a price', null from load where id % 5 = 0;
`

const LEDGER = `
  ${NUMBERS('uploads')} upload (id, sha256, filename, stored_as, bytes, lines, wire_bytes, received_at, state, load, settled_at)
    select printf('%08x-%04x-7000-8000-%012x', ($now - ($uploads - i) * 100) / 65536, ($now - ($uploads - i) * 100) % 65536, i),
      printf('%064x', i), 'scrape-' || i || '.jsonl', 'scrape-' || i || '.jsonl', 10000, 100, 1000, $now - ($uploads - i) * 100,
      iif(i % ${HELD_EVERY} = 0, 'held', iif(i % ${HELD_EVERY} = 1, 'failed', 'loaded')),
      '{"rows":100,"inserted":10,"changed":5,"unchanged":83,"duplicate":0,"rejected":2,"warnings":0,"finished_at":"2026-01-01T00:00:00.000Z","problem":null}',
      $now - ($uploads - i) * 100 from n;
  insert into delivery (upload_id, key_id, first_at, last_at, times) select id, $key, received_at, received_at, 1 from upload;
  ${KEPT}
`

/** Fills the databases of a data folder, which must be empty or not there. `keyId`: who sent everything. */
export async function fillLarge(dataFolder: string, sizes: Sizes, keyId: string): Promise<void> {
  const now = Date.now()
  const dates = { today: dateOf(now), yesterday: dateOf(now - DAY_MS), longAgo: dateOf(now - 90 * DAY_MS) }
  const values = {
    ...sizes,
    ...keptSizesOf(sizes),
    ...dates,
    now,
    perStore: Math.ceil(sizes.runs / sizes.stores),
    key: keyId,
  }
  openCatalogue(join(dataFolder, 'catalogue.db'))[Symbol.dispose]()
  await openLedger(dataFolder)[Symbol.asyncDispose]()
  fill(join(dataFolder, 'catalogue.db'), CATALOGUE, values)
  fill(join(dataFolder, 'ledger.db'), LEDGER, values)
}

/** Runs each statement with the values that it names. */
function fill(path: string, script: string, values: Readonly<Record<string, string | number>>): void {
  fillInBulk(path, (database) => {
    for (const statement of script.split(';').filter((each) => each.trim() !== '')) {
      const named = [...new Set(statement.match(/\$\w+/g))].map((name) => [name, values[name.slice(1)]!])
      database.prepare(statement).run(Object.fromEntries(named))
    }
  })
}

function dateOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10)
}
