/** How databases are opened: beside a writer that takes its time, by the right program, and never half migrated. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { Problem } from '@splitcart/shared/problem.ts'
import { temporaryFolder } from '../../../test/folders.ts'
import { allowedMs } from '../../../test/times.ts'
import { SqliteDatabase } from '../database/sqlite.ts'

const DURABLE = { journal_mode: 'wal', synchronous: 2 }

test('a database is opened so that it keeps what it acknowledges', async () => {
  await using at = await temporaryFolder()
  using database = SqliteDatabase.open(join(at.path, 'x.db'), at.path)
  const pragmas = { ...database.get('pragma journal_mode'), ...database.get('pragma synchronous') }
  assert.deepEqual(pragmas, DURABLE)
})

test('a second program opens the database at once, also while the first one writes', async () => {
  await using at = await temporaryFolder()
  await writeFile(join(at.path, '001.sql'), 'create table t (x integer) strict;')
  const path = join(at.path, 'x.db')
  using writer = SqliteDatabase.open(path, at.path)
  writer.script('begin immediate; insert into t values (1)')
  const start = performance.now()
  using reader = SqliteDatabase.open(path, at.path)
  assert.ok(performance.now() - start < allowedMs(2_000))
  assert.deepEqual(reader.all('select x from t'), [])
  writer.script('commit')
  assert.equal(reader.all('select x from t').length, 1)
})

test('migrations that came since are made, in order, once', async () => {
  await using at = await temporaryFolder()
  const path = join(at.path, 'x.db')
  await writeFile(join(at.path, '001.sql'), 'create table t (x integer) strict;')
  SqliteDatabase.open(path, at.path)[Symbol.dispose]()
  await writeFile(join(at.path, '002.sql'), 'insert into t values (2);')
  for (const _ of [1, 2]) SqliteDatabase.open(path, at.path)[Symbol.dispose]()
  using database = SqliteDatabase.open(path, at.path)
  assert.deepEqual(
    database.all('select x from t').map(({ x }) => x),
    [2],
  )
})

test('a migration that fails leaves the schema as it was', async () => {
  await using at = await temporaryFolder()
  const path = join(at.path, 'x.db')
  await writeFile(join(at.path, '001.sql'), 'create table t (x integer) strict; create table t (x integer) strict;')
  assert.throws(() => SqliteDatabase.open(path, at.path), /already exists/)
  await writeFile(join(at.path, '001.sql'), 'create table t (x integer) strict;')
  using database = SqliteDatabase.open(path, at.path)
  assert.deepEqual(database.all('select x from t'), [])
})

test('a database of a newer program is refused and left alone', async () => {
  await using at = await temporaryFolder()
  const path = join(at.path, 'x.db')
  SqliteDatabase.open(path, at.path).script('pragma user_version = 7')
  const refused = (error: unknown) => error instanceof Problem && error.code === 'schema_newer'
  assert.throws(() => SqliteDatabase.open(path, at.path), refused)
})

test('a file that is no database is refused in words', async () => {
  await using at = await temporaryFolder()
  const path = join(at.path, 'x.db')
  await writeFile(path, 'this is not a database, '.repeat(100))
  const refused = (error: unknown) => error instanceof Problem && error.code === 'database_unusable'
  assert.throws(() => SqliteDatabase.open(path, at.path), refused)
  assert.throws(() => SqliteDatabase.open(join(at.path, 'missing', 'x.db'), at.path), refused)
})
