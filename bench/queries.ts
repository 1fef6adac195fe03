/** How long the queries of the page take, over HTTP, one after the other. */
import { DatabaseSync } from 'node:sqlite'
import { setTimeout } from 'node:timers/promises'
import { quantile } from './compare.ts'
import { KEY } from './curl.ts'
import type { Receiver } from './stage.ts'

const ASKED = 200
const PAGE_ROWS = 100

type Sample = Readonly<{
  products: readonly number[]
  words: readonly string[]
  scrapes: readonly Readonly<{ store: string; date: string }>[]
}>

/** What the page asks for, and how one of many such requests looks. */
const ADDRESSES: Readonly<Record<string, (sample: Sample, index: number) => string>> = {
  overview: () => `/api/overview?since=${new Date().toISOString().slice(0, 10)}T00:00:00.000Z`,
  sources: () => `/api/sources?limit=${PAGE_ROWS}`,
  stores: () => '/api/stores?limit=500',
  search: ({ words }, index) => `/api/products?q=${words[index]!}&prices=true&limit=${PAGE_ROWS}`,
  changes: (_sample, index) => `/api/changes?limit=${PAGE_ROWS}&days=${index % 2 === 0 ? 1 : 30}`,
  product: ({ products }, index) => `/api/products/${products[index]!}`,
  prices: ({ products }, index) => `/api/products/${products[index]!}/prices?limit=20`,
  scrape: ({ scrapes }, index) => {
    const { store, date } = scrapes[index]!
    return `/api/scrapes?store=${encodeURIComponent(store)}&from=${date}&to=${date}`
  },
}

export const QUERIES = Object.keys(ADDRESSES)

/** The p99 of each query in milliseconds, over many products, words and scrapes of a catalogue. */
export async function timeQueries(receiver: Receiver, catalogue: string): Promise<number[]> {
  const sample = sampleOf(catalogue)
  const p99s: number[] = []
  for (const addressOf of Object.values(ADDRESSES)) {
    const times: number[] = []
    // The first few warm up.
    for (let index = -10; index < ASKED; index++) {
      const ms = await ask(receiver.url + addressOf(sample, Math.abs(index)))
      if (index >= 0) times.push(ms)
    }
    p99s.push(quantile(times, 0.99))
  }
  return p99s
}

async function ask(url: string): Promise<number> {
  const start = performance.now()
  for (;;) {
    const response = await fetch(url, { headers: { 'X-API-Key': KEY } })
    const text = await response.text()
    if (response.status === 200) return performance.now() - start
    if (response.status !== 429) throw new Error(`${url} was answered ${response.status}: ${text}`)
    // Of a machine that has too much to do: whoever asks waits as long, and that counts.
    await setTimeout(1000 * Number(response.headers.get('retry-after')))
  }
}

// Evenly spread. Of the words, every other is cut short, as people type them.
function sampleOf(path: string): Sample {
  using database = new DatabaseSync(path, { readOnly: true })
  const spread = <T>(sql: string) => {
    const all = database.prepare(sql).all() as T[]
    return Array.from({ length: ASKED }, (_, index) => all[Math.floor((index * all.length) / ASKED)]!)
  }
  const names = spread<{ name: string }>('select name from label order by id')
  return {
    products: spread<{ id: number }>('select id from listing where product_id = id order by id').map(({ id }) => id),
    words: names.map(({ name }, index) => {
      const words = name.split(' ')
      const word = words[index % words.length]!
      return encodeURIComponent(index % 2 === 0 ? word : word.slice(0, 3))
    }),
    scrapes: spread<{ store: string; date: string }>(`
      select company.code || '/' || store.code as store, date
      from scrape join store on store.id = store_id join company on company.id = company_id order by scrape.id
    `),
  }
}
