/** Statements that take long are logged with their SQL, and without what was asked for. */
import assert from 'node:assert/strict'
import { closeSync, openSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { openLog } from '@splitcart/shared/log.ts'
import { temporaryFolder } from '../../../test/folders.ts'
import { NO_POSTGRES, sharedPostgres } from '../../../test/postgres.ts'
import { LimitedSql } from '../database/limited-sql.ts'
import { PostgresDatabase } from '../database/postgres.ts'
import { logSlowStatements } from '../database/slow-statements.ts'
import { SqliteDatabase } from '../database/sqlite.ts'

const SLOW_MS = 5
const makeDatabase = sharedPostgres()

test('what takes long is logged once with its SQL, and no value of it', { skip: NO_POSTGRES }, async () => {
  await using at = await temporaryFolder()
  const path = join(at.path, 'log')
  const file = openSync(path, 'a')
  const stop = logSlowStatements(openLog('warn', file), SLOW_MS)
  logSlowStatements(openLog('warn', file), 0)
  await using made = await makeDatabase()
  await writeFile(join(at.path, '001.sql'), 'create table t (x bigint);')
  const place = { address: made.address, schema: 'things', migrations: at.path }
  await using postgres = await PostgresDatabase.open(place)
  await postgres.all('select pg_sleep(0.05),\n  cast(? as text)', 'a secret')
  using sqlite = SqliteDatabase.open(join(at.path, 'a.db'), at.path)
  const limited = new LimitedSql(sqlite, { msMax: 60_000, recordsMax: 1_000, isStopped: () => false })
  limited.begin()
  const counting =
    'with recursive n(x) as (values (1) union all select x + 1 from n where x < ?) select count(*) as c from n'
  await limited.all(counting, 2_000_000)
  const lines = (await readFile(path, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  const slow = lines.filter(({ sql }) => /pg_sleep|recursive/.test(sql))
  assert.deepEqual(
    slow.map(({ level, msg, sql }) => [level, msg, sql]),
    [
      ['warn', 'slow statement', 'select pg_sleep(0.05), cast($1 as text)'],
      ['warn', 'slow statement', counting],
    ],
  )
  assert.ok(slow.every(({ ms }) => ms >= SLOW_MS))
  stop()
  closeSync(file)
})
