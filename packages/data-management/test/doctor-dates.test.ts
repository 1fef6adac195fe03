/** Doctor names scrapes of dates that have not come yet. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from '../../../test/folders.ts'
import { NO_POSTGRES, sharedPostgres } from '../../../test/postgres.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import { openPostgresCatalogue } from '../catalogue/dialects/postgres/catalogue.ts'
import { openCatalogue } from '../catalogue/dialects/sqlite/catalogue.ts'
import { checkDates } from '../doctor/dates.ts'
import { loadWhole } from './history-case.ts'
import { sha256Of } from './receiver.ts'
import { named, scrapeText } from './shop.ts'

// As older versions did: nothing held them.
async function load(catalogue: Catalogue, ...dates: string[]): Promise<void> {
  for (const date of dates) {
    const text = scrapeText('northmart/S1', date, named('Milk', 'Bread'))
    const file = { name: `${date}.jsonl`, bytes: Buffer.from(text), sha256: sha256Of(text), receivedAt: 0 }
    await loadWhole(catalogue, file)
  }
}

async function examined(catalogue: Catalogue, ...where: Parameters<typeof checkDates>): Promise<void> {
  await load(catalogue, '2025-09-12')
  assert.equal((await checkDates(...where))?.state, 'ok')
  await load(catalogue, '2062-05-02')
  const found = await checkDates(...where)
  assert.equal(found?.state, 'warn')
  assert.match(found.detail, /dated after today: .*\(2062-05-02\)$/)
  assert.match(found.todo ?? '', /splitcart loads undo/)
}

test('in SQLite; of a catalogue that cannot be asked it says nothing', async () => {
  await using at = await temporaryFolder()
  const path = join(at.path, 'catalogue.db')
  assert.equal(await checkDates(path, undefined), undefined)
  await using catalogue = openCatalogue(path)
  await examined(catalogue, path, undefined)
})

const makeDatabase = sharedPostgres()

test('in PostgreSQL', { skip: NO_POSTGRES }, async () => {
  const { address } = await makeDatabase()
  await using catalogue = await openPostgresCatalogue(address)
  await examined(catalogue, '', address)
})
