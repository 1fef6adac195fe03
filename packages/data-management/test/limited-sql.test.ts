/** A request reads no more records than it may, however it reads them, in either database. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from '../../../test/folders.ts'
import { NO_POSTGRES, sharedPostgres } from '../../../test/postgres.ts'
import { LimitedSql } from '../database/limited-sql.ts'
import { PostgresDatabase } from '../database/postgres.ts'
import type { Sql } from '../database/sql.ts'
import { SqliteDatabase } from '../database/sqlite.ts'

const makeDatabase = sharedPostgres()
const LATE = { code: 'answer_late', detail: 'more than 1000 records' }
const COUNTING =
  'with recursive n(x) as (values (1) union all select x + 1 from n where x < cast(? as integer)) select x from n'

/** Reads too many records at once, one by one, and in several statements. */
async function readTooMuch(database: Sql): Promise<void> {
  let isStopped = false
  const limited = new LimitedSql(database, { msMax: 60_000, recordsMax: 1_000, isStopped: () => isStopped })
  const each = async (records: number) => {
    let read = 0
    for await (const _ of limited.each(COUNTING, records)) read++
    return read
  }
  const asked = async <T>(query: () => T) => {
    limited.begin()
    return await query()
  }
  assert.equal((await asked(() => limited.all(COUNTING, 1_000))).length, 1_000)
  assert.equal(await asked(() => each(1_000)), 1_000)
  await assert.rejects(async () => await asked(() => limited.all(COUNTING, 2_000)), LATE)
  await assert.rejects(
    asked(() => each(2_000)),
    LATE,
  )
  const twice = async () => {
    await limited.all(COUNTING, 600)
    return await each(600)
  }
  await assert.rejects(asked(twice), LATE)
  isStopped = true
  await assert.rejects(async () => await asked(() => limited.all(COUNTING, 1)), { code: 'answer_late' })
  isStopped = false
  // What was given up holds no connection.
  assert.equal(await asked(() => each(10)), 10)
}

test('a request that reads too many records is ended in SQLite', async () => {
  await using at = await temporaryFolder()
  await writeFile(join(at.path, '001.sql'), 'create table t (x integer);')
  using sqlite = SqliteDatabase.open(join(at.path, 'a.db'), at.path)
  await readTooMuch(sqlite)
})

test('a request that reads too many records is ended in PostgreSQL', { skip: NO_POSTGRES }, async () => {
  await using at = await temporaryFolder()
  await writeFile(join(at.path, '001.sql'), 'create table t (x bigint);')
  await using made = await makeDatabase()
  const place = { address: made.address, schema: 'things', migrations: at.path, connections: 1 }
  await using postgres = await PostgresDatabase.open(place)
  await readTooMuch(postgres)
})
