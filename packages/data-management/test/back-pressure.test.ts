/** Uploads are put off when too much waits to be loaded. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Problem } from '@splitcart/shared/problem.ts'
import { DAY_MS, HOUR_MS } from '@splitcart/shared/time.ts'
import { backPressure, exceededLimit } from '../inbox/back-pressure.ts'
import { openReceiver, postGzip, rowsText } from './receiver.ts'

const LIMITS = { filesMax: 2, bytesMax: 1000, ageMsMax: 60_000 }

test('too many files, too many bytes or too old a file are each said with their limit', () => {
  assert.equal(exceededLimit({ files: 1, bytes: 999, since: 0 }, LIMITS, 60_000), undefined)
  assert.equal(exceededLimit({ files: 0, bytes: 0, since: null }, LIMITS, 1e12), undefined)
  assert.equal(exceededLimit({ files: 2, bytes: 9, since: 0 }, LIMITS, 0), '2 files wait, 2 may')
  assert.equal(exceededLimit({ files: 1, bytes: 1000, since: 0 }, LIMITS, 0), '1000 bytes wait, 1000 may')
  assert.match(exceededLimit({ files: 1, bytes: 1, since: 0 }, LIMITS, 60_001) ?? '', /waits since 1970-01-01T00:00/)
})

test('an upload is put off with 503 and Retry-After while too much waits, leaves nothing, and is taken when room is made', async () => {
  let filesMax = 1
  let now = 0
  const check: { run: () => Promise<void> } = { run: async () => {} }
  await using receiver = await openReceiver({ checkBacklog: () => check.run() })
  const waiting = () => receiver.ledger.uploads.backlog()
  const limits = () => ({ ...LIMITS, filesMax, bytesMax: Number.MAX_SAFE_INTEGER, ageMsMax: Number.MAX_SAFE_INTEGER })
  const shares = () => receiver.ledger.uploads.backlogByKey()
  check.run = () => backPressure({ waiting, shares, now: () => now, steady: () => now }, limits())('a key')
  assert.equal((await postGzip(receiver, 'a.jsonl.gz', rowsText(1))).status, 201)
  now += 2_000
  const putOff = await postGzip(receiver, 'b.jsonl.gz', rowsText(2))
  assert.deepEqual([putOff.status, putOff.body.code], [503, 'inbox_full'])
  assert.ok(Number(putOff.headers.get('retry-after')) > 0)
  assert.deepEqual(await receiver.inboxNames(), ['a.jsonl'])
  filesMax = 2
  assert.equal((await postGzip(receiver, 'b.jsonl.gz', rowsText(2))).status, 201)
})

test('the ledger is asked once a second at most', async () => {
  let asked = 0
  let now = 0
  const waiting = async () => {
    asked++
    return { files: 2, bytes: 0, since: null }
  }
  const shares = async () => ({})
  const check = backPressure({ waiting, shares, now: () => now, steady: () => now }, LIMITS)
  for (let time = 0; time < 3_000; time += 100) {
    now = time
    await assert.rejects(check('a key'), (error) => error instanceof Problem && error.code === 'inbox_full')
  }
  assert.equal(asked, 3)
})

test('a clock that jumped ahead and was set right again leaves nobody refused', async () => {
  let [now, steady] = [0, 0]
  const waiting = async () => ({ files: 1, bytes: 0, since: 0 })
  const shares = async () => ({})
  const check = backPressure({ waiting, shares, now: () => now, steady: () => steady }, LIMITS)
  await check('a key')
  now = 10 * 365 * DAY_MS
  steady = 1_000
  await assert.rejects(check('a key'), { code: 'inbox_full' })
  now = 2_000
  steady = 2_000
  await check('a key')
})

test('a key that has most of the inbox is put off before it is full, and there is room for others', async () => {
  await using receiver = await openReceiver({ checkBacklog: (keyId) => check(keyId) })
  const { uploads } = receiver.ledger
  const limits = { filesMax: 12, bytesMax: Number.MAX_SAFE_INTEGER, ageMsMax: Number.MAX_SAFE_INTEGER }
  let steady = 0
  const view = {
    waiting: () => uploads.backlog(),
    shares: () => uploads.backlogByKey(),
    now: Date.now,
    steady: () => (steady += 1_000),
  }
  const check = backPressure(view, limits)
  const statuses: number[] = []
  for (let index = 0; index < 12; index++)
    statuses.push((await postGzip(receiver, `${index}.jsonl.gz`, rowsText(1, index + 1))).status)
  assert.deepEqual(statuses.slice(0, 10), Array(10).fill(201))
  assert.deepEqual(statuses.slice(10), [503, 503])
  const other = { ...receiver, key: await receiver.makeKey('upload') }
  const taken = await postGzip(other, 'other.jsonl.gz', rowsText(1, 100))
  assert.equal(taken.status, 201)
})

test('a clock that is set back keeps nobody out', async () => {
  let files = 2
  let steady = 0
  let now = 1_000_000
  const waiting = async () => ({ files, bytes: 0, since: null })
  const check = backPressure({ waiting, shares: async () => ({}), now: () => now, steady: () => steady }, LIMITS)
  await assert.rejects(check('a key'), { code: 'inbox_full' })
  now -= HOUR_MS
  files = 0
  steady += 1_000
  await check('a key')
})
