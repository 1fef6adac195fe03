/** Migrations that have one number, or leave one out, are seen. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { migrationFaults } from './migrations.ts'

const faultsOf = (...paths: string[]) =>
  migrationFaults(paths.map((path) => ({ path, text: '' }))).map(({ path, subject }) => `${path} ${subject}`)

test('the migrations of a folder are numbered from 1 on, none twice and none left out', () => {
  const [one, other] = ['a/ledger/migrations/sqlite', 'a/ledger/migrations/postgres']
  assert.deepEqual(faultsOf(`${one}/001-a.sql`, `${one}/002-b.sql`, `${other}/001-c.sql`, 'a/x.sql'), [])
  assert.deepEqual(faultsOf(`${one}/001-a.sql`, `${one}/002-b.sql`, `${one}/002-c.sql`), [`${one}/002-c.sql 003`])
  assert.deepEqual(faultsOf(`${one}/001-a.sql`, `${one}/003-c.sql`), [`${one}/003-c.sql 002`])
})
