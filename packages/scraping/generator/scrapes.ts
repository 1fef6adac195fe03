/**
 * Realistic scrapes of invented shops, for the demo, tests and measurements.
 *
 *   plan ──▶ scrapes, by date ──▶ rows or lines of one store on one day
 *
 * Any store and day can be made by itself, in memory that does not grow with the plan.
 */
import type { Article } from './articles.ts'
import { type Chain, type Store, storesOf } from './chains.ts'
import { textOf } from './json-text.ts'
import { type Fields, fieldsOf, type Listing, listingsOf, priceHash } from './listings.ts'
import { dateOf, type Plan } from './plan.ts'
import { isShelved, type Shelf, shelfOf, type Terms, termsOf } from './shelf.ts'

/** One store on one day, and what a scraper would call its file. */
export type Scrape = Readonly<{ company: string; store: Store; day: number; date: string; fileName: string }>

/** One line of a file. */
export type GeneratedRow = Readonly<{ product: Fields; metadata: Fields }>

/** Writes the lines of scrapes of one plan, remembering the listings of the chains it has met. */
export type Scribe = (store: Store, day: number) => Generator<Buffer>

const CHUNK_BYTES = 64 * 1024
const ROW_BYTES_MAX = 16 * 1024
// About 20 MB of text. A chain with a longer range is worked out anew for every scrape.
const LISTINGS_REMEMBERED = 15_000

/** The scrapes of a plan, day by day. */
export function* scrapesOf(plan: Plan): Generator<Scrape> {
  for (let day = 0; day < plan.days; day++) for (const store of storesOf(plan)) yield scrapeOf(plan, store, day)
}

/** The scrape of a store on a day of the plan; the first is day 0. */
export function scrapeOf(plan: Plan, store: Store, day: number): Scrape {
  const date = dateOf(plan, day)
  const words = store.id === null ? store.name : `${store.name} ${store.id}`
  const stem = words.toLowerCase().replaceAll(' ', '-')
  return { company: store.chain.company, store, day, date, fileName: `${stem}-${date}.jsonl` }
}

/** The rows of a store on a day. */
export function* rowsOf(plan: Plan, store: Store, day: number): Generator<GeneratedRow> {
  const { chain } = store
  const shelf = shelfOf(plan, store)
  const listingAt = listingsOf(plan.seed, chain, shelf.places)
  const date = dateOf(plan, day)
  for (const { listing, terms } of shown(shelf, listingAt, day)) {
    const { article, head, tail } = listing
    const product = { ...head, ...fieldsOf(chain, article, terms), ...tail, ...lastFields(chain, terms, date) }
    yield { product, metadata: metadataOf(store, date) }
  }
}

/** The same rows as JSON Lines, in chunks of whole lines of about 64 KiB. */
export function linesOf(plan: Plan, store: Store, day: number): Generator<Buffer> {
  return scribe(plan, 0)(store, day)
}

/** Like `linesOf`, for many scrapes of one plan: three times as fast, because it remembers the listings it has written. */
export function scribe(plan: Plan, listingsRemembered: number = LISTINGS_REMEMBERED): Scribe {
  const written = writtenListings(plan, listingsRemembered)
  return function* (store, day) {
    const { chain } = store
    const shelf = shelfOf(plan, store)
    const date = dateOf(plan, day)
    const metadata = `"metadata": {${textOf(metadataOf(store, date), chain.escapes)}}}\n`
    let chunk = Buffer.allocUnsafe(CHUNK_BYTES + ROW_BYTES_MAX)
    let end = 0
    for (const { listing, terms } of shown(shelf, written(chain, shelf.places), day)) {
      const moving = textOf(fieldsOf(chain, listing.article, terms), chain.escapes)
      const last = textOf(lastFields(chain, terms, date), chain.escapes)
      end += listing.head.copy(chunk, end)
      end += chunk.write(moving, end, 'latin1')
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

// Bytes, with the brackets and commas around them: copied as they are, which is most of the speed.
type WrittenListing = Readonly<{ article: Article; head: Buffer; tail: Buffer }>

function writtenListings(plan: Plan, remembered: number) {
  const chains: WrittenListing[][] = []
  let room = remembered
  return (chain: Chain, places: number): ((place: number) => WrittenListing) => {
    const listingAt = listingsOf(plan.seed, chain, places)
    const known = chains[chain.index] ?? []
    chains[chain.index] = known
    return (place) => {
      const listing = known[place] ?? writtenOut(listingAt(place), chain)
      if (known[place] === undefined && room-- > 0) known[place] = listing
      return listing
    }
  }
}

function writtenOut({ article, head, tail }: Listing, { escapes }: Chain): WrittenListing {
  return {
    article,
    head: Buffer.from(`{"product": {${textOf(head, escapes)}, `),
    tail: Buffer.from(`, ${textOf(tail, escapes)}, `),
  }
}

function* shown<T extends Pick<Listing, 'article'>>(shelf: Shelf, listingAt: (place: number) => T, day: number) {
  for (let place = 0; place < shelf.places; place++) {
    if (!isShelved(shelf, place, day)) continue
    const listing = listingAt(place)
    yield { listing, terms: termsOf(shelf, place, listing.article.cents, day) }
  }
}

function lastFields({ format }: Chain, terms: Terms, date: string): Fields {
  return format === 'lean' ? { price_hash: priceHash(terms) } : { scraped_date: date }
}

function metadataOf({ chain, id, name, state }: Store, date: string): Fields {
  const { company, name: company_name } = chain
  if (chain.format === 'lean') return { company, company_name, store_name: name, state: '', scraped_date: date }
  return { company, store_name: name, store_id: id, state, scraped_date: date }
}
