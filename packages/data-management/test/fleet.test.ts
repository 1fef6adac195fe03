/** A fleet's inbox in real NATS servers: files come in by any receiver and are loaded by any loader, once, whatever dies meanwhile. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DAY_MS } from '@splitcart/shared/time.ts'
import { until } from '../../../test/machines.ts'
import type { SystemView } from '../http/routes/system-schema.ts'
import { jetStreamAddressOf } from '../inbox/jetstream/address.ts'
import { SenderTurns } from '../inbox/jetstream/sender-turns.ts'
import { SharedInbox } from '../inbox/jetstream/shared-inbox.ts'
import { receiptOf } from '../ledger/receipt-of.ts'
import { loadUpload } from '../update-db/load-upload.ts'
import { maintain, pruneBucket } from '../update-db/maintenance.ts'
import { CLAIM_MS, NOBODY, type Scene, scene, skip } from './fleet-scene.ts'
import { HOLD } from './hold.ts'
import { get, postGzip, rowsText, SETTINGS_KEY, sha256Of } from './receiver.ts'

const CLAIMED = /^splitcart_work_items\{state="claimed"\} 1$/m

test('a file that is sent lies in the bucket, is loaded, and can be had back', { skip }, async () => {
  await using at = await scene()
  const text = `${rowsText(3)}no row\n`
  const sent = await postGzip(at.receiver, 'x.jsonl.gz', text)
  assert.equal(sent.status, 201)
  assert.deepEqual(await at.receiver.inboxNames(), [])
  assert.deepEqual({ ...(await at.fleet.counts()), oldest: 0 }, { waiting: 1, claimed: 0, redelivered: 0, oldest: 0 })
  await at.load()
  assert.equal(await at.stateOf(sent.body.id), 'loaded')
  const headers = { 'X-API-Key': SETTINGS_KEY }
  const content = await fetch(`${at.receiver.url}/api/uploads/${sent.body.id}/content`, { headers })
  assert.equal(await content.text(), text)
  assert.deepEqual(await at.fleet.counts(), { waiting: 0, claimed: 0, redelivered: 0, oldest: null })
  assert.deepEqual(await at.receiver.inboxNames(), [])
  assert.equal((await postGzip(at.receiver, 'y.jsonl.gz', text)).status, 200)
  assert.equal((await at.load()).loaded, 0)
})

test('the same bytes sent by many at once are one upload and one work item', { skip }, async () => {
  await using at = await scene()
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, index) => postGzip(at.receiver, `${index}.jsonl.gz`, rowsText(50))),
  )
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 200, 200, 200, 200, 200, 200, 201])
  assert.equal((await at.fleet.counts()).waiting, 1)
  assert.deepEqual(
    (await at.fleet.bucket.list()).map(({ sha256 }) => sha256),
    [sha256Of(rowsText(50))],
  )
  await at.load()
  assert.equal(await at.stateOf(answers[0]!.body.id), 'loaded')
})

test('a large file comes back whole from the bucket, piece by piece', { skip }, async () => {
  await using at = await scene()
  const bytes = Buffer.from(Array.from({ length: 9 * 1024 * 1024 }, (_, index) => (index * 31) % 251))
  await at.fleet.bucket.put('large', async function* () {
    for (let start = 0; start < bytes.length; start += 300_000) yield bytes.subarray(start, start + 300_000)
  })
  const came = await Array.fromAsync((await at.fleet.bucket.get('large'))!)
  assert.ok(came.length > 16)
  assert.ok(Buffer.concat(came).equals(bytes))
  await at.fleet.bucket.remove('large')
  assert.equal(await at.fleet.bucket.get('large'), undefined)
})

test('what breaks off on its way into the bucket leaves nothing there', { skip }, async () => {
  await using at = await scene()
  const put = at.fleet.bucket.put('half', async function* () {
    yield Buffer.alloc(2 * 1024 * 1024)
    throw new Error('the disk is broken')
  })
  await assert.rejects(put, /the disk is broken/)
  assert.equal(await at.fleet.bucket.has('half'), false)
  assert.equal(await at.fleet.bucket.removeIncompleteFiles(0, Date.now() + 1), 0)
})

test('a receiver says what the loaders of its fleet do, on whichever machine', { skip }, async () => {
  await using at = await scene()
  const reader = { ...at.receiver, key: SETTINGS_KEY }
  const systemOf = async () => (await get(reader, '/api/system')).body as unknown as SystemView
  const stateOf = async () => (await systemOf()).loader.state
  assert.equal(await stateOf(), 'not running')
  const waiting = at.fleet.claim(CLAIM_MS)
  await until(async () => (await stateOf()) === 'idle', 'a loader waits')
  const { id } = (await postGzip(at.receiver, 'x.jsonl.gz', rowsText(1))).body
  using claim = await waiting
  await at.receiver.ledger.uploads.markLoading(String(id), Date.now(), null)
  assert.equal(await stateOf(), 'working')
  assert.equal((await systemOf()).inbox.files, 1)
  assert.match(await (await fetch(`${reader.url}/metrics`, { headers: { 'X-API-Key': SETTINGS_KEY } })).text(), CLAIMED)
  await claim?.done()
})

test('a loader that falls silent loses its claim, one that works keeps it', { skip }, async () => {
  const claimMs = 6_000
  await using at = await scene(1, claimMs)
  await postGzip(at.receiver, 'x.jsonl.gz', rowsText(1))
  {
    using claim = await at.fleet.claim(CLAIM_MS)
    assert.equal(claim?.timesClaimed, 1)
    assert.equal(await at.fleet.claim(1.5 * claimMs), undefined)
  }
  using again = await at.fleet.claim(CLAIM_MS)
  assert.equal(again?.timesClaimed, 2)
  assert.equal((await at.fleet.counts()).redelivered, 1)
  await again?.done()
  assert.equal((await at.fleet.counts()).oldest, null)
})

test('a load that was committed before its loader died is not made again', { skip }, async () => {
  await using at = await scene(1, 1_000)
  const { id, sha256 } = (await postGzip(at.receiver, 'x.jsonl.gz', rowsText(4))).body
  const upload = await at.receiver.ledger.uploads.find(String(id))
  {
    using _claim = await at.fleet.claim(CLAIM_MS)
    await using opened = await at.work.inbox.open(upload!)
    await loadUpload(at.work, upload!, opened!.stored, { hold: undefined })
  }
  assert.equal(await at.stateOf(id), 'loading')
  const load = await at.receiver.catalogue.findLoad(String(sha256))
  await until(() => isLoaded(at, id), 'another loader has it')
  assert.deepEqual(await at.receiver.catalogue.findLoad(String(sha256)), load)
})

/** An upload that ends every loader that begins with it. */
async function setAside(at: Scene): Promise<string> {
  const { id } = (await postGzip(at.receiver, 'x.jsonl.gz', rowsText(2))).body
  for (let times = 1; times <= 10; times++) {
    using claim = await at.fleet.claim(CLAIM_MS)
    assert.equal(claim?.timesClaimed, times)
    claim?.giveBack(0)
  }
  await at.load()
  assert.equal(await at.stateOf(id), 'held')
  assert.equal((await at.fleet.counts()).oldest, null)
  return String(id)
}

test('an upload that ends every loader is set aside in the end, and a person can discard it', { skip }, async () => {
  await using at = await scene()
  const id = await setAside(at)
  await at.receiver.ledger.uploads.requestAction(id, { action: 'discard', by: 'me', reason: 'it is no scrape' })
  await maintain(at.work, NOBODY)
  const upload = await at.receiver.ledger.uploads.find(id)
  assert.deepEqual([upload?.state, upload?.action], ['failed', null])
  assert.equal(receiptOf(upload!, false).load?.problem, 'Discarded by me: it is no scrape')
})

test('an upload that ends every loader is set aside in the end, and a person can have it loaded', {
  skip,
}, async () => {
  await using at = await scene()
  const id = await setAside(at)
  await at.receiver.ledger.uploads.requestAction(id, {
    action: 'load',
    by: 'me',
    reason: 'the loaders have more memory now',
  })
  await maintain(at.work, NOBODY)
  assert.equal(await at.stateOf(id), 'loaded')
})

test('when the whole inbox is lost, what waited is forgotten and comes again; what was loaded stays', {
  skip,
}, async () => {
  await using at = await scene()
  const loaded = await postGzip(at.receiver, 'loaded.jsonl.gz', rowsText(1))
  await at.load()
  const waiting = await postGzip(at.receiver, 'waiting.jsonl.gz', rowsText(2))
  await at.nats.wipe()
  await until(async () => (await at.fleet.counts().catch(() => undefined))?.waiting === 0, 'all of it is lost')
  await maintain(at.work, NOBODY, 0)
  assert.equal(await at.stateOf(loaded.body.id), 'loaded')
  assert.equal(await at.receiver.ledger.uploads.find(String(waiting.body.id)), undefined)
  const again = await postGzip(at.receiver, 'waiting.jsonl.gz', rowsText(2))
  assert.equal(again.status, 201)
  await at.load()
  assert.equal(await at.stateOf(again.body.id), 'loaded')
})

test('a work item that is lost is made again, as long as the bytes are there', { skip }, async () => {
  await using at = await scene()
  const { id } = (await postGzip(at.receiver, 'x.jsonl.gz', rowsText(2))).body
  {
    using claim = await at.fleet.claim(CLAIM_MS)
    await claim?.done()
  }
  assert.equal((await at.fleet.counts()).oldest, null)
  await maintain(at.work, NOBODY, 0)
  await maintain(at.work, NOBODY, 0)
  assert.equal((await at.fleet.counts()).waiting, 1)
  await at.load()
  assert.equal(await at.stateOf(id), 'loaded')
})

test('loaded files leave the bucket after their time, what waits for a person never', { skip }, async () => {
  await using at = await scene()
  const loaded = await postGzip(at.receiver, 'loaded.jsonl.gz', rowsText(30))
  await at.load()
  const held = await postGzip(at.receiver, 'held.jsonl.gz', `${rowsText(3, 2)}no row\nno row\n`)
  await at.load({ hold: HOLD })
  assert.equal(await at.stateOf(held.body.id), 'held')
  assert.equal(await pruneBucket(at.work, 30), 0)
  const later = { ...at.work, now: () => Date.now() + 31 * DAY_MS }
  await assert.rejects(pruneBucket(later, 30), { code: 'prune_refused' })
  const yearLater = { ...at.work, now: () => Date.now() + 365 * DAY_MS }
  const young = await postGzip(at.receiver, 'young.jsonl.gz', rowsText(40))
  await at.load(yearLater)
  await assert.rejects(pruneBucket(yearLater, 30), { code: 'prune_refused' })
  assert.equal(await at.fleet.bucket.has(String(young.body.sha256)), true)
  assert.equal(await pruneBucket(yearLater, 30, true), 1)
  assert.equal(await at.fleet.bucket.has(String(loaded.body.sha256)), false)
  assert.equal(await at.fleet.bucket.has(String(held.body.sha256)), true)
})

test('one server of three may die at any time; without a majority senders are told to come back', {
  skip,
}, async () => {
  await using at = await scene(3)
  const first = await postGzip(at.receiver, 'first.jsonl.gz', rowsText(1))
  assert.equal(first.status, 201)
  await at.nats.kill(0)
  const second = await accepted(() => postGzip(at.receiver, 'second.jsonl.gz', rowsText(2)))
  await at.nats.kill(1)
  const third = await postGzip(at.receiver, 'third.jsonl.gz', rowsText(3))
  assert.deepEqual([third.status, third.body.code], [503, 'inbox_unreachable'])
  await Promise.all([at.nats.start(0), at.nats.start(1)])
  const again = await accepted(() => postGzip(at.receiver, 'third.jsonl.gz', rowsText(3)))
  for (const { body } of [first, second, again])
    await until(() => isLoaded(at, body.id).catch(() => false), 'it is loaded')
})

test('who sends much keeps the others waiting for one of his files, and each file is loaded once', {
  skip,
}, async () => {
  await using at = await scene()
  const { receiver } = at
  const other = { ...receiver, key: await receiver.makeKey('upload') }
  for (let index = 0; index < 8; index++) await postGzip(receiver, `many-${index}.jsonl.gz`, rowsText(1, index + 1))
  await postGzip(other, 'single-0.jsonl.gz', rowsText(1, 100))
  await postGzip(other, 'single-1.jsonl.gz', rowsText(1, 101))
  let asked = 0
  const turns = new SenderTurns(receiver.ledger, () => 1_000 * Math.floor(asked++ / 2))
  const inbox = new SharedInbox(at.work, at.fleet, turns)
  const loaded: string[] = []
  await at.load({ inbox, onFile: ({ filename }) => void loaded.push(filename.replace('.jsonl', '')) })
  const many = Array.from({ length: 8 }, (_, index) => `many-${index}`)
  assert.deepEqual(loaded, ['single-0', many[0], 'single-1', ...many.slice(1)])
  assert.deepEqual((await at.fleet.counts()).oldest, null)
  const uploads = await receiver.ledger.uploads.list({ limit: 20 })
  assert.deepEqual([...new Set(uploads.map(({ state }) => state))], ['loaded'])
})

test('the address of an inbox says where it is, and what it does not say has a default', () => {
  const place = jetStreamAddressOf('nats://me:p%40ss@one,two:1234,[::1]?monitor=8222')
  assert.deepEqual(place.servers, ['one:4222', 'two:1234', '[::1]:4222'])
  assert.deepEqual([place.login, place.replicas, place.monitorPort], [{ user: 'me', pass: 'p@ss' }, 3, 8222])
  assert.deepEqual(jetStreamAddressOf('nats://me:a:b@one').login, { user: 'me', pass: 'a:b' })
  assert.equal(jetStreamAddressOf('nats://one').replicas, 1)
  assert.equal(jetStreamAddressOf('tls://a,b,c,d?replicas=1').tls, true)
  for (const wrong of ['nats://', 'nats://a,,b', 'http://a', 'nats://a?replicas=9', 'nats://a b', 'nats://a?monitor=x'])
    assert.throws(() => jetStreamAddressOf(wrong), /nats:\/\/host1/, wrong)
  assert.throws(() => jetStreamAddressOf('nats://me:100%@one'), { message: /%25 for each "%"/ })
})

type Posted = Awaited<ReturnType<typeof postGzip>>

/** Sends for as long as it is to come back. */
async function accepted(send: () => Promise<Posted>): Promise<Posted> {
  let answer = await send()
  const isTold = async () => {
    if (answer.status === 503) answer = await send()
    return answer.status !== 503
  }
  await until(isTold, 'it is taken')
  assert.ok([200, 201].includes(answer.status), JSON.stringify(answer.body))
  return answer
}

/** Deals with all there is, and tells whether this is loaded then. */
async function isLoaded(at: Scene, id: unknown): Promise<boolean> {
  await at.load()
  return (await at.stateOf(id)) === 'loaded'
}

test('what people have said is brought into the catalogue by whoever maintains the fleet', { skip }, async () => {
  await using at = await scene()
  await postGzip(at.receiver, 'x.jsonl.gz', rowsText(2))
  await at.load()
  const products = () => at.receiver.catalogue.database.all('select distinct product_id from listing')
  assert.equal((await products()).length, 2)
  const [one, other] = ['s0', 's1'].map((code) => ({ company: 'aldi', byName: 0 as const, code }))
  const about = { at: Date.now(), who: 'a test', reason: '' }
  await at.receiver.ledger.verdicts.add({ one: one!, other: other!, verdict: 'same', ...about })
  await maintain(at.work, NOBODY)
  assert.equal((await products()).length, 1)
})
