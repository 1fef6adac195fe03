/** The catalogue of some real scrapes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { IS_LONG } from '../../../test/effort.ts'
import { openCatalogue } from '../catalogue/dialects/sqlite/catalogue.ts'
import { databasesOfFile } from './catalogues.ts'
import { faultOf, loadWhole } from './history-case.ts'
import { Chance } from './random.ts'
import { digestOf, REAL_FILES_MISSING, realFiles } from './real-files.ts'

const ORDERS = 2
const LONG = { timeout: 600_000 }

test('the real files give one catalogue in any order', { ...LONG, skip: REAL_FILES_MISSING }, async () => {
  const files = realFiles()
  const chance = new Chance(1)
  const digests = new Set([await digestOf(files)])
  for (let order = 1; order < ORDERS; order++) digests.add(await digestOf(chance.shuffled(files)))
  assert.equal(digests.size, 1)
})

// The model takes longer than the loads: a few files are enough for it, and `npm run test:long` loads all of them.
for (const { name, skip, open } of IS_LONG ? [] : databasesOfFile())
  test(`${name}: the real files give what a model computes from all of them at once, also with one undone`, {
    ...LONG,
    skip: REAL_FILES_MISSING || skip,
  }, async () => {
    const chance = new Chance(2)
    const files = chance.shuffled(realFiles())
    await using catalogue = await open()
    for (const file of files) await loadWhole(catalogue, file)
    assert.equal(await faultOf(catalogue, files), undefined)
    const [undone, ...others] = chance.shuffled(files)
    await catalogue.undo(undone!.sha256, 'for a test', 0)
    assert.equal(await faultOf(catalogue, others), undefined, undone!.name)
  })

test('three days later 104 price runs are opened and 108 closed, and nothing else is written', {
  skip: REAL_FILES_MISSING,
}, async () => {
  const [the9th, the12th] = realFiles().filter(({ name }) => /g147-2025-09-(09|12)/.test(name))
  using catalogue = openCatalogue(':memory:')
  await loadWhole(catalogue, the9th!)
  const runs = () => catalogue.database.all('select * from price_run').map((run) => JSON.stringify(run))
  const before = new Set(runs())
  const { runsOpened, runsClosed, result } = await loadWhole(catalogue, the12th!)
  assert.deepEqual({ runsOpened, runsClosed, rows: result.rows }, { runsOpened: 104, runsClosed: 108, rows: 2601 })
  const { inserted, changed, unchanged, duplicate, rejected } = result
  assert.equal(inserted + changed + unchanged + duplicate + rejected, result.rows)
  const written = runs().filter((run) => !before.has(run))
  assert.equal(written.length, 104 + 108)
})
