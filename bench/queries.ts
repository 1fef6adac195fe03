/** How long the queries of the page take, over HTTP, one after the other. */
import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout } from 'node:timers/promises'
import { CHANGE_KINDS } from '@splitcart/data-management/catalogue/model/changes.ts'
import { wordsIn } from '@splitcart/data-management/catalogue/model/words.ts'
import { hash } from '@splitcart/generator/random.ts'
import { median, quantile } from './compare.ts'
import { cpuSecondsOfServer } from './process-figures.ts'
import type { Receiver, Stage } from './stage.ts'

const ASKED = 200
const WARMING = 10
const PAGE_ROWS = 100
const SPAN_DAYS = 30
const KEYS = 3

/** What may be asked about; of each so many as requests, evenly spread. */
type Sample = Readonly<{
  products: readonly number[]
  names: readonly (readonly string[])[]
  /** All words, the most frequent first. */
  words: readonly string[]
  companies: readonly string[]
  stores: readonly string[]
  categories: readonly string[]
  /** On which anything changed, the latest first. */
  dates: readonly string[]
  scrapes: readonly Readonly<{ store: string; date: string }>[]
}>

type Asked = (sample: Sample, index: number) => string

/** What the page asks for, and how one of many such requests looks. */
const ADDRESSES: Readonly<Record<string, Asked>> = {
  overview: () => `/api/overview?since=${new Date().toISOString().slice(0, 10)}T00:00:00.000Z`,
  sources: () => `/api/sources?limit=${PAGE_ROWS}`,
  stores: () => '/api/stores?limit=500',
  search: searching(({ names }, index) => (index % 2 === 0 ? wordOf(names, index) : wordOf(names, index).slice(0, 3))),
  changes: (_sample, index) => `/api/changes?limit=${PAGE_ROWS}&days=${index % 2 === 0 ? 1 : SPAN_DAYS}`,
  product: ({ products }, index) => `/api/products/${products[index]!}`,
  prices: ({ products }, index) => `/api/products/${products[index]!}/prices?limit=20`,
  scrape: ({ scrapes }, index) => {
    const { store, date } = scrapes[index]!
    return `/api/scrapes?store=${encodeURIComponent(store)}&from=${date}&to=${date}`
  },
}

const FREQUENT = 100
const LETTERS = [...'abcdefghijklmnopqrstuvwxyz']

const frequent: Asked = ({ words }, index) => words[index % FREQUENT]!
const company: Asked = ({ companies }, index) => `&company=${companies[index % companies.length]!}`
const category: Asked = ({ categories }, index) => `&category=${encodeURIComponent(of(categories, index))}`
const ordered = (sort: string) =>
  searching(frequent, (_, index) => `&sort=${sort}${index < FREQUENT ? '' : '&special=true'}`)
const together =
  (...each: Asked[]): Asked =>
  (sample, index) =>
    each.map((one) => one(sample, index)).join('')

/** The same, and what else may be asked: everything that a page can be made to wait for. */
export const ALL: Readonly<Record<string, Asked>> = {
  'search: one word': searching(({ names }, index) => wordOf(names, index)),
  'search: two words': searching(({ names }, index) => of(names, index).slice(0, 2).join(' ')),
  'search: a whole name': searching(({ names }, index) => of(names, index).join(' ')),
  'search: a frequent word': searching(frequent),
  'search: two frequent words': searching(
    ({ words }, index) => `${words[index % 20]!} ${words[20 + (hash(1, index) % 80)]!}`,
  ),
  'search: a rare word': searching(({ words }, index) => words[words.length - 1 - index * 50]!),
  'search: a letter or two': searching(
    (_, index) => LETTERS[index] ?? LETTERS[index % 26]! + LETTERS[(index * 7) % 25]!,
  ),
  'search: begun': searching(({ names }, index) => begun(names, index)),
  'search: a word and one begun': searching(
    ({ names, words }, index) => `${words[index % 50]!} ${begun(names, index)}`,
  ),
  'search: an error of typing': searching(({ names }, index) => mistyped(wordOf(names, index), index)),
  'search: joined words': searching(({ names }, index) => of(names, index).slice(0, 2).join('')),
  'search: an amount': searching(
    ({ words }, index) => `${words[index % FREQUENT]!} ${['500 g', '1 l', '2L', '250ml'][index % 4]!}`,
  ),
  'search: nothing, page by page': (_sample, index) => `/api/products?prices=true&limit=${PAGE_ROWS - (index % 50)}`,
  'search: of a company': searching(frequent, company),
  'search: in a category': searching(frequent, category),
  'search: a category alone': together(
    searching(() => ''),
    category,
  ),
  'search: a company alone': together(
    searching(() => ''),
    company,
  ),
  'search: on special': searching(frequent, () => '&special=true'),
  'search: on special, a rare word': searching(
    ({ names }, index) => of(names, index).at(-1)!,
    () => '&special=true',
  ),
  'search: all that is on special': together(
    searching(() => ''),
    () => '&special=true',
    company,
  ),
  'search: by price': ordered('price'),
  'search: by unit price': ordered('unit_price'),
  'search: by drop': ordered('drop'),
  'search: a category by price': together(
    searching(() => ''),
    category,
    () => '&sort=price',
  ),
  'changes: a day': changing(day),
  'changes: a day by cents': changing(day, () => '&sort=cents'),
  'changes: a day of a company': changing(day, company),
  'changes: a day in a category': changing(day, category),
  'changes: 30 days': changing(span),
  'changes: 30 days by cents': changing(span, () => '&sort=cents'),
  'changes: 30 days of a kind': changing(span, (_, index) => `&kind=${CHANGE_KINDS[index % CHANGE_KINDS.length]!}`),
  'changes: 30 days of a company': changing(span, company),
  'changes: 30 days of a company by cents': changing(span, company, () => '&sort=cents'),
  'changes: 30 days in a category': changing(span, category),
  'changes: a day of a store': changing(day, store),
  'changes: 30 days of a store': changing(span, store),
  overview: ADDRESSES.overview!,
  product: ADDRESSES.product!,
  prices: ADDRESSES.prices!,
  chains: ({ products }, index) => `/api/products/${products[index]!}/chains`,
  scrape: ADDRESSES.scrape!,
  sources: (_, index) => `/api/sources?limit=${PAGE_ROWS + (index % PAGE_ROWS)}`,
  stores: (_, index) => `/api/stores?limit=${500 - index}`,
}

/** Of these the second page is asked for, too. */
const PAGED = [
  'search: a frequent word',
  'search: a category alone',
  'search: by price',
  'changes: 30 days',
  'changes: 30 days in a category',
]

export const QUERIES = Object.keys(ADDRESSES)

function searching(q: Asked, ...more: Asked[]): Asked {
  return (sample, index) =>
    `/api/products?q=${encodeURIComponent(q(sample, index))}${together(...more)(sample, index)}&prices=true&limit=${PAGE_ROWS}`
}

function changing(dates: Asked, ...more: Asked[]): Asked {
  return (sample, index) =>
    `/api/changes?limit=${PAGE_ROWS - Math.floor(index / 42)}${together(dates, ...more)(sample, index)}`
}

function day({ dates }: Sample, index: number): string {
  return `&from=${of(dates, index)}&to=${of(dates, index)}`
}

function span({ dates }: Sample, index: number): string {
  const to = index % Math.max(1, dates.length - SPAN_DAYS)
  return `&from=${dates[to + SPAN_DAYS - 1] ?? dates.at(-1)!}&to=${dates[to]!}`
}

function store({ stores }: Sample, index: number): string {
  return `&store=${encodeURIComponent(of(stores, index * 13))}`
}

function of<T>(all: readonly T[], index: number): T {
  return all[index % all.length]!
}

function wordOf(names: Sample['names'], index: number): string {
  const words = of(names, index)
  return words[index % words.length]!
}

/** As people type: the first letters of a word. */
function begun(names: Sample['names'], index: number): string {
  return wordOf(names, index).slice(0, 2 + (index % 3))
}

/** A letter too few, too many, or another one. */
function mistyped(word: string, index: number): string {
  const at = 1 + (index % Math.max(1, word.length - 1))
  const [before, behind] = [word.slice(0, at), word.slice(at)]
  return [before + behind.slice(1), before + word[at - 1]! + behind, `${before}q${behind.slice(1)}`][index % 3]!
}

/** What a query took: the median and the p99 in milliseconds, and what the server computed for one. */
export type Taken = Readonly<{ name: string; medianMs: number; p99Ms: number; cpuMs: number }>

/** Who is asked, and with which keys in turn: a key may use a thread for half of the time. */
export type Asking = Readonly<{ receiver: Receiver; keys: readonly string[] }>

/** Has a copy of a catalogue served, to so many keys that none of them has to wait. */
export async function serveTo(stage: Stage, catalogue: string): Promise<Asking> {
  const { machines } = stage
  const keys: string[] = []
  await stage.anew({
    fill: async () => {
      await machines.makeServerData()
      await copyFile(catalogue, join(machines.dataManagement, 'catalogue.db'))
      while (keys.length < KEYS) keys.push(await machines.key('read'))
    },
    environment: { REQUESTS_PER_MINUTE_MAX: '1000000' },
  })
  return { receiver: stage.receiver(), keys }
}

/** The p99 of each query in milliseconds, over many products, words and scrapes of a catalogue. */
export async function timeQueries(asking: Asking, catalogue: string): Promise<number[]> {
  const sample = sampleOf(catalogue)
  const p99s: number[] = []
  for (const [name, address] of Object.entries(ADDRESSES))
    p99s.push((await taken(asking, name, (index) => address(sample, index))).p99Ms)
  return p99s
}

/** Everything that can be asked, and some second pages. */
export async function timeAll(asking: Asking, catalogue: string, told: (taken: Taken) => void): Promise<Taken[]> {
  const sample = sampleOf(catalogue)
  const all: Taken[] = []
  const time = async (name: string, address: (index: number) => string) => {
    all.push(await taken(asking, name, address))
    told(all.at(-1)!)
  }
  for (const [name, address] of Object.entries(ALL)) {
    await time(name, (index) => address(sample, index))
    if (!PAGED.includes(name)) continue
    const second: string[] = []
    for (let index = 0; index < ASKED; index++) {
      const { next } = JSON.parse(await ask(asking, address(sample, index), index)) as { next: string | null }
      if (next !== null) second.push(`${address(sample, index)}&after=${encodeURIComponent(next)}`)
    }
    if (second.length > 0) await time(`${name}, page 2`, (index) => of(second, index))
  }
  return all
}

async function taken(asking: Asking, name: string, addressOf: (index: number) => string): Promise<Taken> {
  // The first few warm up.
  for (let index = 0; index < WARMING; index++) await ask(asking, addressOf(index), index)
  const times: number[] = []
  const cpu = cpuSecondsOfServer(asking.receiver.pid)
  for (let index = 0; index < ASKED; index++) {
    const start = performance.now()
    await ask(asking, addressOf(index), index)
    times.push(performance.now() - start)
  }
  const cpuMs = (1000 * (cpuSecondsOfServer(asking.receiver.pid) - cpu)) / ASKED
  return { name, medianMs: median(times), p99Ms: quantile(times, 0.99), cpuMs }
}

async function ask({ receiver, keys }: Asking, address: string, index: number): Promise<string> {
  const url = receiver.url + address
  for (;;) {
    const response = await fetch(url, { headers: { 'X-API-Key': of(keys, index) } })
    const text = await response.text()
    if (response.status === 200) return text
    if (response.status !== 429) throw new Error(`${url} was answered ${response.status}: ${text}`)
    // Of a machine that has too much to do: whoever asks waits as long, and that counts.
    await setTimeout(1000 * Number(response.headers.get('retry-after')))
  }
}

function sampleOf(path: string): Sample {
  using database = new DatabaseSync(path, { readOnly: true })
  const every = <T>(sql: string) => database.prepare(sql).all() as T[]
  const spread = <T>(all: readonly T[]) =>
    Array.from({ length: ASKED }, (_, index) => all[Math.floor((index * all.length) / ASKED)]!)
  const counts = new Map<string, number>()
  const names = every<{ name: string }>('select name from label order by id').map(({ name }) => name)
  for (const name of names)
    for (const word of wordsIn(name)) if (!/\d/.test(word)) counts.set(word, (counts.get(word) ?? 0) + 1)
  const codes = "company.code || '/' || store.code"
  const stores = `select ${codes} as store from store join company on company.id = company_id order by store.id`
  return {
    products: spread(every<{ id: number }>('select id from listing where product_id = id order by id')).map(
      ({ id }) => id,
    ),
    names: spread(names).map(wordsIn),
    words: [...counts].sort(([, one], [, other]) => other - one).map(([word]) => word),
    companies: every<{ code: string }>('select code from company order by id').map(({ code }) => code),
    stores: spread(every<{ store: string }>(stores)).map((each) => each.store),
    categories: every<{ name: string }>('select distinct name from category order by id').map(({ name }) => name),
    dates: every<{ date: string }>('select distinct date from price_change_day order by date desc').map(
      ({ date }) => date,
    ),
    scrapes: spread(
      every<{ store: string; date: string }>(`
        select ${codes} as store, date
        from scrape join store on store.id = store_id join company on company.id = company_id order by scrape.id
      `),
    ),
  }
}
