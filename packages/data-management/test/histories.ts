/**
 * Small random histories of files, full of what makes a catalogue go wrong: repeated values and gaps, listings that come, go, change
 * their names and share barcodes, several stores and dates in a file, scrapes past midnight, second files for a date, broken lines.
 */
import { createHash } from 'node:crypto'
import { DAY_MS, HOUR_MS } from '@splitcart/shared/time.ts'
import { type HistoryFile, LINE_BYTES_MAX } from './naive-rows.ts'
import { Chance } from './random.ts'

/** What a shop sells, as one scrape of it would say. */
type Article = {
  sku: string | number | null
  key: string
  barcode: string | null
  brand: string | null
  path: string[]
}
type Terms = { price: number | string | null; was: number | null; special: boolean | null; available: boolean | null }
type Shown = Readonly<{ article: Article; terms: Terms }>
type Shop = { spellings: boolean; company: string; store: string; hasId: boolean; articles: Article[] }
type Line = Readonly<{ product: Record<string, unknown>; metadata: Record<string, unknown> }>
/** The lines of one shop on one day. */
type ShopScrape = Readonly<{ shop: Shop; day: number; lines: readonly Line[] }>

// Few of each, so that they meet. The last two codes sort one way as UTF-16 and the other way as UTF-8.
const COMPANIES = ['aldi', 'iga']
const STORES = ['g1', 'g10', 'G2', '\uff21', '\u{1d400}']
const SKUS = ['1', '2', '3', 4, '007', 'a 1', 'N/A', 0, '\uff21', '\u{1d400}']
const KEYS = ['milk', 'bread', 'ham', 'eggs', 'tea', '1', 'müsli', '牛乳']
// Two GTINs, one of them spelled in two ways; one of restricted circulation; a wrong check digit; what is no GTIN.
const BARCODES = ['9300000000002', '9300000000019', '09300000000019', '2000000000008', '9300000000001', '930004']
const BRANDS = ['Farmdale', 'Bakers', 'farmdale']
// Two of the brands sell by the same size.
const SIZES: Readonly<Record<string, string>> = { Farmdale: '500 g', Bakers: '0.5 kg', farmdale: '1 kg' }
const PATHS = [[], [], ['Food'], ['Food', 'Dairy'], ['Dairy'], ['Food', 'Food'], ['Food', 'Dairy', 'Milk']]
const PRICES = [1, 1.5, '2.00', 2, 0]
const DAYS = 8
// The end of February of a leap year is among the days.
const FIRST_DAY = Date.UTC(2024, 1, 24)

/** The files of a history, in the order in which their scrapes were made. The same seed gives the same bytes. `spellings`: codes are written in several ways. */
export function historyOf(seed: number, spellings = true): HistoryFile[] {
  const chance = new Chance(seed)
  const days = chance.shuffled([...Array(DAYS + 4).keys()]).slice(0, chance.between(1, DAYS))
  const scrapes = shopsOf(chance, spellings).flatMap((shop) =>
    scrapesOf(
      chance,
      shop,
      days.toSorted((one, other) => one - other),
    ),
  )
  const files = inFiles(chance, scrapes).map((group) => fileOf(chance, group))
  const distinct = new Map(files.map((file) => [file.sha256, file]))
  return [...distinct.values()]
}

function shopsOf(chance: Chance, spellings: boolean): Shop[] {
  const codes = chance.shuffled(STORES)
  const companies = chance.is(0.5) ? COMPANIES : [chance.of(COMPANIES)]
  const articles = new Map(companies.map((company) => [company, articlesOf(chance)]))
  return codes.slice(0, chance.between(1, 4)).map((store) => {
    const company = chance.of(companies)
    return { spellings, company, store, hasId: chance.is(0.8), articles: articles.get(company)! }
  })
}

function articlesOf(chance: Chance): Article[] {
  const skus = chance.shuffled(SKUS)
  return skus.slice(0, chance.between(1, 8)).map((sku) => ({
    sku: chance.is(0.7) ? sku : null,
    key: chance.of(KEYS),
    barcode: chance.is(0.3) ? chance.of(BARCODES) : null,
    brand: chance.is(0.7) ? chance.of(BRANDS) : null,
    path: chance.of(PATHS),
  }))
}

/** What a shop showed on each day it was scraped: mostly what it showed the day before. */
function scrapesOf(chance: Chance, shop: Shop, days: readonly number[]): ShopScrape[] {
  let shelf = shop.articles.map((article) => ({ article, terms: termsOf(chance), isThere: chance.is(0.8) }))
  const scrapes: ShopScrape[] = []
  for (const day of days) {
    shelf = shelf.map(({ article, terms, isThere }) => ({
      article: chance.is(0.1) ? changed(chance, article) : article,
      terms: chance.is(0.3) ? termsOf(chance) : terms,
      isThere: chance.is(0.2) ? !isThere : isThere,
    }))
    const there = shelf.filter(({ isThere }) => isThere)
    const times = chance.of([0, 1, 1, 1, 1, 2, 3])
    for (let time = 0; time < times; time++) {
      const lines = (time === 0 ? there : seenAgain(chance, there)).map(({ article, terms }) => ({
        product: productOf(chance, article, terms),
        metadata: metadataOf(chance, shop, day),
      }))
      scrapes.push({ shop, day, lines: withDuplicates(chance, lines) })
    }
  }
  return scrapes.map((scrape) => (chance.is(0.15) ? pastMidnight(chance, scrape) : scrape))
}

/** What a second scrape of the same day says: not all of it, and some of it otherwise. */
function seenAgain(chance: Chance, shelf: readonly Shown[]): Shown[] {
  return shelf
    .filter(() => chance.is(0.7))
    .map(({ article, terms }) => ({
      article: chance.is(0.25) ? changed(chance, article) : article,
      terms: chance.is(0.4) ? termsOf(chance) : terms,
    }))
}

function termsOf(chance: Chance): Terms {
  const flag = () => chance.of([null, null, true, false])
  // What is sold out may have no price; what does not say so, and has none, is no row.
  if (chance.is(0.1)) return { price: null, was: null, special: flag(), available: chance.of([false, false, null]) }
  return { price: chance.of(PRICES), was: chance.of([null, null, 3]), special: flag(), available: flag() }
}

/** An article that is renamed, or gets or loses its barcode, its brand, its category or its SKU. */
function changed(chance: Chance, article: Article): Article {
  const changes: Partial<Article>[] = [
    { key: chance.of(KEYS) },
    { barcode: chance.of([null, ...BARCODES]) },
    { brand: chance.of([null, ...BRANDS]) },
    { path: chance.of(PATHS) },
    { sku: chance.of([null, ...SKUS]) },
  ]
  return { ...article, ...chance.of(changes) }
}

function productOf(chance: Chance, { sku, key, barcode, brand, path }: Article, terms: Terms): Record<string, unknown> {
  return {
    ...(sku === null && chance.is(0.5) ? {} : { sku }),
    name: sku === '007' ? `${key} light` : key.toUpperCase(),
    normalized_name_brand_size: key,
    barcode,
    brand,
    size: brand === null ? null : SIZES[brand],
    category_path: path,
    price_current: terms.price,
    price_was: terms.was,
    is_on_special: terms.special,
    is_available: terms.available,
    // Kept as it is sent; the second goes with the price.
    ...(chance.is(0.3) ? { description: chance.of(['Fresh', 'New!', '']) } : {}),
    ...(chance.is(0.3) ? { unit_price: terms.price } : {}),
    // Dropped with a warning.
    ...(chance.is(0.05) ? { size: 5 } : {}),
    ...(chance.is(0.05) ? { size: chance.of(['1 l', '2 l']) } : {}),
    // Not known, and counted.
    ...(chance.is(0.2) ? { price_hash: chance.of(['a', 1, null]) } : {}),
  }
}

function metadataOf(chance: Chance, { spellings, company, store, hasId }: Shop, day: number): Record<string, unknown> {
  const written =
    spellings && chance.is(0.1) ? chance.of([store.toLowerCase(), store.toUpperCase(), `${store} `]) : store
  const name = hasId
    ? { store_id: written, store_name: chance.of([`${company} ${store}`, store]) }
    : { store_name: store }
  return {
    company: spellings && chance.is(0.2) ? chance.of([company.toUpperCase(), ` ${company} `]) : company,
    ...(chance.is(0.2) ? { company_name: chance.of(['Aldi', 'IGA', 'Iga']) } : {}),
    ...name,
    state: chance.of(['qld', 'qld', 'nsw', null]),
    scraped_date: dateOf(day),
  }
}

function dateOf(day: number): string {
  return new Date(FIRST_DAY + day * DAY_MS).toISOString().slice(0, 10)
}

/** Some lines once more: as they were but for what a scraper derives, or with another price too. */
function withDuplicates(chance: Chance, lines: readonly Line[]): Line[] {
  const again = lines.filter(() => chance.is(0.05))
  const others = again.map(({ product, metadata }) => ({
    product: { ...product, ...(chance.is(0.5) ? derived(chance) : priced(chance)) },
    metadata,
  }))
  return chance.is(0.5) ? [...lines, ...others] : chance.shuffled([...lines, ...others])
}

function derived(chance: Chance): Record<string, unknown> {
  return { brand: chance.of(['Only in a duplicate', null]), url: chance.of(['https://shop.example/again', null]) }
}

function priced(chance: Chance): Record<string, unknown> {
  return { price_current: chance.of(PRICES), brand: chance.of(['Only in a duplicate', null]) }
}

/** Some lines dated a day later, now and then with a line of both days, or of a third. */
function pastMidnight(chance: Chance, { shop, day, lines }: ShopScrape): ShopScrape {
  const moved = lines.map((line) => (chance.is(0.5) ? dated(line, day + 1) : line))
  if (lines.length > 0 && chance.is(0.3)) moved.push(dated(chance.of(lines), chance.of([day, day + 1])))
  if (lines.length > 0 && chance.is(0.2)) moved.push(dated(chance.of(lines), day + 2))
  return { shop, day, lines: chance.is(0.5) ? moved : chance.shuffled(moved) }
}

function dated({ product, metadata }: Line, day: number): Line {
  return { product, metadata: { ...metadata, scraped_date: dateOf(day) } }
}

/** Mostly one scrape a file; some files hold several, of any shops and days. */
function inFiles(chance: Chance, scrapes: readonly ShopScrape[]): ShopScrape[][] {
  const files: ShopScrape[][] = []
  for (const scrape of chance.shuffled(scrapes))
    if (files.length > 0 && chance.is(0.2)) files.at(-1)?.push(scrape)
    else files.push([scrape])
  return files
}

function fileOf(chance: Chance, scrapes: readonly ShopScrape[]): HistoryFile {
  const lines = scrapes.flatMap(({ lines, day }) => stamped(chance, lines, day))
  const written = (chance.is(0.2) ? chance.shuffled(lines) : lines).map((line) => JSON.stringify(withDate(line)))
  const broken = chance.is(0.15) ? withBrokenLines(chance, written) : written
  const end = chance.is(0.1) ? '\r\n' : '\n'
  const bytes = Buffer.from(broken.join(end) + (chance.is(0.8) ? end : ''))
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  return { bytes, sha256, receivedAt: timeOn(chance, scrapes[0]!.day) }
}

/** With the time of scraping on all lines, some of them, or none. */
function stamped(chance: Chance, lines: readonly Line[], day: number): Line[] {
  const share = chance.of([0, 0, 0.5, 1, 1])
  const time = timeOn(chance, day)
  return lines.map((line, index) => {
    if (!chance.is(share)) return line
    const scraped_at = new Date(time + (index % 2) * 1000).toISOString()
    return { product: line.product, metadata: { ...line.metadata, scraped_at } }
  })
}

/** Some companies say the date with the product, too. */
function withDate({ product, metadata }: Line): Line {
  if (metadata.company !== 'aldi') return { product, metadata }
  return { product: { ...product, scraped_date: metadata.scraped_date }, metadata }
}

// Few times, so that some are equal and the bytes have to decide.
function timeOn(chance: Chance, day: number): number {
  return FIRST_DAY + day * DAY_MS + chance.between(8, 10) * HOUR_MS
}

function withBrokenLines(chance: Chance, lines: readonly string[]): string[] {
  const broken = [
    '{"product":',
    'null',
    '[]',
    '{}',
    '',
    '  \t',
    '{"product":{"name":"no price"},"metadata":{"company":"aldi"}}',
    `"${'x'.repeat(LINE_BYTES_MAX)}"`,
    lines[0]?.replace(/"price_current":[^,]+/, '"price_current":-1') ?? '{}',
    lines[0]?.replace(/"scraped_date":"[^"]+"/, '"scraped_date":"2024-02-30"') ?? '{}',
  ]
  const bad = Array.from({ length: chance.between(1, 4) }, () => chance.of(broken))
  return chance.is(0.2) ? bad : chance.shuffled([...lines, ...bad])
}
