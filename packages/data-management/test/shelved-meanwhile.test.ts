/** Listings that move, go or come back while changes of price are counted and put on shelves. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CHANGE_KINDS } from '../catalogue/model/changes.ts'
import { findChanges } from '../catalogue/queries/changes.ts'
import { countChanges } from '../catalogue/queries/count-changes.ts'
import type { Sql, Value } from '../database/sql.ts'
import { databasesOfFile } from './catalogues.ts'
import { faultOfCategoryChanges } from './derived.ts'
import { loadWhole } from './history-case.ts'
import type { HistoryFile } from './naive-rows.ts'
import { Chance } from './random.ts'
import { sha256Of } from './receiver.ts'
import { scrapeText } from './shop.ts'

const [ONE, NEXT] = ['2026-03-01', '2026-03-02']

/** A scrape of these articles, all of them in one category. */
function fileOf(date: string, category: string, skus: readonly number[]): HistoryFile {
  const articles = skus.map((sku) => ({ sku: `${sku}`, name: `Article ${sku}`, price: 1, path: [category] }))
  const bytes = Buffer.from(scrapeText('aldi/G1', date, articles))
  return { sha256: sha256Of(bytes), bytes, receivedAt: Date.parse(date) }
}

for (const { name, skip, open } of databasesOfFile())
  test(`${name}: a load marks the listings that move in the order in which a count does`, { skip }, async () => {
    await using catalogue = await open()
    const { database } = catalogue
    const skus = new Chance(5).shuffled([...Array(300).keys()])
    await loadWhole(catalogue, fileOf(ONE, 'Pantry', skus))
    await loadWhole(catalogue, fileOf(NEXT, 'Fridge', skus.toReversed()))
    const written = database.dialect === 'sqlite' ? 'listing_id' : 'ctid'
    const marked = await database.all<{ listing_id: number }>(
      `select listing_id from shelf_pending order by ${written}`,
    )
    const ids = marked.map(({ listing_id }) => listing_id)
    const inOrder = ids.toSorted((one, other) => one - other)
    assert.deepEqual(ids, inOrder)
    assert.equal(ids.length, skus.length)
  })

/** The database; `meanwhile` happens once, after what changed on a date has been read. */
function interrupted(database: Sql, meanwhile: () => Promise<unknown>): Sql {
  const { dialect } = database
  let happen: typeof meanwhile | undefined = meanwhile
  const all: Sql['all'] = async <T>(sql: string, ...values: Value[]) => {
    const found = await database.all<T>(sql, ...values)
    if (sql.startsWith('with given')) {
      const now = happen
      happen = undefined
      await now?.()
    }
    return found
  }
  const [run, each, get] = [database.run.bind(database), database.each.bind(database), database.get.bind(database)]
  return { dialect, run, each: each as Sql['each'], get: get as Sql['get'], all }
}

for (const { name, skip, open } of databasesOfFile())
  test(`${name}: a listing that goes while it is counted, and comes back, is found in its category`, {
    skip,
  }, async () => {
    await using catalogue = await open()
    const { database } = catalogue
    const second = fileOf(NEXT, 'Tea', [0, 1])
    await loadWhole(catalogue, fileOf(ONE, 'Tea', [0]))
    await loadWhole(catalogue, second)
    let wasUndone = false
    const undo = async () => {
      wasUndone = (await catalogue.undo(second.sha256, 'for a test', 0)) !== undefined
    }
    await countChanges(interrupted(database, undo))
    assert.equal(wasUndone, true)
    await loadWhole(catalogue, second)
    await countChanges(database)
    assert.equal(await faultOfCategoryChanges(database), undefined)
    const asked = { from: ONE, to: NEXT, kinds: CHANGE_KINDS, order: 'share' as const, after: undefined, limit: 9 }
    assert.equal((await findChanges(database, { ...asked, category: 'Tea' })).lines.length, 1)
  })
