/** What is asked about one product looks up what belongs to it, and never all that a store has shown. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openCatalogue } from '../catalogue/dialects/sqlite/catalogue.ts'
import type { Sql, Value } from '../database/sql.ts'
import { readPrices, readProductAnswer } from '../http/routes/products.ts'
import { loadFile } from '../update-db/load-file.ts'
import { sha256Of } from './receiver.ts'
import { scrapeText } from './shop.ts'

const DAY = '2026-05-01'
const NOW = Date.parse(DAY)

// One product of two listings of a company: its stores are counted, each once.
const TEA = [
  { sku: '1', name: 'Tea', key: 'tea', price: 2 },
  { sku: '2', name: 'Tea', key: 'tea', price: 3 },
]

test('a product and its prices are looked up by what belongs to the product', async () => {
  const catalogue = openCatalogue(':memory:')
  for (const store of ['northmart/S1', 'northmart/S2', 'oakmart/S1']) {
    const bytes = Buffer.from(scrapeText(store, DAY, TEA))
    const file = { sha256: sha256Of(bytes), filename: 'scrape.jsonl', receivedAt: NOW }
    const read = async function* () {
      yield bytes
    }
    await loadFile(catalogue, { file, bytes: read, lineBytesMax: 10_000, hold: undefined, now: () => NOW })
  }
  const asked = new Set<string>()
  const database = { ...askedOf(catalogue.database, asked) }
  const [verdicts, storeSettings] = [{ findFor: async () => [] }, { list: async () => [] }]
  const inbox = { now: () => NOW, ledger: { verdicts, storeSettings } }
  const reading = { catalogue: { database }, inbox } as unknown as Parameters<typeof readProductAnswer>[0]
  const product = await readProductAnswer(reading, { id: '1' })
  assert.deepEqual([product.listings.length, product.now.stores], [4, 3])
  assert.equal((await readPrices(reading, { id: '1', limit: 50 })).stores.length, 3)
  const steps = [...asked].flatMap((sql) =>
    catalogue.database.connection
      .prepare(`explain query plan ${sql}`)
      .all()
      .map(({ detail }) => `${detail}\n  in ${sql}`),
  )
  assert.ok(asked.size > 8)
  // Runs lie store by store, and a store has thousands.
  assert.deepEqual(
    steps.filter((step) =>
      /^(?:SCAN (?:run|price_run|listing|label)\b|SEARCH (?:run|price_run) .*\(store_id=\?\)$)/m.test(step),
    ),
    [],
  )
})

/** The database, with each text that it is asked noted. */
function askedOf(database: Sql, asked: Set<string>): Sql {
  const noted =
    <Answer>(answer: (sql: string, ...values: Value[]) => Answer) =>
    (sql: string, ...values: Value[]) => {
      asked.add(sql)
      return answer(sql, ...values)
    }
  return {
    dialect: 'sqlite',
    run: database.run.bind(database),
    get: noted(database.get.bind(database)) as Sql['get'],
    all: noted(database.all.bind(database)) as Sql['all'],
    each: database.each.bind(database),
  }
}
