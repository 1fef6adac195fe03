/** A catalogue that an older program has made is brought up to date in place: loads go on, and it is what a new one would be. */
import assert from 'node:assert/strict'
import { copyFile, mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from '../../../test/folders.ts'
import { NO_POSTGRES, sharedPostgres } from '../../../test/postgres.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import { openPostgresCatalogue, openPostgresCatalogueDatabase } from '../catalogue/dialects/postgres/catalogue.ts'
import { PostgresStatements } from '../catalogue/dialects/postgres/statements.ts'
import { openCatalogue, type SqliteCatalogue } from '../catalogue/dialects/sqlite/catalogue.ts'
import { indexUnworded } from '../catalogue/load/listing-words.ts'
import { countOlderLoads, olderLoads } from '../catalogue/older-loads.ts'
import { PostgresDatabase } from '../database/postgres.ts'
import { SqliteDatabase } from '../database/sqlite.ts'
import { moveTables } from '../migrate/move-tables.ts'
import { historyOf } from './histories.ts'
import { faultOf, loadWhole } from './history-case.ts'
import type { HistoryFile } from './naive-rows.ts'

const DIALECTS = join(import.meta.dirname, '../catalogue/dialects')
// Histories in whose first half every row has a price, for an older catalogue holds no other, and some have details.
const SEEDS = [2, 4]
// The schema of the first program that stood on servers.
const LAST = { sqlite: '006-price-now.sql', postgres: '001-catalogue.sql' }
// In the order in which they refer to each other; `price_now` follows from the runs.
const TABLES = ['company', 'store', 'brand', 'category', 'listing', 'label', 'listing_category']
const HISTORIES = ['load', 'scrape', 'source', 'price_run', 'label_run', 'contested', 'reject', 'reject_group']

const makeDatabase = sharedPostgres()

/** Files as an older program kept what they say: without the details. Their names are those of the whole bytes. */
function withoutDetails(files: readonly HistoryFile[]): HistoryFile[] {
  return files.map((file) => {
    const text = file.bytes.toString().replaceAll(/,"(?:description|unit_price)":(?:"[^"]*"|[^,}"]+)/g, '')
    return { ...file, bytes: Buffer.from(text) }
  })
}

function halvesOf(seed: number): [HistoryFile[], HistoryFile[]] {
  const files = historyOf(seed, false)
  return [files.slice(0, files.length >> 1), files.slice(files.length >> 1)]
}

/** The migrations that an older program had. */
async function olderMigrations(folder: string, dialect: 'sqlite' | 'postgres'): Promise<string> {
  const older = join(folder, dialect)
  await mkdir(older)
  const from = join(DIALECTS, dialect, 'migrations')
  for (const name of await readdir(from)) if (name <= LAST[dialect]) await copyFile(join(from, name), join(older, name))
  return older
}

/** The same catalogue as the older program would have it. */
function writeOlder(catalogue: SqliteCatalogue, older: SqliteDatabase): void {
  // What one wrong barcode once made of everything.
  older.run('insert into product (id) values (1)')
  for (const table of [...TABLES, ...HISTORIES]) {
    const known = older.all<{ name: string }>(`select name from pragma_table_info('${table}')`)
    const there = new Set(Object.keys(catalogue.database.get(`select * from ${table}`) ?? {}))
    const columns = known.map(({ name }) => name).filter((name) => there.has(name))
    if (columns.length === 0) continue
    const insert = older.statement(`insert into ${table} (${columns}) values (${columns.map(() => '?')})`)
    for (const record of catalogue.database.each<Record<string, string | number>>(`select * from ${table}`))
      insert.run(...columns.map((column) => (column === 'product_id' ? 1 : written(record, column))))
  }
}

/** A code as it came: an older program kept it so. */
function written(record: Record<string, string | number>, column: string): string | number {
  return (column === 'code' ? record.shown : undefined) ?? record[column]!
}

/** `halves`: the files of which an older program has loaded what it knew, and the others. */
async function goOn(catalogue: Catalogue, [before, after]: readonly [HistoryFile[], HistoryFile[]]): Promise<void> {
  await catalogue.finishPendingWork()
  assert.equal(await faultOf(catalogue, withoutDetails(before)), undefined)
  assert.notEqual(await faultOf(catalogue, before), undefined, 'it kept less')
  const replayed: string[] = []
  for (let behind = 0, loads = await nextOlder(catalogue, 0); loads.length > 0; ) {
    assert.equal(await countOlderLoads(catalogue.database), before.length - replayed.length)
    for (const { id, sha256, wasLimited } of loads) {
      assert.equal(wasLimited, false)
      await loadWhole(catalogue, before.find((file) => file.sha256 === sha256)!)
      replayed.push(sha256)
      behind = id
    }
    loads = await nextOlder(catalogue, behind)
  }
  assert.deepEqual(replayed.toSorted(), before.map(({ sha256 }) => sha256).toSorted())
  assert.equal(await faultOf(catalogue, before), undefined, 'of the same files a new one is no other')
  assert.equal(await countOlderLoads(catalogue.database), 0)
  for (const file of after) await loadWhole(catalogue, file)
  assert.equal(await faultOf(catalogue, [...before, ...after]), undefined)
  for (const file of before) await catalogue.undo(file.sha256, 'for a test', 0)
  assert.equal(await faultOf(catalogue, after), undefined)
}

function nextOlder({ database }: Catalogue, behind: number) {
  return olderLoads(database, behind, 4)
}

for (const seed of SEEDS)
  test(`SQLite: an older catalogue is brought up to date, and its loads are made once more, and undoing goes on (history ${seed})`, async () => {
    await using at = await temporaryFolder()
    const [half, others] = halvesOf(seed)
    using newer = openCatalogue(':memory:')
    for (const file of withoutDetails(half)) await loadWhole(newer, file)
    const path = join(at.path, 'catalogue.db')
    const older = SqliteDatabase.open(path, await olderMigrations(at.path, 'sqlite'))
    writeOlder(newer, older)
    older[Symbol.dispose]()
    using catalogue = openCatalogue(path)
    await goOn(catalogue, [half, others])
  })

test('PostgreSQL: an older catalogue is brought up to date, and its loads are made once more, and undoing goes on', {
  skip: NO_POSTGRES,
}, async () => {
  await using at = await temporaryFolder()
  await using made = await makeDatabase()
  const [half, others] = halvesOf(SEEDS[0]!)
  using newer = openCatalogue(':memory:')
  for (const file of withoutDetails(half)) await loadWhole(newer, file)
  const migrations = await olderMigrations(at.path, 'postgres')
  await using older = await PostgresDatabase.open({ address: made.address, schema: 'catalogue', migrations })
  await moveTables(
    newer.database,
    older,
    Object.fromEntries([...TABLES, ...HISTORIES].map((name) => [name, ''])),
    async () => {},
  )
  for (const table of ['company', 'store'])
    for (const { id, shown } of newer.database.all<{ id: number; shown: string }>(`select id, shown from ${table}`))
      await older.run(`update ${table} set code = ? where id = ?`, shown, id)
  await using catalogue = await openPostgresCatalogue(made.address)
  await using upgraded = await openPostgresCatalogueDatabase(made.address)
  await upgraded.transaction(async (transaction) => {
    await indexUnworded(new PostgresStatements(transaction, { rollbacks: 0 }))
  })
  await goOn(catalogue, [half, others])
})
