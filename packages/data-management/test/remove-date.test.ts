/** What is left of the runs of a store when a date is taken out, in both databases. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { openCatalogue } from '../catalogue/dialects/sqlite/catalogue.ts'
import { SqliteDatabase, type Value } from '../database/sqlite.ts'
import { databasesOfFile } from './catalogues.ts'
import { loadWhole } from './history-case.ts'
import type { HistoryFile } from './naive-rows.ts'

/** The scrape of a store with one article. */
function scrapeOf(scraped_date: string, price_current: number, { sku = '1', store_id = 'C1' } = {}): HistoryFile {
  const product = { sku, name: 'Milk', normalized_name_brand_size: `milk ${sku}`, price_current }
  const metadata = { company: 'corner', store_id, store_name: 'Corner', scraped_date }
  const bytes = Buffer.from(`${JSON.stringify({ product, metadata })}\n`)
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  return { bytes, sha256, receivedAt: Date.parse(scraped_date) }
}

const CASES = [
  {
    title: 'taking out the date between two equal ones joins their runs',
    prices: { '2024-02-01': 5, '2024-02-02': 6, '2024-02-05': 5 },
    taken: '2024-02-02',
    runs: ['2024-02-01 to null: 500'],
  },
  {
    title: 'taking out the latest scrape opens the run before it again',
    prices: { '2024-02-01': 5, '2024-02-02': 6 },
    taken: '2024-02-02',
    runs: ['2024-02-01 to null: 500'],
  },
  {
    title: 'taking out the first scrape lets what it began begin on the next date',
    prices: { '2024-02-01': 5, '2024-02-02': 5, '2024-02-05': 6 },
    taken: '2024-02-01',
    runs: ['2024-02-02 to 2024-02-02: 500', '2024-02-05 to null: 600'],
  },
  { title: 'taking out the only scrape leaves nothing', prices: { '2024-02-01': 5 }, taken: '2024-02-01', runs: [] },
]

for (const { name, skip, open } of databasesOfFile())
  for (const { title, prices, taken, runs } of CASES)
    test(`${name}: ${title}`, { skip }, async () => {
      await using catalogue = await open()
      const files = new Map(Object.entries(prices).map(([date, price]) => [date, scrapeOf(date, price)]))
      for (const file of files.values()) await loadWhole(catalogue, file)
      const gone = files.get(taken)!
      await catalogue.undo(gone.sha256, 'for a test', gone.receivedAt)
      const found = await catalogue.database.all<{ from_date: string; to_date: string | null; price_cents: number }>(
        'select from_date, to_date, price_cents from price_run order by from_date',
      )
      assert.deepEqual(
        found.map(({ from_date, to_date, price_cents }) => `${from_date} to ${to_date}: ${price_cents}`),
        runs,
      )
    })

test('a listing that only the scrape taken out had shown is not looked for in all stores of the company', async (t) => {
  using catalogue = openCatalogue(':memory:')
  const stores = Array.from({ length: 40 }, (_, number) => `C${number}`)
  for (const store_id of stores) await loadWhole(catalogue, scrapeOf('2024-02-01', 5, { store_id }))
  const own = scrapeOf('2024-02-02', 5, { sku: '2' })
  await loadWhole(catalogue, own)
  const asked: unknown[] = []
  const run = SqliteDatabase.prototype.run
  t.mock.method(SqliteDatabase.prototype, 'run', function (this: SqliteDatabase, text: string, ...values: Value[]) {
    if (text.startsWith('update lost')) asked.push(...JSON.parse(String(values[0])))
    return run.call(this, text, ...values)
  })
  await catalogue.undo(own.sha256, 'for a test', own.receivedAt)
  assert.equal(asked.length, 2)
  const { listings } = catalogue.database.get<{ listings: number }>('select count(*) as listings from listing')!
  assert.equal(listings, 1)
})
