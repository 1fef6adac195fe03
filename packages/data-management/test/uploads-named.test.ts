/** Uploads are found by a part of their names, together with all else that is asked of them, without a look at what is not shown. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { temporaryFolder } from '../../../test/folders.ts'
import { NO_POSTGRES, sharedPostgres } from '../../../test/postgres.ts'
import { type Ledger, openLedger } from '../ledger/ledger.ts'
import { openPostgresLedger } from '../ledger/postgres.ts'
import type { UploadQuery } from '../ledger/uploads.ts'
import { sha256Of } from './receiver.ts'

const makeDatabase = sharedPostgres()
const NAMES = ['Milk-1.jsonl', 'bread-2.jsonl', 'MILK-3.jsonl', 'milk-4.jsonl', 'tea-5.jsonl']

async function fill({ arrivals }: Ledger): Promise<void> {
  for (const [at, filename] of NAMES.entries()) {
    const upload = { id: `id-${at}`, sha256: sha256Of(filename), filename, stored_as: filename, kind: 'products' }
    const counts = { bytes: 1, lines: 1, wire_bytes: 1, received_at: at, state: 'accepted' as const }
    await arrivals.record({ ...upload, ...counts }, at < 3 ? 'one' : 'other', true)
  }
}

async function assertFound(ledger: Ledger): Promise<void> {
  await fill(ledger)
  const found = async (query: Omit<UploadQuery, 'limit'>, limit = 9) =>
    (await ledger.uploads.list({ ...query, limit })).map(({ filename }) => filename)
  assert.deepEqual(await found({ nameContains: 'mILk' }), ['milk-4.jsonl', 'MILK-3.jsonl', 'Milk-1.jsonl'])
  assert.deepEqual(await found({ nameContains: 'milk' }, 1), ['milk-4.jsonl'])
  assert.deepEqual(await found({ nameContains: 'milk', before: 'id-3' }, 1), ['MILK-3.jsonl'])
  assert.deepEqual(await found({ nameContains: 'milk', keyId: 'one' }, 1), ['MILK-3.jsonl'])
  assert.deepEqual(await found({ nameContains: 'milk', state: 'held' }), [])
  assert.deepEqual(await found({ nameContains: 'nowhere' }), [])
}

test('SQLite: uploads are found by a part of their names, from an index alone', async (t) => {
  await using at = await temporaryFolder()
  await using ledger = openLedger(at.path)
  const prepare = t.mock.method(DatabaseSync.prototype, 'prepare')
  await assertFound(ledger)
  const asked = new Set(prepare.mock.calls.map(({ arguments: [sql] }) => sql).filter((sql) => sql.includes('instr(')))
  prepare.mock.restore()
  assert.ok(asked.size >= 3)
  using database = new DatabaseSync(join(at.path, 'ledger.db'))
  for (const sql of asked) {
    const steps = database.prepare(`explain query plan ${sql}`).all()
    const looks = steps.map(({ detail }) => String(detail)).filter((step) => /\bupload\b/.test(step))
    const isFew = (step: string) =>
      /^(SEARCH upload USING PRIMARY KEY \(id=\?\)|.* USING COVERING INDEX upload_named)/.test(step)
    assert.deepEqual(sql.includes('"upload"."state" =') ? [] : looks.filter((step) => !isFew(step)), [], sql)
  }
})

test('PostgreSQL: uploads are found by a part of their names', { skip: NO_POSTGRES }, async () => {
  await using made = await makeDatabase()
  await using ledger = await openPostgresLedger(made.address)
  await assertFound(ledger)
})
