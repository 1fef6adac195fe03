/** A search looks up what belongs to the listings that it finds, and reads no large table from end to end. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Sql, Value } from '../database/sql.ts'
import { type ProductsParameters, productPage } from '../http/routes/products.ts'
import { loadFile } from '../update-db/load-file.ts'
import { databasesOfFile } from './catalogues.ts'
import { sha256Of } from './receiver.ts'
import { type Article, scrapeText } from './shop.ts'

const LARGE = [
  'listing',
  'label',
  'brand',
  'price_run',
  'price_count',
  'price_change',
  'label_use',
  'spelling',
  'listing_key',
]
const DAYS = ['2026-05-01', '2026-05-02']
const NOW = Date.parse('2026-05-02')
const ARTICLES = 3_000

/** Half of them are tea, half coffee; of each hundred both companies sell one. */
function articles(company: string, day: number): Article[] {
  return Array.from({ length: ARTICLES }, (_, at) => ({
    sku: `${company}${at}`,
    name: `${at % 2 === 0 ? 'Teabags' : 'Coffee'} w${String.fromCharCode(97 + (at % 26))}${at} 500g`,
    key: `k${at % 100 === 1 ? at : `${company}${at}`} article`,
    brand: `Brand ${at % 50}`,
    price: 1 + (at % 7) - day / 2,
    special: at % 10 === 0,
    path: ['Drinks', at % 3 === 0 ? 'Hot' : 'Cold'],
  }))
}

const QUERIES: readonly Partial<ProductsParameters>[] = [
  { q: 'teabags' },
  { q: 'teab' },
  { q: 'teabags 500g', company: 'oakmart' },
  { q: 'w', category: 'Hot', special: true },
  { category: 'Hot', sort: 'price' },
  { q: 'coffee', sort: 'unit_price' },
  { q: 'coffee', sort: 'drop' },
]

/** The database, with all that it is asked noted. */
function askedOf(database: Sql, asked: Map<string, Value[]>): Sql {
  const noted =
    <Answer>(answer: (sql: string, ...values: Value[]) => Answer) =>
    (sql: string, ...values: Value[]) => {
      asked.set(sql, values)
      return answer(sql, ...values)
    }
  const { dialect } = database
  const [get, all] = [noted(database.get.bind(database)), noted(database.all.bind(database))]
  const [run, each] = [database.run.bind(database), database.each.bind(database)]
  return { dialect, run, each, get: get as Sql['get'], all: all as Sql['all'] }
}

type Node = Readonly<{
  'Node Type': string
  'Relation Name'?: string
  'Index Cond'?: string
  'Recheck Cond'?: string
  Plans?: Node[]
}>

/** Where a statement reads all of a large table, or all runs of a store. */
async function faultsOf(database: Sql, sql: string, values: readonly Value[]): Promise<string[]> {
  if (database.dialect === 'sqlite') {
    const steps = await database.all<{ detail: string }>(`explain query plan ${sql}`, ...values)
    return steps
      .map(({ detail }) => detail)
      .filter(
        (detail) =>
          LARGE.includes(/^SCAN (\w+)/.exec(detail)?.[1] ?? '') ||
          /^SEARCH (?:run|price_run) .*\(store_id=\?\)$/.test(detail),
      )
  }
  const [plan] = await database.all<{ 'QUERY PLAN': { Plan: Node }[] }>(`explain (format json) ${sql}`, ...values)
  return [...nodesOf(plan!['QUERY PLAN'][0]!.Plan)]
    .filter((node) => LARGE.includes((node['Relation Name'] ?? '').replace(/_\d+$/, '')))
    .filter((node) => /Scan$/.test(node['Node Type']) && node['Node Type'] !== 'Bitmap Index Scan')
    .filter((node) => node['Index Cond'] === undefined && node['Recheck Cond'] === undefined)
    .map((node) => `${node['Node Type']} ${node['Relation Name']}`)
}

function* nodesOf(node: Node): Generator<Node> {
  yield node
  for (const each of node.Plans ?? []) yield* nodesOf(each)
}

for (const { name, skip, open } of databasesOfFile())
  test(`${name}: what a search tells of what it finds is looked up`, { skip }, async () => {
    await using catalogue = await open()
    const { database } = catalogue
    for (const [day, date] of DAYS.entries())
      for (const company of ['northmart', 'oakmart']) {
        const bytes = Buffer.from(scrapeText(`${company}/S1`, date, articles(company, day)))
        const file = { sha256: sha256Of(bytes), filename: 'scrape.jsonl', receivedAt: Date.parse(date) }
        const read = async function* () {
          yield bytes
        }
        await loadFile(catalogue, { file, bytes: read, lineBytesMax: 10_000, hold: undefined, now: () => NOW })
      }
    await database.run('analyze')
    const asked = new Map<string, Value[]>()
    const inbox = { now: () => NOW, ledger: { storeSettings: { list: async () => [] } } }
    const catalogued = { catalogue: { database: askedOf(database, asked) }, inbox }
    const reading = catalogued as unknown as Parameters<typeof productPage>[0]
    for (const parameters of QUERIES) {
      const query = { prices: true, limit: 100, ...parameters }
      const { products, total } = await productPage(reading, query)
      assert.ok(products.length >= 30, `${JSON.stringify(parameters)}: ${products.length}`)
      assert.ok(total.count >= 30)
    }
    const { total } = await productPage(reading, { q: 'coffee', prices: false, limit: 1 })
    // A product of two listings counts once.
    assert.deepEqual(total, { count: (ARTICLES * 2) / 2 - ARTICLES / 100, exact: true })
    assert.ok(asked.size > 15)
    const faults: string[] = []
    for (const [sql, values] of asked)
      for (const fault of await faultsOf(database, sql, values)) faults.push(`${fault}: ${sql}`)
    assert.deepEqual(faults, [])
  })
