/** What a person does with uploads over the API: requested actions and their limits, what would change, the file itself, and the details. */
import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { realDisk } from '@splitcart/shared/disk.ts'
import { openLog } from '@splitcart/shared/log.ts'
import type { PreviewView, UploadPage, UploadView } from '../http/routes/uploads-schema.ts'
import { runActions } from '../update-db/actions.ts'
import type { LoaderContext } from '../update-db/process.ts'
import { runLoaderPass } from '../update-db/update-db.ts'
import { HOLD } from './hold.ts'
import { type Answer, assertProblem, get, openReceiver, post, postGzip, type Receiver, rowsText } from './receiver.ts'

const NOBODY = new AbortController().signal
function workOn({ folders, ledger, catalogue }: Receiver): LoaderContext {
  const rest = { lineBytesMax: 1024 * 1024, hold: HOLD, log: openLog('silent'), now: Date.now, onFile: () => {} }
  return { disk: realDisk(), folders, ledger, catalogue, ...rest }
}

function scrapeOn(date: string, count: number, price?: number): string {
  return rowsText(count, price).replaceAll('2025-09-12', date)
}

async function sent(receiver: Receiver, name: string, text: string): Promise<string> {
  const { body } = await postGzip(receiver, `${name}.jsonl.gz`, text)
  await runLoaderPass(workOn(receiver), NOBODY)
  return String(body.id)
}

async function opened(): Promise<{ receiver: Receiver; admin: Receiver; held: string; loaded: string }> {
  const receiver = await openReceiver()
  const loaded = await sent(receiver, 'whole', scrapeOn('2025-09-11', 30))
  const held = await sent(receiver, 'broken-off', scrapeOn('2025-09-12', 5, 3))
  return { receiver, admin: { ...receiver, key: await receiver.makeKey('admin') }, held, loaded }
}

function act(admin: Receiver, id: string, what: string, body?: object): Promise<Answer> {
  const headers: Record<string, string> = body === undefined ? {} : { 'Content-Type': 'application/json' }
  return post(admin, headers, body === undefined ? null : JSON.stringify(body), `/api/uploads/${id}/${what}`)
}

async function viewOf(admin: Receiver, id: string): Promise<UploadView> {
  return (await get(admin, `/api/uploads/${id}`)).body as unknown as UploadView
}

test('what loading a held file would change is told, by name and with the numbers of a dry run', async () => {
  const { receiver, admin, held, loaded } = await opened()
  await using _ = receiver
  const { preview } = (await get(admin, `/api/uploads/${held}/preview`)).body as unknown as PreviewView
  assert.ok(preview)
  const store = { company: 'aldi', store_id: 'G120', store_name: 'nerang' }
  assert.deepEqual(preview.stores, [{ ...store, date: '2025-09-12', rows: 5, rows_before: 30 }])
  const { inserted, changed, unchanged, disappeared } = preview
  assert.deepEqual([inserted, changed, unchanged, disappeared], [0, 5, 0, 25])
  assert.equal(preview.jumps.length, 5)
  assert.deepEqual(preview.jumps[0], { ...store, sku: 's0', name: 'Milk 0 ÄÖ', from_cents: 150, to_cents: 300 })
  assert.equal(preview.first_disappeared.length, 20)
  assert.deepEqual(preview.first_disappeared[0], { ...store, sku: 's5', name: 'Milk 5 ÄÖ' })
  assert.deepEqual((await get(admin, `/api/uploads/${loaded}/preview`)).body, { upload_id: loaded, preview: null })
  const two = await sent(receiver, 'two', `${scrapeOn('2025-09-13', 5)}\n${scrapeOn('2025-09-14', 4)}`)
  const later = (await get(admin, `/api/uploads/${two}/preview`)).body as unknown as PreviewView
  const before = later.preview!.stores.map(({ rows, rows_before }) => [rows, rows_before])
  assert.deepEqual(before, [
    [5, 30],
    [4, 30],
  ])
  await act(admin, held, 'release')
  await runActions(workOn(receiver), NOBODY)
  const { load } = await viewOf(admin, held)
  assert.deepEqual([load?.inserted, load?.changed, load?.unchanged], [0, 5, 0], 'as it was said')
})

test('a held upload is released over the API, and the audit names who did it', async () => {
  const { receiver, admin, held } = await opened()
  await using _ = receiver
  const answer = await act(admin, held, 'release', { reason: 'the shop is closing' })
  assert.equal(answer.status, 202)
  const requested = answer.body as unknown as UploadView
  assert.deepEqual([requested.state, requested.details?.requested_action?.what], ['held', 'load'])
  assert.equal(requested.details?.requested_action?.reason, 'the shop is closing')
  assertProblem(await act(admin, held, 'discard'), 409, 'state_other')
  await runActions(workOn(receiver), NOBODY)
  const after = await viewOf(admin, held)
  assert.deepEqual([after.state, after.details?.requested_action], ['loaded', null])
  const [entry] = await receiver.ledger.auditEntries(Number.MAX_SAFE_INTEGER, 1)
  assert.deepEqual([entry?.what, entry?.about, entry?.detail], ['load', held, 'the shop is closing'])
  assert.match(entry?.who ?? '', /^a test \(\w{10}\)$/)
})

test('undo, replay and discard are done over the API, and the sender is told why', async () => {
  const { receiver, admin, held, loaded } = await opened()
  await using _ = receiver
  const done = async (id: string, what: string, reason?: string) => {
    assert.equal((await act(admin, id, what, reason === undefined ? undefined : { reason })).status, 202)
    await runActions(workOn(receiver), NOBODY)
    return (await get(receiver, `/api/uploads/${id}`)).body as unknown as UploadView
  }
  const undone = await done(loaded, 'undo', 'wrong prices')
  assert.equal(undone.state, 'held')
  assert.match(undone.load?.problem ?? '', /^Taken out of the catalogue by a test \(\w{10}\): wrong prices/)
  assert.equal((await done(loaded, 'replay')).state, 'loaded')
  assert.equal((await done(held, 'discard', '\u001b[31m<b>')).state, 'failed')
  assert.equal((await done(held, 'replay')).state, 'loaded')
})

test('an action that does not fit the state, or whose file is gone, is refused', async () => {
  const { receiver, admin, held, loaded } = await opened()
  await using _ = receiver
  for (const [id, what] of [
    [loaded, 'release'],
    [loaded, 'discard'],
    [held, 'undo'],
  ] as const)
    assertProblem(await act(admin, id, what), 409, 'state_other')
  const { id: waiting } = (await postGzip(receiver, 'waits.jsonl.gz', scrapeOn('2025-09-13', 3))).body
  for (const what of ['release', 'discard', 'undo', 'replay'])
    assertProblem(await act(admin, String(waiting), what), 409, 'state_other')
  assertProblem(await act(admin, 'nothing', 'replay'), 404, 'not_found')
  assertProblem(await act(admin, held, 'release', { because: 'x' }), 400, 'request_invalid')
  assertProblem(await act(admin, held, 'release', { reason: 'x'.repeat(501) }), 400, 'request_invalid')
  await rm(join(receiver.folders.processed, 'whole.jsonl'))
  assertProblem(await act(admin, loaded, 'replay'), 409, 'state_other')
  assert.deepEqual(await receiver.ledger.uploads.withAction(), [])
})

test('the file of an upload comes back as it was received, wherever it lies', async () => {
  const { receiver, admin, held, loaded } = await opened()
  await using _ = receiver
  const big = scrapeOn('2025-09-13', 12_000)
  const { id: waiting } = (await postGzip(receiver, 'ä "b".jsonl.gz'.replaceAll('"', "'"), big)).body
  const failed = await receiver.ledger.uploads.find(held)
  for (const [id, text, name] of [
    [loaded, scrapeOn('2025-09-11', 30), 'whole.jsonl'],
    [held, scrapeOn('2025-09-12', 5, 3), 'broken-off.jsonl'],
    [String(waiting), big, "ä 'b'.jsonl"],
  ] as const) {
    const response = await fetch(`${receiver.url}/api/uploads/${id}/content`, { headers: { 'X-API-Key': admin.key } })
    assert.equal(response.status, 200)
    assert.equal(response.headers.get('content-length'), String(Buffer.byteLength(text)))
    assert.equal(await response.text(), text)
    const disposition = response.headers.get('content-disposition') ?? ''
    assert.ok(disposition.startsWith('attachment; '), disposition)
    assert.ok(decodeURIComponent(disposition).includes(name), disposition)
    assert.equal(response.headers.get('x-content-type-options'), 'nosniff')
  }
  assert.ok(failed)
  await rm(join(receiver.folders.held, failed.stored_as))
  assertProblem(await get(admin, `/api/uploads/${held}/content`), 404, 'not_found')
  // Who sends and reads gets what it has sent itself, and nothing of others.
  const wanted = { name: 'other', scopes: ['upload', 'read'] as const, onlyFor: null, expiresAt: null }
  const other = { ...receiver, key: (await receiver.ledger.keys.create(wanted, Date.now())).text }
  assertProblem(await get(other, `/api/uploads/${waiting}/content`), 404, 'not_found')
  for (const id of ['..%2f..%2fledger.db', '%2e%2e', 'whole.jsonl'])
    assertProblem(await get(admin, `/api/uploads/${id}/content`), 404, 'not_found')
})

test('another file of the same name is never taken for that of an upload', async () => {
  await using receiver = await openReceiver()
  const admin = { ...receiver, key: await receiver.makeKey('admin') }
  const ids = [
    await sent(receiver, 'same', scrapeOn('2025-09-11', 3)),
    await sent(receiver, 'same', scrapeOn('2025-09-12', 4)),
  ]
  const texts = await Promise.all(
    ids.map(async (id) => {
      const response = await fetch(`${receiver.url}/api/uploads/${id}/content`, { headers: { 'X-API-Key': admin.key } })
      return response.text()
    }),
  )
  assert.deepEqual(texts, [scrapeOn('2025-09-11', 3), scrapeOn('2025-09-12', 4)])
})

test('details are for those who may read; who only sends gets plain receipts', async () => {
  const { receiver, admin, held } = await opened()
  await using _ = receiver
  await postGzip(receiver, 'again.jsonl.gz', scrapeOn('2025-09-12', 5, 3))
  const { details } = await viewOf(admin, held)
  assert.deepEqual([details?.sender?.name, details?.times_sent, details?.requested_action], ['a test', 2, null])
  assert.ok(Date.parse(details?.load_started_at ?? '') <= Date.parse(details?.settled_at ?? ''))
  assert.ok((details?.wire_bytes ?? 0) > 0)
  assert.equal((await viewOf(receiver, held)).details, undefined)
  const { uploads } = (await get(receiver, '/api/uploads')).body as unknown as UploadPage
  assert.deepEqual(
    uploads.map((upload) => upload.details),
    [undefined, undefined],
  )
})

test('uploads are found by a part of their name and by who sent them', async () => {
  const { receiver, admin } = await opened()
  await using _ = receiver
  const other = await receiver.makeKey('upload')
  await sent({ ...receiver, key: other }, 'sure_1', scrapeOn('2025-09-13', 3))
  const names = async (query: string) => {
    const { uploads } = (await get(admin, `/api/uploads?${query}`)).body as unknown as UploadPage
    return uploads.map(({ filename }) => filename)
  }
  assert.deepEqual(await names('q=KEN-O'), ['broken-off.jsonl'])
  assert.deepEqual(await names('q=e_1'), ['sure_1.jsonl'])
  assert.deepEqual(await names('q=%25'), [])
  assert.deepEqual(await names(`key=${other.split('_')[1]}`), ['sure_1.jsonl'])
  assert.deepEqual(await names('key=nobody'), [])
})
