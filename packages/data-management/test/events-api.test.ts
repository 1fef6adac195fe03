/** Events over the API: what is told to whom, what is missed, and when it ends. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { realDisk } from '@splitcart/shared/disk.ts'
import { openLog } from '@splitcart/shared/log.ts'
import { until } from '../../../test/machines.ts'
import { allowedMs } from '../../../test/times.ts'
import { KEEP_ALIVE_COMMENT } from '../http/events/event-frames.ts'
import { Listeners } from '../http/events/listeners.ts'
import { writeProgress } from '../inbox/progress.ts'
import { runLoaderPass } from '../update-db/update-db.ts'
import { programThatRuns } from './ledgers.ts'
import { listen } from './listening.ts'
import { assertProblem, get, openReceiver, postGzip, type Receiver, rowsText, SETTINGS_KEY } from './receiver.ts'

const NOBODY = new AbortController().signal
const READER = { 'X-API-Key': SETTINGS_KEY }

async function load({ folders, ledger, catalogue }: Receiver): Promise<void> {
  const rest = { lineBytesMax: 1024 * 1024, hold: undefined, log: openLog('silent'), now: Date.now, onFile: () => {} }
  await runLoaderPass({ disk: realDisk(), folders, ledger, catalogue, ...rest }, NOBODY)
}

test('an upload is told when it arrives and when it is loaded, as the API would show it', async () => {
  await using receiver = await openReceiver()
  await using listening = await listen(receiver, READER)
  assert.match(listening.response.headers.get('content-type') ?? '', /^text\/event-stream/)
  assert.equal(listening.response.headers.get('cache-control'), 'no-store')
  assert.equal((await listening.next()).event, 'reload')
  const { id } = (await postGzip(receiver, 'x.jsonl.gz', rowsText(3))).body
  const arrived = await listening.next('upload')
  assert.deepEqual([arrived.data.id, arrived.data.state], [id, 'accepted'])
  await load(receiver)
  let loaded = await listening.next('upload')
  // Told too, where somebody looks at the right moment.
  while (loaded.data.state === 'loading') loaded = await listening.next('upload')
  // Until when it may serve as a dictionary is told to who asks.
  const { dictionary_until, ...shown } = (await get({ ...receiver, key: SETTINGS_KEY }, `/api/uploads/${id}`)).body
  assert.deepEqual([loaded.data, typeof dictionary_until], [shown, 'string'])
  assert.equal(loaded.data.state, 'loaded')
  await receiver.ledger.lost.add(String(id), 'a test', 1)
  assert.deepEqual((await listening.next('forgotten')).data, { id })
})

test('who comes back hears what was missed; who has missed too much, or comes from elsewhere, is told to ask anew', async () => {
  await using receiver = await openReceiver()
  let last: string | undefined
  {
    await using listening = await listen(receiver, READER)
    last = (await listening.next('reload')).id
  }
  assert.ok(last)
  await postGzip(receiver, 'a.jsonl.gz', rowsText(1))
  await postGzip(receiver, 'b.jsonl.gz', rowsText(2))
  {
    await using listening = await listen(receiver, { ...READER, 'Last-Event-ID': last })
    const heard = [await listening.next(), await listening.next()]
    assert.deepEqual(
      heard.map(({ event, data }) => [event, data.filename]),
      [
        ['upload', 'a.jsonl'],
        ['upload', 'b.jsonl'],
      ],
    )
    last = heard[0]?.id
  }
  {
    await using listening = await listen(receiver, { ...READER, 'Last-Event-ID': String(last) })
    assert.equal((await listening.next()).data.filename, 'b.jsonl')
  }
  for (const id of ['nothing', 'other-1', `${last?.split('-')[0]}-999999`, `${last?.split('-')[0]}--1`, '']) {
    await using listening = await listen(receiver, { ...READER, 'Last-Event-ID': id })
    assert.equal((await listening.next()).event, 'reload', id)
  }
  await using witness = await listen(receiver, READER)
  const before = numberOf((await witness.next('reload')).id)
  const [upload] = await receiver.ledger.uploads.list({ limit: 1 })
  for (let times = 0; times < 250; times++) await receiver.ledger.uploads.markLoading(String(upload?.id), times, null)
  // Until all of it has been told; before that it would still come to whoever joins.
  while (numberOf((await witness.next()).id) < before + 250);
  await using listening = await listen(receiver, { ...READER, 'Last-Event-ID': String(last) })
  assert.equal((await listening.next()).event, 'reload')
})

test('many changes at once reach everybody, each upload as it stands in the end', async () => {
  await using receiver = await openReceiver()
  await using one = await listen(receiver, READER)
  await using other = await listen(receiver, READER)
  const ids = new Set<unknown>()
  for (let number = 1; number <= 30; number++)
    ids.add((await postGzip(receiver, `${number}.jsonl.gz`, rowsText(number))).body.id)
  for (const listening of [one, other]) {
    const heard = new Set<unknown>()
    while (heard.size < ids.size) heard.add((await listening.next('upload')).data.id)
    assert.deepEqual(heard, ids)
  }
})

test('how far a load has come is told', async () => {
  await using receiver = await openReceiver()
  await using listening = await listen(receiver, READER)
  const note = (bytes: number) =>
    writeProgress(realDisk(), receiver.folders.data, { upload_id: 'x', bytes, of_bytes: 100 })
  const heard = listening.next('progress')
  let bytes = 10
  // Again and again: the first look may find what a load before has left, and that is not told.
  const noting = setInterval(() => {
    bytes++
    void note(bytes)
  }, 300)
  const { id, data } = await heard.finally(() => clearInterval(noting))
  assert.equal(id, undefined)
  assert.deepEqual(data, { upload_id: 'x', bytes: data.bytes, of_bytes: 100 })
  assert.ok(Number(data.bytes) > 10)
})

test('a stream ends at once when its key is revoked, its session ends, or the server stops', async () => {
  await using receiver = await openReceiver()
  const { ledger } = receiver
  const key = await ledger.keys.create({ name: 'x', scopes: ['read'], onlyFor: null, expiresAt: null }, Date.now())
  await using ofKey = await listen(receiver, { 'X-API-Key': key.text })
  const { token } = await ledger.sessions.open('settings', Date.now())
  await using ofSession = await listen(receiver, { Cookie: `splitcart_session=${token}` })
  await using ofServer = await listen(receiver, READER)
  await ledger.keys.revoke(key.id, Date.now())
  await ofKey.ended()
  await ledger.sessions.end(token)
  await ofSession.ended()
  assert.equal((await ofServer.next()).event, 'reload', 'others go on')
})

test('a server that stops ends its streams and is gone soon', async () => {
  const receiver = await openReceiver()
  await using listening = await listen(receiver, READER)
  await listening.next()
  const start = performance.now()
  await Promise.all([listening.ended().catch(() => {}), receiver[Symbol.asyncDispose]()])
  assert.ok(performance.now() - start < allowedMs(5_000))
})

test('a request that does not ask for events, or may not have them, gets an answer that ends', async () => {
  await using receiver = await openReceiver()
  for (const accept of ['*/*', 'application/json', 'text/*', ''])
    assertProblem(await ask(receiver, { ...READER, Accept: accept }), 406, 'not_acceptable')
  assertProblem(await ask(receiver, { Accept: 'text/event-stream' }), 401, 'key_refused')
  assertProblem(await ask(receiver, { Accept: 'text/event-stream', 'X-API-Key': receiver.key }), 403, 'scope_missing')
  const head = await fetch(`${receiver.url}/api/events`, {
    method: 'HEAD',
    headers: { ...READER, Accept: 'text/event-stream' },
  })
  assert.equal(head.status, 405)
})

test('a key has a bounded number of listeners, and gets its place back', async () => {
  await using receiver = await openReceiver()
  const open = await Promise.all(Array.from({ length: 20 }, () => listen(receiver, READER)))
  assertProblem(await ask(receiver, { ...READER, Accept: 'text/event-stream' }), 503, 'too_many_listeners')
  const other = await receiver.makeKey('read')
  await using _ = await listen(receiver, { 'X-API-Key': other })
  await open[0]?.[Symbol.asyncDispose]()
  const isIn = async () => {
    const response = await fetch(`${receiver.url}/api/events`, { headers: { ...READER, Accept: 'text/event-stream' } })
    await response.body?.cancel()
    return response.status === 200
  }
  await until(isIn, 'the place is free')
  for (const listening of open) await listening[Symbol.asyncDispose]()
})

test('a listener that does not read is cut off, while others hear all, and its place is free', async () => {
  const listeners = new Listeners()
  const guest = { keyId: 'k', credential: 'c', isStillAllowed: async () => true }
  const [reading, asleep] = [listeners.join(guest, KEEP_ALIVE_COMMENT), listeners.join(guest, KEEP_ALIVE_COMMENT)]
  let heard = 0
  reading.on('data', (chunk: Buffer) => {
    heard += chunk.length
  })
  const frame = `${'x'.repeat(10_000)}\n\n`
  for (let times = 0; times < 100; times++) {
    listeners.broadcast(frame)
    await sleep(1)
    assert.ok(asleep.readableLength <= 512 * 1024)
  }
  assert.deepEqual([asleep.destroyed, reading.destroyed, listeners.count], [true, false, 1])
  assert.equal(heard, KEEP_ALIVE_COMMENT.length + 100 * frame.length)
  listeners.stop()
  listeners.broadcast(frame)
  await once(reading, 'end')
})

test('a connection whose listener was cut off is closed', async () => {
  await using receiver = await openReceiver()
  await using listening = await listen(receiver, READER)
  await listening.next('reload')
  const { id } = (await postGzip(receiver, 'x.jsonl.gz', rowsText(1))).body
  const counts = { rows: 0, inserted: 0, changed: 0, unchanged: 0, duplicate: 0, rejected: 0, warnings: 0 }
  const result = { ...counts, finished_at: new Date().toISOString(), problem: 'y'.repeat(600_000) }
  await receiver.ledger.uploads.settle(String(id), 'held', result, 0)
  await assert.rejects(listening.ended(), /terminated/)
})

test('another process that changes the ledger is heard, too', async () => {
  await using receiver = await openReceiver()
  await postGzip(receiver, 'x.jsonl.gz', rowsText(1))
  await using listening = await listen(receiver, READER)
  await listening.next('reload')
  const script = await programThatRuns(receiver.folders.data, "update upload set state = 'loading'")
  const child = spawn(process.execPath, ['-e', script], { stdio: 'inherit' })
  assert.deepEqual(await once(child, 'exit'), [0, null])
  assert.equal((await listening.next('upload')).data.state, 'loading')
})

async function ask({ url }: Receiver, headers: Record<string, string>) {
  const response = await fetch(`${url}/api/events`, { headers })
  return { status: response.status, headers: response.headers, body: JSON.parse(await response.text()) }
}

const numberOf = (id: string | undefined) => Number(id?.split('-')[1])
