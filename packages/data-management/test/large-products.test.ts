/** Of a product of many listings no more are read than a page shows. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findProductsByIds } from '../catalogue/queries/products.ts'
import { lowestUnitPrices } from '../catalogue/queries/unit-prices.ts'
import type { Sql, Value } from '../database/sql.ts'
import { loadFile } from '../update-db/load-file.ts'
import { databasesOfFile } from './catalogues.ts'
import { sha256Of } from './receiver.ts'
import { scrapeText } from './shop.ts'

const LISTINGS = 300
const LISTINGS_SHOWN = 200
const LISTINGS_MEASURED = 50
const DAY = '2026-05-01'
const NOW = Date.parse(DAY)

const TEAS = Array.from({ length: LISTINGS }, (_, at) => ({
  sku: `${at}`,
  name: 'Tea 500g',
  key: `tea ${at}`,
  price: 2,
}))

for (const { name, skip, open } of databasesOfFile())
  test(`${name}: of a product of many listings only those are read that count`, { skip }, async () => {
    await using catalogue = await open()
    const bytes = Buffer.from(scrapeText('northmart/S1', DAY, TEAS))
    const file = { sha256: sha256Of(bytes), filename: 'scrape.jsonl', receivedAt: NOW }
    const read = async function* () {
      yield bytes
    }
    await loadFile(catalogue, { file, bytes: read, lineBytesMax: 10_000, hold: undefined, now: () => NOW })
    const first = (await catalogue.database.get<{ id: number }>('select min(id) as id from listing'))!.id
    await catalogue.database.run('update listing set product_id = ?', first)
    const { database, records } = counting(catalogue.database)

    const products = await findProductsByIds(database, [first])
    assert.deepEqual([products.size, products.get(first)!.listings.length], [1, LISTINGS_SHOWN])
    assert.equal(Math.max(...records), LISTINGS_SHOWN)

    records.length = 0
    const lowestOf = new Map([
      [first + LISTINGS_MEASURED - 1, 500],
      [first + LISTINGS_MEASURED, 100],
    ])
    const prices = await lowestUnitPrices(database, new Map([[first, { lowestOf }]]))
    assert.deepEqual([...prices], [[first, { unit: 'g', amount: 100, cents: 100 }]])
    assert.equal(Math.max(...records), LISTINGS_MEASURED)
  })

/** The database, and how many records each of its answers has. */
function counting(database: Sql): Readonly<{ database: Sql; records: number[] }> {
  const records: number[] = []
  const all = async <Record>(sql: string, ...values: Value[]): Promise<Record[]> => {
    const found = await database.all<Record>(sql, ...values)
    records.push(found.length)
    return found
  }
  const [run, get, each] = [database.run.bind(database), database.get.bind(database), database.each.bind(database)]
  return { database: { dialect: database.dialect, run, get, each, all }, records }
}
