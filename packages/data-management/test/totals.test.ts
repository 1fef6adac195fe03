/** How much there is in the catalogue is counted once, and again when anybody has written. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from '../../../test/folders.ts'
import { openCatalogue } from '../catalogue/dialects/sqlite/catalogue.ts'
import { catalogueTotals } from '../catalogue/queries/activity.ts'
import { SqliteDatabase } from '../database/sqlite.ts'

const FILLING = `
  insert into listing (id, company_id, by_name, code, product_id) values (1, 1, 0, 'a', 1), (2, 1, 0, 'b', 2), (3, 1, 0, 'c', 1);
  insert into store (id, company_id, code, name) values (1, 1, 's', 'store');`

test('everything is counted again when somebody has written, and not while nobody has', async (t) => {
  await using at = await temporaryFolder()
  const path = join(at.path, 'catalogue.db')
  using catalogue = openCatalogue(path)
  catalogue.database.script("insert into company (id, code) values (1, 'shop')")
  using reader = SqliteDatabase.openReadOnly(path)
  const none = { companies: 1, stores: 0, listings: 0, scrapes: 0, products: 0 }
  assert.deepEqual(await catalogueTotals(reader), none)

  using transaction = catalogue.database.begin()
  catalogue.database.script(FILLING)
  assert.deepEqual([await catalogueTotals(reader), (await catalogueTotals(catalogue.database)).listings], [none, 3])
  transaction.commit()
  const all = { companies: 1, stores: 1, listings: 3, scrapes: 0, products: 2 }
  assert.deepEqual(await catalogueTotals(reader), all)

  const asked = t.mock.method(reader, 'get')
  assert.deepEqual(await catalogueTotals(reader), all)
  assert.ok(asked.mock.calls.every(({ arguments: [sql] }) => !String(sql).includes('listing')))
})
