/** What a key may write holds whatever is slow or crashes, and every upload knows its sender. */
import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { basename } from 'node:path'
import { test } from 'node:test'
import { type Disk, realDisk } from '@splitcart/shared/disk.ts'
import { openLog } from '@splitcart/shared/log.ts'
import type { Receipt } from '@splitcart/shared/receipt.ts'
import { recoverArriving } from '../inbox/recover-arriving.ts'
import { runActions } from '../update-db/actions.ts'
import type { LoaderContext } from '../update-db/process.ts'
import { runLoaderPass } from '../update-db/update-db.ts'
import { HOLD } from './hold.ts'
import {
  assertProblem,
  get,
  openReceiver,
  post,
  postGzip,
  type Receiver,
  rowsText,
  sha256Of,
  TEXT,
} from './receiver.ts'

const NEVER = new AbortController().signal

/** What `update-db` works with, some seconds later. */
function workLater({ folders, ledger, catalogue }: Receiver): LoaderContext {
  const now = () => Date.now() + 3_000
  const rest = { lineBytesMax: 1024 * 1024, hold: undefined, log: openLog('silent'), now, onFile: () => {} }
  return { disk: realDisk(), folders, ledger, catalogue, ...rest }
}

/** Lets `update-db` look into the inbox then. */
function passLater(receiver: Receiver) {
  return runLoaderPass(workLater(receiver), NEVER)
}

/** A disk that is as slow as `gate` says when the first name in the inbox is to be made durable. */
function slowDisk(gate: Promise<void>, onWaiting: () => void): Disk {
  const disk = realDisk()
  let hasLinked = false
  const link: Disk['link'] = async (from, to) => {
    await disk.link(from, to)
    hasLinked = true
  }
  const open = (async (path: string, ...more: [number]) => {
    if (hasLinked && basename(String(path)) === 'product_inbox') {
      hasLinked = false
      onWaiting()
      await gate
    }
    return disk.open(path, ...more)
  }) as Disk['open']
  return { ...disk, link, open }
}

async function keyFor(receiver: Receiver, ...onlyFor: string[]) {
  const wanted = { name: 'a limited key', scopes: ['upload'] as const, onlyFor, expiresAt: null }
  return { ...receiver, key: (await receiver.ledger.keys.create(wanted, Date.now())).text }
}

async function only(receiver: Receiver) {
  const [upload, ...others] = await receiver.ledger.uploads.list({ limit: 9 })
  assert.deepEqual(others, [])
  const sender = (await receiver.ledger.sendersOf([upload!.id])).get(upload!.id)
  return { state: upload!.state, sender: sender?.name, timesSent: sender?.timesSent, wire: upload!.wire_bytes !== null }
}

const REFUSED = { state: 'failed', sender: 'a limited key', timesSent: 1, wire: true }

test('a limited key writes nothing else when the disk is so slow that the loader finds the name first', async () => {
  const { promise: gate, resolve: open } = Promise.withResolvers<void>()
  const { promise: named, resolve: onWaiting } = Promise.withResolvers<void>()
  await using receiver = await openReceiver({ disk: slowDisk(gate, onWaiting) })
  const answer = postGzip(await keyFor(receiver, 'evil'), 'x.jsonl.gz', TEXT)
  await named
  assert.equal((await passLater(receiver)).failed, 1)
  assert.deepEqual(await only(receiver), REFUSED)
  open()
  const { status, body } = await answer
  assert.deepEqual([status, body.duplicate], [201, false])
  assert.deepEqual(await only(receiver), REFUSED)
  assert.deepEqual(await receiver.ledger.arrivals.list(), [])
})

for (const [who, isLoaderFirst] of [
  ['the loader', true],
  ['the server that starts again', false],
] as const)
  test(`killed right after the name appeared: ${who} finds the sender, and what that may write`, async () => {
    const { promise: named, resolve: onWaiting } = Promise.withResolvers<void>()
    const { promise: gate, reject: die } = Promise.withResolvers<void>()
    await using receiver = await openReceiver({ disk: slowDisk(gate, onWaiting) })
    const limited = await keyFor(receiver, 'evil')
    const answer = postGzip(limited, 'x.jsonl.gz', TEXT)
    await named
    die(new Error('killed'))
    assert.equal((await answer).status, 500)
    const start = () => recoverArriving({ disk: realDisk(), folders: receiver.folders, ledger: receiver.ledger })
    if (!isLoaderFirst) assert.deepEqual(await start(), ['x.jsonl'])
    assert.equal((await passLater(receiver)).failed, 1)
    if (isLoaderFirst) await start()
    assert.deepEqual(await only(receiver), REFUSED)
    assert.deepEqual(await receiver.ledger.arrivals.list(), [])
    const again = await postGzip(limited, 'x.jsonl.gz', TEXT)
    assert.deepEqual([again.status, again.body.state], [200, 'failed'])
    assert.deepEqual(await only(receiver), { ...REFUSED, timesSent: 2 })
  })

test('killed before the name appeared: nothing is left, and the sender sends again', async () => {
  await using receiver = await openReceiver()
  const { folders, ledger } = receiver
  const arrival = {
    filename: 'x.jsonl',
    stored_as: 'x.jsonl',
    kind: 'products',
    state: 'accepted' as const,
    bytes: TEXT.length,
    lines: 3,
    wire_bytes: 9,
    received_at: 1,
  }
  await ledger.arrivals.recordArriving({ id: 'a', sha256: sha256Of(TEXT), ...arrival }, 'settings')
  assert.deepEqual(await recoverArriving({ disk: realDisk(), folders, ledger }), [])
  assert.deepEqual(await ledger.arrivals.list(), [])
  const sent = await postGzip(receiver, 'x.jsonl.gz', TEXT)
  assert.equal(sent.status, 201)
  assert.equal((await passLater(receiver)).loaded, 1)
  assert.equal((await get(receiver, `/api/uploads/${sent.body.id}`)).body.state, 'loaded')
})

test('an upload that was looked for in the wrong folder has its sender when its file is found', async () => {
  await using receiver = await openReceiver()
  const { body } = await postGzip(await keyFor(receiver, 'evil'), 'x.jsonl.gz', TEXT)
  await receiver.ledger.lost.add(String(body.id), 'a test', 1)
  assert.equal((await get(receiver, `/api/uploads/${body.id}`)).status, 404)
  assert.equal((await passLater(receiver)).failed, 1)
  assert.deepEqual(await only(receiver), REFUSED)
  assert.equal((await receiver.ledger.uploads.list({ limit: 1 }))[0]?.id, body.id)
  assert.deepEqual(await receiver.ledger.lost.list('', 9), [])
})

async function sendAndLoad(receiver: Receiver, name: string, text: string) {
  const sent = await postGzip(receiver, name, text)
  await passLater(receiver)
  return { ...sent, load: (await get(receiver, `/api/uploads/${sent.body.id}`)).body }
}

const OTHERS = rowsText(4).replace('"aldi"', '"coles"')

test('a key with a typing error decides nothing for ever: the right one has its rows loaded, once more and once', async () => {
  await using receiver = await openReceiver()
  const wrong = await sendAndLoad(await keyFor(receiver, 'adli'), 'x.jsonl.gz', OTHERS)
  assert.equal(wrong.load.state, 'failed')
  const right = await keyFor(receiver, 'aldi')
  const first = await postGzip(right, 'day.jsonl.gz', OTHERS)
  assert.deepEqual([first.status, first.body.state, first.body.load], [200, 'accepted', null])
  const second = await sendAndLoad(right, 'day.jsonl.gz', OTHERS)
  assert.deepEqual([second.load.state, second.load.load?.inserted, second.load.load?.rejected], ['loaded', 3, 1])
  const all = await sendAndLoad(receiver, 'day.jsonl.gz', OTHERS)
  assert.deepEqual([all.load.load?.inserted, all.load.load?.rejected], [4, 0])
  const again = await postGzip(await keyFor(receiver, 'aldi'), 'day.jsonl.gz', OTHERS)
  assert.deepEqual([again.status, again.body.state], [200, 'loaded'])
  assert.deepEqual(await receiver.inboxNames(), [])
  assert.deepEqual(await readdir(receiver.folders.failed), [])
})

test('what a person has taken out no delivery brings back; an administrator replays it whole', async () => {
  await using receiver = await openReceiver()
  const { body } = await sendAndLoad(await keyFor(receiver, 'aldi'), 'x.jsonl.gz', OTHERS)
  const admin = { ...receiver, key: await receiver.makeKey('admin') }
  const ask = async (what: string) => {
    const answer = await post(admin, {}, null, `/api/uploads/${body.id}/${what}`)
    assert.equal(answer.status, 202)
    await runActions(workLater(receiver), NEVER)
  }
  await ask('undo')
  assert.equal((await sendAndLoad(receiver, 'x.jsonl.gz', OTHERS)).load.state, 'held')
  await ask('replay')
  const { load } = (await get(admin, `/api/uploads/${body.id}`)).body
  assert.deepEqual([load?.inserted, load?.rejected], [4, 0])
})

test('releasing a held file gives its sender no rights', async () => {
  await using receiver = await openReceiver()
  // One line that may not be written is no reason to hold a file, two are.
  const twice = `${OTHERS}${OTHERS.replaceAll('"sku":"', '"sku":"again ')}`
  const { body } = await postGzip(await keyFor(receiver, 'aldi'), 'x.jsonl.gz', twice)
  const { uploads } = receiver.ledger
  await runLoaderPass(
    { ...workLater(receiver), hold: { ...HOLD, thresholds: { ...HOLD.thresholds, HOLD_ROWS_MIN: 1_000 } } },
    NEVER,
  )
  assert.equal((await uploads.find(String(body.id)))?.state, 'held')
  const admin = { ...receiver, key: await receiver.makeKey('admin') }
  assert.equal((await post(admin, {}, null, `/api/uploads/${body.id}/release`)).status, 202)
  await runActions(workLater(receiver), NEVER)
  const { load } = (await get(admin, `/api/uploads/${body.id}`)).body
  assert.deepEqual([load?.inserted, load?.rejected], [6, 2])
})

test('who sends bytes that are known learns what he sent, and nothing of who sent them first or what was said of them', async () => {
  await using receiver = await openReceiver()
  const { body } = await sendAndLoad(receiver, 'secret-name.jsonl.gz', TEXT)
  await receiver.ledger.uploads.requestAction(String(body.id), { action: 'undo', by: 'ada (7)', reason: 'a secret' })
  await runActions(workLater(receiver), NEVER)
  const other = { ...receiver, key: await receiver.makeKey('upload') }
  const answers = [await postGzip(other, 'mine.jsonl.gz', TEXT), await get(other, `/api/uploads/${body.id}`)]
  for (const answer of [...answers.map((each) => each.body), ...(await listed(other))]) {
    assert.deepEqual([answer.filename, answer.load?.problem], ['mine.jsonl', 'Taken out of the catalogue.'])
    assert.doesNotMatch(JSON.stringify(answer), /secret|ada/)
  }
  assert.match((await get(receiver, `/api/uploads/${body.id}`)).body.load?.problem ?? '', /a secret/)
})

async function listed(receiver: Pick<Receiver, 'url' | 'key'>): Promise<Partial<Receipt>[]> {
  return Object((await get(receiver, '/api/uploads')).body).uploads
}

test('a key is for companies and stores by their names, not for *, nor for what cannot be seen', async () => {
  await using receiver = await openReceiver()
  const admin = { ...receiver, key: await receiver.makeKey('admin') }
  const make = (right: string) => {
    const body = JSON.stringify({ name: 'x', scopes: ['upload'], only_for: [right] })
    return post(admin, { 'Content-Type': 'application/json' }, body, '/api/keys')
  }
  for (const right of ['*', 'aldi/*', 'aldi\r', 'al\u200bdi', ' aldi', '/G120', 'aldi/'])
    assertProblem(await make(right), 400, 'request_invalid')
  for (const right of ['aldi', 'aldi/G120', 'Größe & Söhne/1/2']) assert.equal((await make(right)).status, 201)
})

test('an upload on its way ends with its key, and leaves nothing', async () => {
  await using receiver = await openReceiver()
  const limited = await keyFor(receiver, 'aldi')
  const [{ id } = { id: '' }] = (await receiver.ledger.keys.list()).filter(({ name }) => name === 'a limited key')
  async function* body() {
    yield Buffer.from(TEXT)
    await receiver.ledger.keys.revoke(id, Date.now())
    yield Buffer.from(TEXT)
  }
  const headers = { 'Content-Type': 'application/jsonl', 'Content-Disposition': 'attachment; filename="x.jsonl"' }
  const answer = await post(limited, headers, ReadableStream.from(body()) as unknown as RequestInit['body'])
  assertProblem(answer, 401, 'key_refused')
  assert.deepEqual(await receiver.inboxNames(), [])
  assert.deepEqual(await receiver.ledger.uploads.list({ limit: 9 }), [])
})
