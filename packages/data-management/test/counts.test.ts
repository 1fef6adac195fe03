/** The ledger keeps counted how many uploads are in each state, from the first one on, also in a ledger that was made before it did. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { temporaryFolder } from '../../../test/folders.ts'
import { openLedger } from '../ledger/ledger.ts'

const MIGRATIONS = join(import.meta.dirname, '../ledger/migrations/sqlite')
const NONE = { accepted: 0, loading: 0, loaded: 0, held: 0, failed: 0, delivered: 0 }
const RESULT = { rows: 1, inserted: 1, changed: 0, unchanged: 0, duplicate: 0, rejected: 0, warnings: 0, problem: null }

function arrival(index: number, bytes: number) {
  const name = `x${index}.jsonl`
  const sha256 = String(index).padStart(64, '0')
  const about = {
    id: `0000000${index}-0000-7000-8000-000000000000`,
    sha256,
    filename: name,
    stored_as: name,
    kind: 'products',
    state: 'accepted' as const,
  }
  return { ...about, bytes, lines: 1, wire_bytes: 1, received_at: index * 1_000 }
}

test('what is counted follows every change of an upload', async () => {
  await using at = await temporaryFolder()
  await using ledger = openLedger(at.path)
  const { uploads, arrivals, lost } = ledger
  assert.deepEqual(await uploads.backlog(), { files: 0, bytes: 0, since: null })
  for (const index of [1, 2, 3]) await arrivals.record(arrival(index, index * 10), index === 3 ? 'b' : 'a', true)
  await arrivals.record({ ...arrival(3, 30), received_at: 9_000 }, 'a', true)
  assert.deepEqual(await uploads.backlog(), { files: 3, bytes: 60, since: 1_000 })
  assert.deepEqual(await uploads.backlogByKey(), { a: { files: 2, bytes: 30 }, b: { files: 1, bytes: 30 } })
  await uploads.markLoading(arrival(1, 0).id, 5, null)
  await uploads.settle(arrival(2, 0).id, 'held', { ...RESULT, finished_at: '2026-01-01T00:00:00.000Z' }, 6)
  assert.deepEqual(await uploads.countByState(), { ...NONE, accepted: 1, loading: 1, held: 1 })
  await lost.add(arrival(1, 0).id, 'its bytes are gone', 7)
  assert.deepEqual(await uploads.countByState(), { ...NONE, accepted: 1, held: 1 })
  assert.deepEqual(await uploads.backlog(), { files: 1, bytes: 30, since: 3_000 })
})

test('a ledger that was made before is counted once', async () => {
  await using at = await temporaryFolder()
  const before = readdirSync(MIGRATIONS).sort()
  const old = before.slice(
    0,
    before.findIndex((name) => name.endsWith('-upload-counts.sql')),
  )
  {
    using database = new DatabaseSync(join(at.path, 'ledger.db'))
    for (const name of old) database.exec(readFileSync(join(MIGRATIONS, name), 'utf8'))
    database.exec(`pragma user_version = ${old.length}`)
    const columns = 'id, sha256, filename, stored_as, bytes, lines, received_at, state'
    for (const [index, state] of ['loaded', 'loaded', 'accepted'].entries())
      database.exec(`insert into upload (${columns}) values (${index}, ${index}, 'x', 'x', 7, 1, 9, '${state}')`)
  }
  await using ledger = openLedger(at.path)
  assert.deepEqual(await ledger.uploads.countByState(), { ...NONE, loaded: 2, accepted: 1 })
  assert.deepEqual(await ledger.uploads.backlog(), { files: 1, bytes: 7, since: 9 })
})
