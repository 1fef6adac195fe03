/**
 * Realistic scrapes of invented shops, for the demo, tests and measurements.
 *
 *   plan ──▶ scrapes, by date ──▶ rows or lines of one store on one day
 *
 * Any store and day can be made by itself, in memory that does not grow with the plan.
 */
import type { Article } from './articles.ts'
import { type Chain, type Store, storesOf } from './chains.ts'
import {
  arrivalDelayDays,
  arrivalDelayDaysMax,
  arrivalSortKey,
  asVersionWrites,
  chainAsWritten,
  isScraped,
  lacksPrice,
  missingRowsTest,
  placesScraped,
  type ScraperVersion,
  versionOf,
} from './drift.ts'
import { fieldsText } from './json-text.ts'
import { type Fields, type Listing, listingsOf, priceHash, termsFields, type WrittenTerms } from './listings.ts'
import { dateOf, type Plan } from './plan.ts'
import { isShelved, type Shelf, shelfOf, termsOf } from './shelf.ts'

/** The scrape of one store on one day, and its file name. */
export type GeneratedScrape = Readonly<{ company: string; store: Store; day: number; date: string; fileName: string }>

/** One line of a file. */
export type GeneratedRow = Readonly<{ product: Fields; metadata: Fields }>

/** Generates the lines of scrapes of one plan, in chunks; caches listings between calls. */
export type LineWriter = (store: Store, day: number) => Generator<Buffer>

const CHUNK_BYTES = 64 * 1024
const ROW_BYTES_MAX = 16 * 1024
// About 20 MB of text. A chain with a longer range is worked out anew for every scrape.
const LISTINGS_REMEMBERED = 15_000

/** The scrapes of a plan, day by day. */
export function* scrapesOf(plan: Plan): Generator<GeneratedScrape> {
  for (let day = 0; day < plan.days; day++)
    for (const store of storesOf(plan)) if (isScraped(plan, store, day)) yield scrapeOf(plan, store, day)
}

/** The same scrapes in the order in which they arrive: those of a day in any order, and some days late. */
export function* scrapesByArrival(plan: Plan): Generator<GeneratedScrape> {
  const late = arrivalDelayDaysMax(plan.drift)
  for (let today = 0; today < plan.days + late; today++) {
    const arrived: GeneratedScrape[] = []
    for (let day = Math.max(0, today - late); day <= Math.min(today, plan.days - 1); day++)
      for (const store of storesOf(plan))
        if (isScraped(plan, store, day) && day + arrivalDelayDays(plan, store, day) === today)
          arrived.push(scrapeOf(plan, store, day))
    yield* arrived.toSorted(
      (one, other) => arrivalSortKey(plan, one.store, one.day) - arrivalSortKey(plan, other.store, other.day),
    )
  }
}

/** The scrape of a store on a day of the plan; the first is day 0. */
export function scrapeOf(plan: Plan, store: Store, day: number): GeneratedScrape {
  const date = dateOf(plan, day)
  const words = store.id === null ? store.name : `${store.name} ${store.id}`
  const stem = words.toLowerCase().replaceAll(' ', '-')
  return { company: store.chain.company, store, day, date, fileName: `${stem}-${date}.jsonl` }
}

/** The rows of a store on a day. */
export function* rowsOf(plan: Plan, store: Store, day: number): Generator<GeneratedRow> {
  const chain = chainAsWritten(plan, store)
  const shelf = shelfOf(plan, store)
  const version = versionOf(plan, store, day)
  const listingAt = listingsOf(plan.seed, chain, shelf.places)
  const date = dateOf(plan, day)
  for (const { listing, terms } of rowsOnShelf({ plan, store, day, shelf }, (place) =>
    asVersionWrites(plan, listingAt(place), version),
  )) {
    const { article, head, tail } = listing
    const product = { ...head, ...termsFields(chain, article, terms), ...tail, ...lastFields(chain, terms, date) }
    yield { product, metadata: metadataOf(chain, store, date) }
  }
}

/** The same rows as JSON Lines, in chunks of whole lines of about 64 KiB. */
export function linesOf(plan: Plan, store: Store, day: number): Generator<Buffer> {
  return cachedLineWriter(plan, 0)(store, day)
}

/** Like `linesOf`, for many scrapes of one plan: three times as fast, because it remembers the listings it has written. */
export function cachedLineWriter(plan: Plan, listingsRemembered: number = LISTINGS_REMEMBERED): LineWriter {
  const written = writtenListings(plan, listingsRemembered)
  return function* (store, day) {
    const chain = chainAsWritten(plan, store)
    const shelf = shelfOf(plan, store)
    const listingAt = written(chain, shelf.places, versionOf(plan, store, day))
    const date = dateOf(plan, day)
    const metadata = `"metadata": {${fieldsText(metadataOf(chain, store, date), chain.escapes)}}}\n`
    let chunk = Buffer.allocUnsafe(CHUNK_BYTES + ROW_BYTES_MAX)
    let end = 0
    for (const { listing, terms } of rowsOnShelf({ plan, store, day, shelf }, listingAt)) {
      const termsText = fieldsText(termsFields(chain, listing.article, terms), chain.escapes)
      const last = fieldsText(lastFields(chain, terms, date), chain.escapes)
      end += listing.head.copy(chunk, end)
      end += chunk.write(termsText, end, 'latin1')
      end += listing.tail.copy(chunk, end)
      end += chunk.write(`${last}}, ${metadata}`, end)
      if (end < CHUNK_BYTES) continue
      yield chunk.subarray(0, end)
      chunk = Buffer.allocUnsafe(CHUNK_BYTES + ROW_BYTES_MAX)
      end = 0
    }
    if (end > 0) yield chunk.subarray(0, end)
  }
}

// JSON bytes with the surrounding brackets and commas, to be copied unchanged: most of the speed comes from this.
type WrittenListing = Readonly<{ article: Article; head: Buffer; tail: Buffer }>

function writtenListings(plan: Plan, remembered: number) {
  const known = new Map<string, WrittenListing[]>()
  let room = remembered
  return (chain: Chain, places: number, version: ScraperVersion): ((place: number) => WrittenListing) => {
    const listingAt = listingsOf(plan.seed, chain, places)
    const name = `${chain.index} ${chain.format} ${version.major} ${version.variant}`
    const listings = known.get(name) ?? []
    known.set(name, listings)
    return (place) => {
      const listing = listings[place] ?? serialized(asVersionWrites(plan, listingAt(place), version), chain)
      if (listings[place] === undefined && room-- > 0) listings[place] = listing
      return listing
    }
  }
}

function serialized({ article, head, tail }: Listing, { escapes }: Chain): WrittenListing {
  return {
    article,
    head: Buffer.from(`{"product": {${fieldsText(head, escapes)}, `),
    tail: Buffer.from(`, ${fieldsText(tail, escapes)}, `),
  }
}

type StoreDay = Readonly<{ plan: Plan; store: Store; day: number; shelf: Shelf }>

function* rowsOnShelf<T extends Pick<Listing, 'article'>>(
  { plan, store, day, shelf }: StoreDay,
  listingAt: (place: number) => T,
) {
  const end = placesScraped(plan, store, day, shelf.places)
  const isLost = missingRowsTest(plan, store, day)
  for (let place = 0; place < end; place++) {
    if (!isShelved(shelf, place, day)) continue
    const listing = listingAt(place)
    if (isLost(listing.article.path)) continue
    const terms = termsOf(shelf, place, listing.article.cents, day)
    yield { listing, terms: { ...terms, lacksPrice: !terms.isAvailable && lacksPrice(plan, place) } }
  }
}

function lastFields({ format }: Chain, terms: WrittenTerms, date: string): Fields {
  return format === 'lean' ? { price_hash: priceHash(terms) } : { scraped_date: date }
}

function metadataOf(chain: Chain, { id, name, state }: Store, date: string): Fields {
  const { company, name: company_name } = chain
  if (chain.format === 'lean') return { company, company_name, store_name: name, state: '', scraped_date: date }
  return { company, store_name: name, store_id: id, state, scraped_date: date }
}
