/** `GET /api/uploads…`: what became of what was sent, told to those whom it concerns. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LoadResult, Receipt } from '@splitcart/shared/receipt.ts'
import { loadFile } from '../update-db/load-file.ts'
import { assertProblem, get, named, openReceiver, post, postGzip, type Receiver, rowsText, TEXT } from './receiver.ts'

const RESULT: LoadResult = {
  rows: 3,
  inserted: 1,
  changed: 0,
  unchanged: 0,
  duplicate: 0,
  rejected: 2,
  warnings: 0,
  finished_at: '2026-01-01T00:00:00.000Z',
  problem: null,
}

async function list(
  receiver: Pick<Receiver, 'url' | 'key'>,
  query = '',
): Promise<{ uploads: Receipt[]; next: string | null }> {
  const { status, body } = await get(receiver, `/api/uploads${query}`)
  assert.equal(status, 200, JSON.stringify(body))
  return body as unknown as { uploads: Receipt[]; next: string | null }
}

async function uploadedIds(receiver: Receiver, count: number): Promise<string[]> {
  const ids: string[] = []
  for (let index = 1; index <= count; index++) {
    const { body } = await postGzip(receiver, `scrape-${index}.jsonl.gz`, rowsText(index))
    ids.push(String(body.id))
  }
  return ids
}

test('the receipt of an upload is told again, and later with its load', async () => {
  await using receiver = await openReceiver()
  const sent = await postGzip(receiver, 'x.jsonl.gz', TEXT)
  const path = `/api/uploads/${sent.body.id}`
  assert.deepEqual((await get(receiver, path)).body, sent.body)
  await receiver.ledger.uploads.settle(String(sent.body.id), 'loaded', RESULT, Date.now())
  const loaded = { ...sent.body, state: 'loaded', load: RESULT, warnings: [], ignored: {}, findings: [] }
  assert.deepEqual((await get(receiver, path)).body, loaded)
  const again = await postGzip(receiver, 'x.jsonl.gz', TEXT)
  assert.deepEqual(again.body, { ...loaded, duplicate: true })
})

test('many uploads are asked for in one request; of what others sent a sender is told nothing', async () => {
  await using receiver = await openReceiver()
  const ids = await uploadedIds(receiver, 3)
  const asked = [ids[2]!, ids[0]!, '00000000-0000-7000-8000-000000000000']
  const told = await list(receiver, `?ids=${asked.join()}`)
  assert.deepEqual(told.uploads.map(({ id }) => id).sort(), [ids[0], ids[2]])
  assert.equal(told.next, null)
  const stranger = { url: receiver.url, key: await receiver.makeKey('upload') }
  assert.deepEqual((await list(stranger, `?ids=${ids.join()}`)).uploads, [])
  const reader = { url: receiver.url, key: await receiver.makeKey('read') }
  assert.equal((await list(reader, `?ids=${ids.join()}`)).uploads.length, 3)
  for (const bad of ['x', `${ids[0]},`, Array.from({ length: 101 }, () => ids[0]).join()])
    assertProblem(await get(receiver, `/api/uploads?ids=${bad}`), 400, 'request_invalid')
})

test('uploads are listed from the newest on, page by page', async () => {
  await using receiver = await openReceiver()
  const ids = await uploadedIds(receiver, 5)
  const listed: string[] = []
  for (let cursor = ''; ; ) {
    const { uploads, next } = await list(receiver, `?limit=2${cursor}`)
    assert.ok(uploads.length <= 2)
    listed.push(...uploads.map(({ id }) => id))
    if (next === null) break
    cursor = `&before=${next}`
  }
  assert.deepEqual(listed, ids.toReversed())
})

test('uploads can be listed by their state', async () => {
  await using receiver = await openReceiver()
  const [first = '', second = ''] = await uploadedIds(receiver, 2)
  await receiver.ledger.uploads.settle(first, 'loaded', RESULT, Date.now())
  const idsIn = async (state: string) => (await list(receiver, `?state=${state}`)).uploads.map(({ id }) => id)
  assert.deepEqual(await idsIn('loaded'), [first])
  assert.deepEqual(await idsIn('accepted'), [second])
  assert.deepEqual(await idsIn('held'), [])
})

test('uploads are listed by a column, all or those of a state, page by page', async () => {
  await using receiver = await openReceiver()
  const ids = await uploadedIds(receiver, 5)
  for (const [at, id] of ids.entries())
    await receiver.ledger.uploads.settle(id, at === 2 ? 'held' : 'loaded', { ...RESULT, rows: [5, 1, 3, 1, 4][at]! }, 0)
  const [a, b, c, d, e] = ids
  const reader = { ...receiver, key: await receiver.makeKey('read') }
  const walked = async (query: string) => {
    const listed: string[] = []
    for (let cursor = ''; ; ) {
      const { uploads, next } = await list(reader, `?limit=2&${query}${cursor}`)
      listed.push(...uploads.map(({ id }) => id))
      if (next === null) return listed
      cursor = `&after=${next}`
    }
  }
  assert.deepEqual(await walked('sort=rows'), [b, d, c, e, a])
  assert.deepEqual(await walked('sort=rows&order=desc'), [a, e, c, d, b])
  assert.deepEqual(await walked('sort=rows&state=loaded'), [b, d, e, a])
  assert.deepEqual(await walked('sort=filename&order=desc'), [e, d, c, b, a])
  assert.deepEqual(await walked('sort=state&order=asc'), [c, a, b, d, e])
  const { next } = await list(reader, '?limit=2&sort=rows')
  for (const query of [
    ...['sort=price', 'order=desc', `after=${next}`, `sort=bytes&after=${next}x`, `sort=filename&after=${next}`],
    ...['sort=rows&q=x', 'sort=rows&key=x', `sort=rows&before=${a}`, `sort=rows&ids=${a}`],
  ])
    assertProblem(await get(reader, `/api/uploads?${query}`), 400, 'request_invalid')
  // Whoever only sends sees what it has sent, and that is not sorted.
  assertProblem(await get(receiver, '/api/uploads?sort=rows'), 403, 'scope_missing')
})

test('a query that is not understood is refused with what is wrong', async () => {
  await using receiver = await openReceiver()
  for (const query of ['?state=lost', '?limit=0', '?limit=201', '?limit=many'])
    assertProblem(await get(receiver, `/api/uploads${query}`), 400, 'request_invalid')
})

test('a key that may only upload sees what it has sent, also where another key was first', async () => {
  await using receiver = await openReceiver()
  const mine = (await postGzip(receiver, 'mine.jsonl.gz', rowsText(1))).body.id
  const other = { ...receiver, key: await receiver.makeKey('upload') }
  const theirs = (await postGzip(other, 'theirs.jsonl.gz', rowsText(2))).body.id
  const idsOf = async (asking: Receiver) => (await list(asking)).uploads.map(({ id }) => id)
  assert.deepEqual(await idsOf(receiver), [mine])
  assert.deepEqual(await idsOf(other), [theirs])
  assertProblem(await get(receiver, `/api/uploads/${theirs}`), 404, 'not_found')
  assertProblem(await get(receiver, `/api/uploads/${theirs}/rejects`), 404, 'not_found')
  await postGzip(receiver, 'theirs.jsonl.gz', rowsText(2))
  assert.deepEqual(await idsOf(receiver), [theirs, mine])
  assert.deepEqual(await idsOf({ ...receiver, key: await receiver.makeKey('read') }), [theirs, mine])
  assert.deepEqual(await idsOf({ ...receiver, key: await receiver.makeKey('admin') }), [theirs, mine])
})

test('an id that nobody was given is not found', async () => {
  await using receiver = await openReceiver()
  for (const id of ['0199', 'x'.repeat(99), "' or 1=1 --", '%00'])
    assertProblem(await get(receiver, `/api/uploads/${encodeURIComponent(id)}`), 404, 'not_found')
})

test('rejects come as JSON Lines, with the line as it was, or in base64 where it is no text', async () => {
  await using receiver = await openReceiver()
  const good = rowsText(1)
  const content = Buffer.concat([Buffer.from(`${good}{"a": "ä\n${good}\n`), Buffer.of(0x7b, 0xff)])
  const { body } = await post(
    receiver,
    { 'Content-Type': 'application/jsonl', 'Content-Disposition': named('x.jsonl') },
    content,
  )
  await loadFile(receiver.catalogue, {
    file: { sha256: String(body.sha256), filename: 'x.jsonl', receivedAt: Date.now() },
    bytes: async function* () {
      yield content
    },
    lineBytesMax: 1024 * 1024,
    hold: undefined,
    now: Date.now,
  })
  const response = await fetch(`${receiver.url}/api/uploads/${body.id}/rejects`, {
    headers: { 'X-API-Key': receiver.key },
  })
  assert.match(String(response.headers.get('content-type')), /^application\/x-ndjson/)
  const lines = (await response.text()).trimEnd().split('\n')
  assert.deepEqual(
    lines.map((line) => JSON.parse(line)),
    [
      { line: 2, code: 'not_json', field: null, reason: 'the line is not JSON', raw: '{"a": "ä' },
      { line: 5, code: 'not_utf8', field: null, reason: 'the line is not UTF-8', raw_base64: 'e/8=' },
    ],
  )
})

test('an upload without rejects has none', async () => {
  await using receiver = await openReceiver()
  const { body } = await postGzip(receiver, 'x.jsonl.gz', TEXT)
  const response = await fetch(`${receiver.url}/api/uploads/${body.id}/rejects`, {
    headers: { 'X-API-Key': receiver.key },
  })
  assert.deepEqual([response.status, await response.text()], [200, ''])
})
