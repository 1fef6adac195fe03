/**
 * Drift: how scrapes differ between stores and over time. `Drift` switches each kind; all derive from seed, store, day.
 *
 * Measured on 47 real scrapes of 27 stores, of 120,241 rows (in brackets what `MEASURED_DRIFT` gives):
 *
 *   prices that differ from one scrape of a store to the next     0.2 to 3.8 rows in 100   [3]
 *   the same scraper, some days later: names, keys                0.08 in 100              [0]
 *   another version of the scraper: keys 40 in 100, brands 7.5 to 10, addresses 0.6        [40, 9, 0.6]
 *   two stores of one day: keys 0 to 1.7 in 100, brands 0 to 0.6, prices 0 to 0.06         [1.7, 0.6]
 *   scrapes that broke off: 2 of 47, after 6 and 10 rows in 100                            [4 in 100]
 *   scrapes without one of 17 categories: 10 of 47                                         [20 in 100]
 *   the newest format, without store_id: 1 of 47                                           [2 in 100]
 *   stores that are there from the first date: 10 of 27, from the second 2, from the third 15
 *   barcodes of the chain that has them: 17 in 100 none, 2.1 restricted, 0.2 with a wrong check digit
 *
 * None of these files has a row without a price or a barcode that several listings share; others have, so that some rows here do, too.
 */
import { barcodeOf } from './articles.ts'
import type { Chain, Store } from './chains.ts'
import type { Fields, Listing } from './listings.ts'
import type { Drift, Plan } from './plan.ts'
import { chance, hash, PURPOSE, pick } from './random.ts'

/** The version of a store's scraper: `major` changes many listings, `variant` a few. */
export type ScraperVersion = Readonly<{ major: number; variant: 0 | 1 }>

const LATE_DAYS_MAX = 20
const LAG_DAYS_MAX = 4
const TRUNCATED_ROWS_SHARE = 0.1
const CHANGED_SHARES = { keys: 0.4, brands: 0.09, addresses: 0.006, keysOfVariant: 0.017, brandsOfVariant: 0.006 }
const DRIFT_KEYS = {
  half: 1,
  category: 2,
  late: 3,
  joining: 4,
  format: 5,
  price: 6,
  barcode: 7,
  version: 8,
  order: 9,
}

/** The version of a store's scraper on a day. */
export function versionOf({ drift, seed }: Plan, { chain, index }: Store, day: number): ScraperVersion {
  if (drift.versionDays === 0) return { major: 0, variant: 0 }
  const key = driftKey(seed, chain, index, 'version')
  const lag = hash(key, chain.index) % LAG_DAYS_MAX
  return { major: Math.max(0, Math.floor((day - lag) / drift.versionDays)), variant: key % 2 === 0 ? 0 : 1 }
}

/** Whether a store is scraped on a day: each joins in the first half of the plan and stays, the first of a chain from the beginning. */
export function isScraped({ drift, seed, days }: Plan, { chain, index }: Store, day: number): boolean {
  const joiningDays = Math.min(drift.joiningDays, Math.ceil(days / 2))
  if (joiningDays === 0 || index === 0) return true
  return day >= hash(driftKey(seed, chain, index, 'joining'), 0) % joiningDays
}

/** The chain as the store's scraper writes it: some are of the newest version, which knows no store_id. */
export function chainAsWritten({ drift, seed }: Plan, { chain, index }: Store): Chain {
  const isNewest = chance(driftKey(seed, chain, index, 'format'), 0) < drift.newestFormatShare
  return isNewest ? { ...chain, format: 'lean' } : chain
}

/** The place of the range at which a scrape breaks off. */
export function placesScraped({ drift, seed }: Plan, { chain, index }: Store, day: number, places: number): number {
  const key = driftKey(seed, chain, index, 'half')
  return chance(key, day) < drift.truncatedShare ? Math.ceil(places * TRUNCATED_ROWS_SHARE) : places
}

/** A test for the rows that a scrape lacks: those of one category, as if the scraper had skipped it. */
export function missingRowsTest(
  { drift, seed }: Plan,
  { chain, index }: Store,
  day: number,
): (path: readonly string[]) => boolean {
  const key = driftKey(seed, chain, index, 'category')
  if (chance(key, day) >= drift.lostCategoryShare) return () => false
  const missing = hash(hash(key, day), index) % CATEGORIES.length
  return (path) => path.includes(CATEGORIES[missing]!)
}

// Only small categories: a scrape that lacks a large one would be held.
const CATEGORIES = ['Bakery', 'Drinks', 'Pets', 'Baby', 'Freezer', 'Fruit & Vegetables']

/** Days from a scrape to its arrival. */
export function arrivalDelayDays({ drift, seed }: Plan, { chain, index }: Store, day: number): number {
  const key = hash(driftKey(seed, chain, index, 'late'), day)
  return chance(key, 0) < drift.lateShare ? 1 + (hash(key, 1) % LATE_DAYS_MAX) : 0
}

/** The sort key for the order in which the scrapes of a day arrive. */
export function arrivalSortKey({ seed }: Plan, { chain, index }: Store, day: number): number {
  return hash(driftKey(seed, chain, index, 'order'), day)
}

/** The maximum delay of a scrape, in days. */
export function arrivalDelayDaysMax({ lateShare }: Drift): number {
  return lateShare > 0 ? LATE_DAYS_MAX : 0
}

/** Whether an unavailable article has no price either. */
export function lacksPrice({ drift, seed }: Plan, place: number): boolean {
  return chance(hash(seed, DRIFT_KEYS.price), place) < drift.pricelessShare
}

/** A listing as a version of the scraper writes it: the same goods under other keys, brands and addresses. */
export function asVersionWrites(plan: Plan, listing: Listing, version: ScraperVersion): Listing {
  const { seed } = listing.article
  const { major, variant } = version
  let { head, tail } = listing
  for (let each = 1; each <= major; each++) {
    const draw = hash(hash(seed, PURPOSE.version), each)
    if (chance(draw, 0) < CHANGED_SHARES.keys) tail = { ...tail, ...otherKey(tail, draw) }
    if (chance(draw, 1) < CHANGED_SHARES.brands) head = { ...head, brand: otherBrand(head, draw) }
    if (chance(draw, 2) < CHANGED_SHARES.addresses && head.url) head = { ...head, url: `${head.url}-${each}` }
  }
  const draw = hash(hash(seed, PURPOSE.version), -1)
  if (variant === 1 && chance(draw, 0) < CHANGED_SHARES.keysOfVariant) tail = { ...tail, ...otherKey(tail, draw) }
  if (variant === 1 && chance(draw, 1) < CHANGED_SHARES.brandsOfVariant)
    head = { ...head, brand: otherBrand(head, draw) }
  return { ...listing, head: withDamagedBarcode(plan, head, seed), tail }
}

/** Another normalization of the key: its text, rotated. Distinct articles keep distinct keys. */
function otherKey(tail: Fields, draw: number): Fields {
  const key = String(tail.normalized_name_brand_size)
  const at = 1 + (draw % Math.max(1, key.length - 1))
  return { normalized_name_brand_size: `${key.slice(at)}${key.slice(0, at)}`.trim() }
}

function otherBrand({ brand }: Fields, draw: number): string {
  const text = String(brand)
  const [first = text] = text.split(' ')
  const others = [text.toUpperCase(), text.toLowerCase(), `${text}.`, first, `${text} Foods`]
  return pick(others, draw)
}

/** Damages some barcodes: wrong check digit, restricted number, placeholder, text, cut off, or shared by many. */
function withDamagedBarcode({ drift, seed }: Plan, head: Fields, article: number): Fields {
  const { barcode } = head
  const key = hash(hash(seed, DRIFT_KEYS.barcode), article)
  if (typeof barcode !== 'string' || chance(key, 0) >= drift.badBarcodeShare) return head
  const wrongDigit = `${barcode.slice(0, -1)}${(Number(barcode.at(-1)) + 1) % 10}`
  const ofTheShop = `02${barcode.slice(2)}`
  const ofMany = barcodeOf(hash(key, 1) % 50)
  return {
    ...head,
    barcode: pick([wrongDigit, ofTheShop, '0000000000000', 'N/A', barcode.slice(-5), ofMany], hash(key, 2)),
  }
}

function driftKey(seed: number, chain: Chain, store: number, kind: keyof typeof DRIFT_KEYS): number {
  return hash(hash(hash(hash(seed, PURPOSE.drift), DRIFT_KEYS[kind]), chain.index), store)
}
