/** A scrape that comes late, between two others of its store, is counted for what it says. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { databasesOfFile } from './catalogues.ts'
import { show } from './shown.ts'

const price = (sku: string, price_current: number) => ({ sku, name: `Tea ${sku}`, price_current })

for (const { name, skip, open } of databasesOfFile())
  test(`${name}: of a scrape that comes late each row is new, changed or as it was on the scrape before it`, {
    skip,
  }, async () => {
    await using catalogue = await open()
    await show(catalogue, ['elmmart', 1], [price('a', 1), price('b', 1)])
    await show(catalogue, ['elmmart', 9], [price('a', 1), price('b', 3), price('c', 1)])
    const { result } = await show(catalogue, ['elmmart', 5], [price('a', 1), price('b', 2), price('c', 1)])
    const { rows, inserted, changed, unchanged } = result
    assert.deepEqual({ rows, inserted, changed, unchanged }, { rows: 3, inserted: 1, changed: 1, unchanged: 1 })
  })
