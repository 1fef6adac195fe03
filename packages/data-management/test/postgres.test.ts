/** How PostgreSQL is used: brought up to date by several programs at once, asked as SQLite is, and left alone by an older program. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import { Problem } from '@splitcart/shared/problem.ts'
import { temporaryFolder } from '../../../test/folders.ts'
import { until } from '../../../test/machines.ts'
import { NO_POSTGRES, sharedPostgres, startCluster } from '../../../test/postgres.ts'
import { PostgresDatabase, UnknownCommit } from '../database/postgres.ts'
import { isDatabaseFailure, retryConflicts } from '../database/postgres-problems.ts'

const skip = NO_POSTGRES
const makeDatabase = sharedPostgres()

const schema = 'things'
const FIRST = 'create table t (x bigint primary key, y text);'

async function scene() {
  const stack = new AsyncDisposableStack()
  const folder = stack.use(await temporaryFolder())
  const { address } = stack.use(await makeDatabase())
  const place = { address, schema, migrations: folder.path }
  await writeFile(`${folder.path}/001.sql`, FIRST)
  return {
    place,
    write: (name: string, sql: string) => writeFile(`${folder.path}/${name}`, sql),
    open: async () => stack.use(await PostgresDatabase.open(place)),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

function isProblem(code: string) {
  return (error: unknown) => error instanceof Problem && error.code === code
}

test('programs that start at once make the schema once, in order', { skip }, async () => {
  await using at = await scene()
  await at.write('002.sql', 'insert into t values (1)')
  await at.write('003.sql', 'insert into t values (2)')
  const databases = await Promise.all(Array.from({ length: 6 }, () => at.open()))
  assert.deepEqual(await databases[5]!.all('select x from t order by x'), [{ x: 1 }, { x: 2 }])
  await at.write('004.sql', 'delete from t')
  await at.open()
  assert.deepEqual(await databases[0]!.all('select x from t'), [])
})

test('two schemas of one database do not meet', { skip }, async () => {
  await using at = await scene()
  const one = await at.open()
  await one.run('insert into t values (1)')
  await using other = await PostgresDatabase.open({ ...at.place, schema: 'other things' })
  assert.deepEqual(await other.all('select * from t'), [])
})

test('a migration that fails leaves the schema as it was', { skip }, async () => {
  await using at = await scene()
  await at.write('002.sql', 'create table u (x integer); create table u (x integer)')
  await assert.rejects(at.open(), /already exists/)
  await at.write('002.sql', 'create table u (x integer)')
  const database = await at.open()
  assert.deepEqual(await database.all('select * from u'), [])
})

test('the schema of a newer program is refused and left alone', { skip }, async () => {
  await using at = await scene()
  const database = await at.open()
  await database.run('update schema_version set version = 7')
  await assert.rejects(at.open(), isProblem('schema_newer'))
})

test('a program that is refused a transaction gives its connection back', { skip }, async () => {
  await using at = await scene()
  const older = await at.open()
  await at.write('002.sql', 'create table u (x integer)')
  await at.open()
  for (let tries = 0; tries < 3; tries++) await assert.rejects(older.checkSchema(), isProblem('schema_newer'))
  assert.equal(older.pool.idleCount, older.pool.totalCount)
})

test('a database that is not there, or not for this user, is refused in words', { skip }, async () => {
  await using at = await scene()
  const missing = new URL(at.place.address)
  missing.pathname = '/missing'
  await assert.rejects(PostgresDatabase.open({ ...at.place, address: missing.href }), isProblem('database_unusable'))
  const nobody = 'postgres://splitcart:secret@127.0.0.1:1/x'
  await assert.rejects(PostgresDatabase.open({ ...at.place, address: nobody }), isProblem('database_unreachable'))
})

test('values go in and come out as they do with SQLite', { skip }, async () => {
  await using at = await scene()
  const database = await at.open()
  assert.equal(await database.run('insert into t values (?, ?), (?, ?)', 2 ** 40, 'a ? b', 1, null), 2)
  const large = await database.get("select x, y, '?' as z from t where x = ?2 or x = ?1", 2 ** 40, 5)
  assert.deepEqual(large, { x: 2 ** 40, y: 'a ? b', z: '?' })
  const sums = await database.get(
    "select count(*) as n, sum(x) as s, date '2026-02-01' as d, array[x] as l from t group by x, y limit 1",
  )
  assert.deepEqual(
    [typeof sums!.n, typeof sums!.s, sums!.d, Array.isArray(sums!.l)],
    ['number', 'number', '2026-02-01', true],
  )
})

test('a result of any size is read in batches, as it stands at one moment', { skip }, async () => {
  await using at = await scene()
  const database = await at.open()
  await database.run('insert into t select generate_series(1, ?::int)', 2500)
  let sum = 0
  for await (const { x } of database.each<{ x: number }>('select x from t where x > ? order by x', 0)) {
    if (x === 1) await database.run('delete from t')
    sum += x
  }
  assert.equal(sum, (2500 * 2501) / 2)
  for await (const _ of database.each('select generate_series(1, 5000)')) break
  assert.deepEqual(await database.all('select * from t'), [])
})

test('what fails in a transaction takes all of it back, also when nobody said so', { skip }, async () => {
  await using at = await scene()
  const database = await at.open()
  const failing = database.transaction(async (transaction) => {
    await transaction.run('insert into t values (1)')
    await transaction.run('insert into t values (1)').catch(() => {})
  })
  await assert.rejects(failing)
  assert.deepEqual(await database.all('select * from t'), [])
})

test('work that meets that of others is done again until all of it is done', { skip }, async () => {
  await using at = await scene()
  const database = await at.open()
  await database.run('insert into t values (1, ?), (2, ?)', '0', '0')
  const add = 'update t set y = (y::int + 1)::text where x = ?'
  const both = (first: number, second: number) =>
    retryConflicts(() =>
      database.transaction(async (transaction) => {
        await transaction.run(add, first)
        await transaction.run('select pg_sleep(0.05)')
        await transaction.run(add, second)
      }),
    )
  await Promise.all([both(1, 2), both(2, 1), both(1, 2), both(2, 1)])
  assert.deepEqual(await database.all('select y from t'), [{ y: '4' }, { y: '4' }])
})

test('a database that dies is told, also in the middle of a commit, and used again when it is back', {
  skip,
}, async () => {
  await using cluster = await startCluster()
  await using folder = await temporaryFolder()
  await using made = await cluster.makeDatabase()
  await writeFile(
    `${folder.path}/001.sql`,
    `${FIRST}
    create function wait() returns trigger language plpgsql as 'begin perform pg_sleep(30); return new; end';
    create constraint trigger wait after insert on t deferrable initially deferred for each row execute function wait();`,
  )
  await using database = await PostgresDatabase.open({ address: made.address, schema, migrations: folder.path })
  const committing = database.transaction((transaction) => transaction.run('insert into t values (1)'))
  const outcome = assert.rejects(committing, UnknownCommit)
  const waits = "select 1 from pg_stat_activity where wait_event = 'PgSleep' and query = 'commit'"
  await until(async () => (await database.get(waits)) !== undefined, 'it is in the middle of its commit')
  await cluster.kill()
  await outcome
  await assert.rejects(database.run('select 1'), isDatabaseFailure)
  await cluster.start()
  assert.deepEqual(await database.all('select * from t'), [])
})
