/** What a load asks of a database means the same in both. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NO_POSTGRES, sharedPostgres } from '../../../test/postgres.ts'
import { openPostgresCatalogueDatabase } from '../catalogue/dialects/postgres/catalogue.ts'
import { PostgresStatements } from '../catalogue/dialects/postgres/statements.ts'
import { openCatalogue } from '../catalogue/dialects/sqlite/catalogue.ts'
import { SqliteStatements } from '../catalogue/dialects/sqlite/statements.ts'
import { type LoadDatabase, records, sql } from '../catalogue/load/statement.ts'

const makeDatabase = sharedPostgres()

type Open = (work: (database: LoadDatabase) => Promise<void>) => Promise<void>

const inSqlite: Open = async (work) => {
  using catalogue = openCatalogue(':memory:')
  const database = new SqliteStatements(catalogue.database)
  database.emptyTables()
  await work(database)
}

const inPostgres: Open = async (work) => {
  await using made = await makeDatabase()
  await using catalogue = await openPostgresCatalogueDatabase(made.address)
  await using open = await catalogue.begin()
  await work(new PostgresStatements(open.transaction, { rollbacks: 0 }))
}

const DATABASES = [
  { name: 'SQLite', skip: false, open: inSqlite },
  { name: 'PostgreSQL', skip: NO_POSTGRES, open: inPostgres },
] as const

// In the order of their bytes, which is that of no language; and what texts are made of that mean something to SQL or COPY.
const TEXTS = [
  '',
  '"',
  "'); drop table brand; --",
  'A',
  '\\N',
  '\\',
  'a\tb\nc\r',
  'b',
  '{"a": [1]}',
  'Ä',
  'ä',
  '\u{1f34e}',
]

for (const { name, skip, open } of DATABASES) {
  test(
    `${name}: given records come as they were given, in the order of their bytes, and an empty value stays one`,
    { skip },
    () =>
      open(async (database) => {
        const given = records('given', { place: 'integer', hash: 'bigint', name: 'text', brand: 'text' }, [
          TEXTS.map((_, place) => place),
          TEXTS.map((_, place) => 2 ** 48 - place),
          TEXTS,
          TEXTS.map((_, place) => (place % 2 ? null : 'x')),
        ])
        const found = await database.all(sql`select place, hash, name, brand from ${given} order by name`)
        const inOrder = TEXTS.map((text, place) => ({ text, place })).toSorted((one, other) =>
          Buffer.compare(Buffer.from(one.text), Buffer.from(other.text)),
        )
        assert.deepEqual(
          found.map((record) => ({ ...(record as object) })),
          inOrder.map(({ text, place }) => ({
            place,
            hash: 2 ** 48 - place,
            name: text,
            brand: place % 2 ? null : 'x',
          })),
        )
        const none = records('none', { id: 'integer' }, [[]])
        assert.equal(await database.get(sql`select id from ${none}`), undefined)
      }),
  )

  test(
    `${name}: many records are put into a table as they are, and statements within statements keep their values apart`,
    { skip },
    () =>
      open(async (database) => {
        await database.bulkInsert(
          { table: 'brand', columns: ['name'] },
          TEXTS.map((text) => [text]),
        )
        const isNamed = sql`name = ${'A'} or name = ${"'); drop table brand; --"}`
        const found = await database.all<{ name: string }>(
          sql`select name from brand where (${isNamed}) and name <> ${'b'} order by name limit ${5}`,
        )
        assert.deepEqual(
          found.map((each) => each.name),
          ["'); drop table brand; --", 'A'],
        )
        assert.equal(await database.run(sql`delete from brand where not (${isNamed})`), TEXTS.length - 2)
      }),
  )

  test(
    `${name}: ids for new records are in order and nobody else's, and a version is another one once something is taken out`,
    { skip },
    () =>
      open(async (database) => {
        const ids = await database.newIds('brand', 3)
        await database.bulkInsert(
          { table: 'brand', columns: ['id', 'name'] },
          ids.map((id) => [id, `brand ${id}`]),
        )
        const [next] = await database.newIds('brand', 1)
        assert.deepEqual(
          ids.toSorted((one, other) => one - other),
          ids,
        )
        assert.ok(next! > ids.at(-1)!)
        const version = await database.version()
        await database.bumpVersion()
        assert.notEqual(await database.version(), version)
      }),
  )
}
