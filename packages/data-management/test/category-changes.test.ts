/** Changes of price by category: kept as listings move from one shelf to another, and found as if all of them were looked at. */
import assert from 'node:assert/strict'
import { copyFile, mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from '../../../test/folders.ts'
import { NO_POSTGRES, sharedPostgres } from '../../../test/postgres.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import { openPostgresCatalogue } from '../catalogue/dialects/postgres/catalogue.ts'
import { openCatalogue } from '../catalogue/dialects/sqlite/catalogue.ts'
import { CHANGE_KINDS } from '../catalogue/model/changes.ts'
import { type ChangeCursor, type ChangeLine, type ChangesQuery, findChanges } from '../catalogue/queries/changes.ts'
import { countChanges, hasUncountedChanges } from '../catalogue/queries/count-changes.ts'
import { datesOfStore } from '../catalogue/queries/transitions.ts'
import { PostgresDatabase } from '../database/postgres.ts'
import type { Sql, Value } from '../database/sql.ts'
import { SqliteDatabase } from '../database/sqlite.ts'
import { databasesOfFile } from './catalogues.ts'
import { faultOfCategoryChanges } from './derived.ts'
import { loadWhole } from './history-case.ts'
import type { HistoryFile } from './naive-rows.ts'
import { Chance } from './random.ts'
import { sha256Of } from './receiver.ts'
import { type Article, scrapeText } from './shop.ts'

const DAYS = ['2026-03-01', '2026-03-02', '2026-03-04', '2026-03-05']
const STORES = ['aldi/G1', 'aldi/G2', 'iga/1']
const CATEGORIES = ['Pantry', 'Tea', 'Snacks', 'Fridge', 'nowhere']
const QUERIES = 60

/** Few articles, some of which move from one day to the next; one shelf bears the same name twice. */
function shelvesOf(chance: Chance): Article[] {
  const paths = [['Pantry', 'Tea'], ['Pantry', 'Snacks'], ['Snacks', 'Snacks'], ['Fridge'], []]
  return [...Array(14).keys()].flatMap((sku) => {
    if (chance.is(0.15)) return []
    const path = paths[chance.is(0.7) ? sku % paths.length : chance.between(0, paths.length - 1)]!
    return [
      { sku: `${sku}`, name: `Article ${sku}`, price: chance.of([1, 2, 2.5, 4]), available: chance.is(0.7), path },
    ]
  })
}

/** Loads all days, one file after the other; what changed is counted in between, so that listings move that have changed before. */
async function fill(catalogue: Catalogue): Promise<void> {
  const chance = new Chance(11)
  for (const [at, date] of DAYS.entries()) {
    for (const store of STORES) {
      const bytes = Buffer.from(scrapeText(store, date, shelvesOf(chance)))
      const file: HistoryFile = { sha256: sha256Of(bytes), bytes, receivedAt: Date.parse(date) }
      await loadWhole(catalogue, file)
    }
    if (at < DAYS.length - 1) await countChanges(catalogue.database)
  }
}

/** What a query finds if every line of the category is looked at. */
async function naive(database: Sql, query: ChangesQuery): Promise<[lines: unknown[], counts: unknown[]]> {
  const { from, to, category, companyId, kinds, order } = query
  const [first, second] = order === 'share' ? ['by_share', 'by_cents'] : ['by_cents', 'by_share']
  const values: Value[] = [category!, from, to, ...(companyId === undefined ? [] : [companyId])]
  const source = `from (select distinct listing_id from category join listing_category on category_id = category.id where name = ?) as those
    join price_change using (listing_id) where date between ? and ? ${companyId === undefined ? '' : 'and company_id = ?'}`
  const wanted = kinds.map((kind) => `'${kind}'`).join(', ')
  const key = `${first}, ${second}, listing_id, from_cents, to_cents, kind`
  const lines = await database.all(
    `select kind, by_share, by_cents, listing_id, from_cents, to_cents, cast(sum(stores) as integer) as stores,
      min(date) as first_date, max(date) as last_date ${source} and kind in (${wanted}) group by ${key} order by ${key}`,
    ...values,
  )
  const counts = await database.all<{ kind: string }>(
    `select kind, cast(count(*) as integer) as lines, cast(sum(stores) as integer) as stores ${source} group by kind`,
    ...values,
  )
  const all = CHANGE_KINDS.map((kind) => counts.find((each) => each.kind === kind) ?? { kind, lines: 0, stores: 0 })
  return [lines.map((line) => ({ ...line })), all.map((count) => ({ ...count }))]
}

async function walked(database: Sql, query: ChangesQuery): Promise<[lines: unknown[], counts: unknown[]]> {
  const lines: ChangeLine[] = []
  for (let after: ChangeCursor | undefined; ; ) {
    const found = await findChanges(database, { ...query, after })
    lines.push(...found.lines)
    if (found.next === null) return [lines.map(ordered), found.counts.map((count) => ({ ...count }))]
    assert.equal(found.lines.length, query.limit)
    after = found.next
  }
}

function ordered({ kind, by_share, by_cents, listing_id, from_cents, to_cents, ...rest }: ChangeLine) {
  return { kind, by_share, by_cents, listing_id, from_cents, to_cents, ...rest }
}

function randomQuery(chance: Chance): ChangesQuery {
  const [from, to] = [chance.of(DAYS), chance.of(DAYS)].toSorted() as [string, string]
  const some = CHANGE_KINDS.filter(() => chance.is(0.5))
  return {
    from,
    to,
    kinds: some.length === 0 ? CHANGE_KINDS : some,
    companyId: chance.is(0.5) ? chance.between(1, 3) : undefined,
    category: chance.of(CATEGORIES),
    order: chance.is(0.5) ? 'share' : 'cents',
    after: undefined,
    limit: chance.between(1, 9),
  }
}

for (const { name, skip, open } of databasesOfFile())
  test(`${name}: ${QUERIES} random queries about categories are answered as if every line was looked at, while listings move`, {
    skip,
  }, async () => {
    await using catalogue = await open()
    const { database } = catalogue
    await fill(catalogue)
    const moved = await database.get('select 1 as one from shelf_pending')
    assert.notEqual(moved, undefined, 'listings have moved')
    assert.equal(await hasUncountedChanges(database), true)
    await countChanges(database)
    assert.equal(await hasUncountedChanges(database), false)
    assert.equal(await faultOfCategoryChanges(database), undefined)
    const companies = (await database.all<{ id: number }>('select id from company order by id')).map(({ id }) => id)
    const chance = new Chance(3)
    let found = 0
    for (let count = 0; count < QUERIES; count++) {
      const { companyId, ...rest } = randomQuery(chance)
      const query = { ...rest, companyId: companyId === undefined ? undefined : (companies[companyId - 1] ?? 0) }
      const [lines, counts] = await walked(database, query)
      assert.deepEqual([lines, counts], await naive(database, query), JSON.stringify(query))
      found += lines.length
    }
    assert.ok(found > QUERIES)
  })

for (const { name, skip, open } of databasesOfFile())
  test(`${name}: the changes of the stores of a category are together those of the category`, { skip }, async () => {
    await using catalogue = await open()
    const { database } = catalogue
    await fill(catalogue)
    await countChanges(database)
    const [from, to] = [DAYS[0]!, DAYS.at(-1)!]
    const stores = await database.all<{ id: number }>('select id from store')
    for (const category of CATEGORIES) {
      const query = { from, to, kinds: CHANGE_KINDS, order: 'share' as const, after: undefined, category, limit: 500 }
      const { counts } = await findChanges(database, query)
      const each = await Promise.all(
        stores.map(({ id }) => findChanges(database, { ...query, storeDates: datesOfStore(id, from, to) })),
      )
      for (const [at, { kind, stores }] of counts.entries())
        assert.equal(
          each.reduce((sum, found) => sum + found.counts[at]!.stores, 0),
          stores,
          `${category}: ${kind}`,
        )
    }
  })

const DIALECTS = join(import.meta.dirname, '../catalogue/dialects')
// The last ones that know no changes by category.
const LAST = { sqlite: '029-specials.sql', postgres: '021-specials.sql' }

/** The migrations that an older program had. */
async function olderMigrations(folder: string, dialect: 'sqlite' | 'postgres'): Promise<string> {
  const older = join(folder, dialect)
  await mkdir(older)
  const from = join(DIALECTS, dialect, 'migrations')
  for (const name of await readdir(from)) if (name <= LAST[dialect]) await copyFile(join(from, name), join(older, name))
  return older
}

/** What an older program has counted. */
const COUNTED = `
  insert into company (id, code) values (1, 'one');
  insert into category (id, parent_id, name) values (1, null, 'Pantry'), (2, 1, 'Tea'), (3, null, 'Fridge');
  insert into listing (id, company_id, by_name, code, product_id) values (1, 1, 0, 'a', 1), (2, 1, 0, 'b', 2), (3, 1, 0, 'c', 3);
  insert into listing_category values (1, 1), (1, 2), (2, 3);
  insert into price_change (date, kind, by_share, by_cents, listing_id, from_cents, to_cents, company_id, stores) values
    ('2026-03-01', 'cheaper', -500000, -100, 1, 200, 100, 1, 2), ('2026-03-02', 'dearer', -1000000, -100, 1, 100, 200, 1, 2),
    ('2026-03-02', 'cheaper', -500000, -100, 2, 200, 100, 1, 3), ('2026-03-02', 'gone', 0, -100, 3, 100, -1, 1, 1);
  insert into price_change_day values ('2026-03-01', 1, 'cheaper', 1, 2), ('2026-03-02', 1, 'dearer', 1, 2),
    ('2026-03-02', 1, 'cheaper', 1, 3), ('2026-03-02', 1, 'gone', 1, 1)`

/** All of it is found by category, once that has been brought up to date in the background; until then it is said that it is not. */
async function expectBroughtUpToDate({ database }: Catalogue): Promise<void> {
  assert.equal(await hasUncountedChanges(database), true)
  await countChanges(database)
  assert.equal(await hasUncountedChanges(database), false)
  assert.equal(await faultOfCategoryChanges(database), undefined)
  const asked = { from: '2026-03-01', to: '2026-03-02', kinds: CHANGE_KINDS, after: undefined, limit: 9 }
  const found = await findChanges(database, { ...asked, order: 'share', category: 'Pantry' })
  assert.deepEqual(
    found.lines.map(({ kind, listing_id, stores }) => [kind, listing_id, stores]),
    [
      ['dearer', 1, 2],
      ['cheaper', 1, 2],
    ],
  )
}

test('SQLite: what an older program has counted is kept by category, too', async () => {
  await using at = await temporaryFolder()
  const path = join(at.path, 'catalogue.db')
  const older = SqliteDatabase.open(path, await olderMigrations(at.path, 'sqlite'))
  older.script(COUNTED)
  older[Symbol.dispose]()
  await using catalogue = openCatalogue(path)
  await expectBroughtUpToDate(catalogue)
})

/** A history that an older program has moved from its file, whose changes nobody has counted. */
const MOVED = `
  insert into store (id, company_id, code, name) values (1, 1, 's', 'store');
  insert into load (id, sha256, filename, state, received_at, ranked_at, started_at, finished_at, rows, inserted, changed, unchanged, duplicate,
    rejected, warnings, runs_opened, runs_closed) values (1, 'x', 'x', 'loaded', 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  insert into scrape (id, store_id, date, load_id, ranked_at, listings, store_name) values
    (1, 1, '2026-03-04', 1, 1, 1, 'store'), (2, 1, '2026-03-05', 1, 1, 1, 'store');
  insert into price_run (store_id, listing_id, from_date, to_date, price_cents) values
    (1, 2, '2026-03-04', '2026-03-04', 300), (1, 2, '2026-03-05', null, 200)`

const makeDatabase = sharedPostgres()

test('PostgreSQL: what an older program has counted is kept by category, too', { skip: NO_POSTGRES }, async () => {
  await using at = await temporaryFolder()
  await using made = await makeDatabase()
  const migrations = await olderMigrations(at.path, 'postgres')
  const older = await PostgresDatabase.open({ address: made.address, schema: 'catalogue', migrations })
  await older.script(`${COUNTED}; ${MOVED}`)
  await older[Symbol.asyncDispose]()
  await using catalogue = await openPostgresCatalogue(made.address)
  await expectBroughtUpToDate(catalogue)
  const asked = { from: '2026-03-04', to: '2026-03-05', kinds: CHANGE_KINDS, order: 'share' as const, limit: 9 }
  const { lines } = await findChanges(catalogue.database, { ...asked, category: 'Fridge', after: undefined })
  assert.deepEqual(
    lines.map(({ kind, to_cents }) => [kind, to_cents]),
    [['cheaper', 200]],
  )
})
