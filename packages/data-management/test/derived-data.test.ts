/** Loaders of one PostgreSQL that bring derived data up to date at once, and beside loads, get in nobody's way. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { NO_POSTGRES, sharedPostgres } from '../../../test/postgres.ts'
import { openPostgresCatalogueDatabase, PostgresCatalogue } from '../catalogue/dialects/postgres/catalogue.ts'
import { transactionsOf } from '../catalogue/dialects/postgres/transactions.ts'
import { countChanges, hasUncountedChanges } from '../catalogue/queries/count-changes.ts'
import { shelveChanges } from '../catalogue/queries/shelve-changes.ts'
import type { PostgresDatabase } from '../database/postgres.ts'
import type { Value } from '../database/sql.ts'
import { renewAll } from '../update-db/derived-data.ts'
import { loadWhole } from './history-case.ts'
import type { HistoryFile } from './naive-rows.ts'
import { sha256Of } from './receiver.ts'
import { scrapeText } from './shop.ts'

const skip = NO_POSTGRES
const makeDatabase = sharedPostgres()
const { signal } = new AbortController()

function fileOf(date: string, price: number, skus: readonly number[] = [1, 2, 3]): HistoryFile {
  const articles = skus.map((sku) => ({ sku: `${sku}`, name: `Article ${sku}`, price, path: ['Tea'] }))
  const bytes = Buffer.from(scrapeText('aldi/G1', date, articles))
  return { sha256: sha256Of(bytes), bytes, receivedAt: Date.parse(date) + 10 * price }
}

/** A database whose first query for the transitions of a date is answered late: `meanwhile` happens before. */
function interrupted(database: PostgresDatabase, meanwhile: () => Promise<unknown>) {
  let happen: typeof meanwhile | undefined = meanwhile
  const all = async <T>(sql: string, ...values: Value[]) => {
    const found = await database.all<T>(sql, ...values)
    if (sql.startsWith('with given')) {
      const now = happen
      happen = undefined
      await now?.()
    }
    return found
  }
  const [run, each, get] = [database.run.bind(database), database.each.bind(database), database.get.bind(database)]
  return { dialect: database.dialect, run, each, get, all, tryWithLock: database.tryWithLock.bind(database) } as const
}

test('two loaders that count changes at once leave what one would have counted last', { skip }, async () => {
  await using made = await makeDatabase()
  await using database = await openPostgresCatalogueDatabase(made.address)
  await using other = await openPostgresCatalogueDatabase(made.address)
  const catalogue = new PostgresCatalogue(database, transactionsOf(database), async () => {})
  await loadWhole(catalogue, fileOf('2026-03-01', 1))
  await loadWhole(catalogue, fileOf('2026-03-02', 2))
  let second: Promise<void> | undefined
  const meanwhile = async () => {
    await loadWhole(catalogue, fileOf('2026-03-02', 3))
    second = renewAll(other, signal)
    await Promise.race([second, sleep(500)])
  }
  await renewAll(interrupted(database, meanwhile), signal)
  await second
  assert.ok(second !== undefined && !(await hasUncountedChanges(database)))
  const kept = () => database.all('select * from price_change order by date, kind, listing_id')
  const found = await kept()
  await database.run('insert into change_pending select company_id, store.id, ?, 1 from store', '2026-03-01')
  await countChanges(database)
  assert.deepEqual(found, await kept())
  assert.ok(found.length > 0)
})

test('a load that marks listings while their marks are removed waits, and neither of them fails', {
  skip,
}, async () => {
  await using made = await makeDatabase()
  await using database = await openPostgresCatalogueDatabase(made.address)
  const mark =
    'insert into shelf_pending values (?, 1) on conflict (listing_id) do update set marks = shelf_pending.marks + 1'
  // In the table they lie the other way round.
  for (const id of [2, 1]) await database.run(mark, id)
  await using load = await database.begin()
  await load.transaction.run(mark, 1)
  const shelving = shelveChanges(database)
  const waits = 'select 1 as one from pg_locks where not granted'
  while ((await database.get(waits)) === undefined) await sleep(10)
  await load.transaction.run(mark, 2)
  await load.commit()
  await shelving
  assert.deepEqual(await database.all('select * from shelf_pending order by listing_id'), [
    { listing_id: 1, marks: 2 },
    { listing_id: 2, marks: 2 },
  ])
})

// One of the two holds first what the undo deletes last.
for (const order of ['asc', 'desc'])
  test(`an undo that deadlocks with who holds lines ${order} is made again`, { skip }, async () => {
    await using made = await makeDatabase()
    await using database = await openPostgresCatalogueDatabase(made.address)
    const catalogue = new PostgresCatalogue(database, transactionsOf(database), async () => {})
    const file = fileOf('2026-03-02', 1, [1, 2, 3, 4])
    await loadWhole(catalogue, fileOf('2026-03-01', 1, [1]))
    await loadWhole(catalogue, file)
    await countChanges(database)
    const lines = await database.all<{ listing_id: number }>(
      `select listing_id from price_change order by listing_id ${order}`,
    )
    await using other = await database.begin()
    const hold = ({ listing_id }: { listing_id: number }) =>
      other.transaction.run('update price_change set stores = stores where listing_id = ?', listing_id)
    await hold(lines[0]!)
    const undone = catalogue.undo(file.sha256, 'for a test', 0)
    while ((await database.get('select 1 as one from pg_locks where not granted')) === undefined) await sleep(10)
    await hold(lines.at(-1)!)
    await other.commit()
    assert.equal((await undone)?.state, 'held')
    assert.deepEqual(await database.all('select 1 from price_change'), [])
  })
