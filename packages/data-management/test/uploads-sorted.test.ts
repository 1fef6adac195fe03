/** Uploads are listed by each of their columns, all of them and those of a state, page by page, from an index that needs no sorting. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import type { LoadResult, UploadState } from '@splitcart/shared/receipt.ts'
import { temporaryFolder } from '../../../test/folders.ts'
import { NO_POSTGRES, sharedPostgres } from '../../../test/postgres.ts'
import { type Ledger, openLedger } from '../ledger/ledger.ts'
import { openPostgresLedger } from '../ledger/postgres.ts'
import { type SortedQuery, UPLOAD_SORTS, type UploadSort } from '../ledger/sorted-uploads.ts'
import type { Upload } from '../ledger/uploads.ts'
import { sha256Of } from './receiver.ts'

const makeDatabase = sharedPostgres()
const STATES = ['loaded', 'held', 'failed', 'accepted'] as const
const UPLOADS = 23

/** Uploads of several states, of which many have the same size, rows and rejects, and whose names differ in the size of letters only. */
async function fill({ arrivals, uploads }: Ledger): Promise<void> {
  for (let at = 0; at < UPLOADS; at++) {
    const [id, filename] = [
      `id-${String(at).padStart(2, '0')}`,
      `${at % 2 === 0 ? 'Milk' : 'milk'}-${(at * 7) % 10}.jsonl`,
    ]
    const upload = { id, sha256: sha256Of(id), filename, stored_as: id, kind: 'products' }
    const counts = { bytes: 100 - (at % 5), lines: at, wire_bytes: 1, received_at: at, state: 'accepted' as const }
    await arrivals.record({ ...upload, ...counts }, 'key', true)
    const state = STATES[at % STATES.length]!
    if (state !== 'accepted') await uploads.settle(id, state, { rows: 50 - at, rejected: at % 3 } as LoadResult, at)
  }
}

/** What an upload is sorted by, computed without the database. */
function naiveValue(sort: UploadSort, upload: Upload): string | number {
  const load = upload.load === null ? undefined : (JSON.parse(upload.load) as LoadResult)
  if (sort === 'filename') return upload.filename.toLowerCase()
  if (sort === 'rows') return load?.rows ?? upload.lines
  if (sort === 'rejected') return load?.rejected ?? 0
  return upload[sort]
}

async function assertSorted(ledger: Ledger): Promise<void> {
  await fill(ledger)
  const all = await ledger.uploads.list({ limit: UPLOADS })
  for (const sort of UPLOAD_SORTS)
    for (const descending of [false, true])
      for (const state of [undefined, 'held'] as const) {
        const wanted = all
          .filter((upload) => state === undefined || upload.state === state)
          .map((upload) => [naiveValue(sort, upload), upload.id] as const)
          .sort(([one, oneId], [other, otherId]) => (one === other ? (oneId < otherId ? -1 : 1) : one < other ? -1 : 1))
        const ids = wanted.map(([, id]) => id)
        const query = { sort, descending, ...(state && { state: state satisfies UploadState }) }
        assert.deepEqual(await walked(ledger, query), descending ? ids.toReversed() : ids, JSON.stringify(query))
      }
}

async function walked(ledger: Ledger, query: Omit<SortedQuery, 'limit'>): Promise<string[]> {
  const ids: string[] = []
  for (let page = await ledger.sortedUploads({ ...query, limit: 4 }); page.last !== undefined; ) {
    ids.push(...page.uploads.map(({ id }) => id))
    page = await ledger.sortedUploads({ ...query, limit: 4, after: page.last })
  }
  return ids
}

test('SQLite: uploads are sorted by each of their columns, from an index of each', async (t) => {
  await using at = await temporaryFolder()
  await using ledger = openLedger(at.path)
  const prepare = t.mock.method(DatabaseSync.prototype, 'prepare')
  await assertSorted(ledger)
  const asked = new Set(
    prepare.mock.calls.map(({ arguments: [sql] }) => sql).filter((sql) => sql.includes('as "value"')),
  )
  prepare.mock.restore()
  assert.ok(asked.size >= 4 * UPLOAD_SORTS.length)
  using database = new DatabaseSync(join(at.path, 'ledger.db'))
  for (const sql of asked) {
    const steps = database.prepare(`explain query plan ${sql}`).all()
    const looks = steps.map(({ detail }) => String(detail)).filter((step) => /\bupload\b/.test(step))
    const isBehind = /upload\.id [<>] \?/.test(sql)
    for (const look of looks) {
      assert.match(look, /^(SEARCH|SCAN) upload USING (COVERING INDEX|PRIMARY KEY)/, sql)
      // What came before is passed over within the index, not read and left out.
      if (isBehind) assert.match(look, /^SEARCH .*([<>]|id=)\?\)$/, sql)
    }
    // What is put in order is what the parts have given.
    const isOrdered = steps.some(
      ({ detail }, at) => `${detail}`.includes('ORDER BY') && `${steps[at - 1]?.detail}` !== 'SCAN some',
    )
    assert.equal(isOrdered, false, `${sql}\n${steps.map(({ detail }) => detail).join('\n')}`)
  }
})

test('PostgreSQL: uploads are sorted by each of their columns', { skip: NO_POSTGRES }, async () => {
  await using made = await makeDatabase()
  await using ledger = await openPostgresLedger(made.address)
  await assertSorted(ledger)
})
