/** What a key may write holds whatever is slow or crashes, and every upload knows its sender. */
import assert from 'node:assert/strict'
import { basename } from 'node:path'
import { test } from 'node:test'
import { type Disk, realDisk } from '@splitcart/shared/disk.ts'
import { openLog } from '@splitcart/shared/log.ts'
import { mendArriving } from '../inbox/mend-arriving.ts'
import { updateDb } from '../update-db/update-db.ts'
import { get, openReceiver, postGzip, type Receiver, sha256Of, TEXT } from './receiver.ts'

const NEVER = new AbortController().signal

/** Lets `update-db` look into the inbox some seconds later. */
function passLater({ folders, ledger, catalogue }: Receiver) {
  const now = () => Date.now() + 3_000
  const rest = { lineBytesMax: 1024 * 1024, hold: undefined, log: openLog('silent'), now, onFile: () => {} }
  return updateDb({ disk: realDisk(), folders, ledger, catalogue, ...rest }, NEVER)
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
    const start = () => mendArriving({ disk: realDisk(), folders: receiver.folders, ledger: receiver.ledger })
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
    bytes: TEXT.length,
    lines: 3,
    wire_bytes: 9,
    received_at: 1,
  }
  await ledger.arrivals.arrive({ id: 'a', sha256: sha256Of(TEXT), ...arrival }, 'settings')
  assert.deepEqual(await mendArriving({ disk: realDisk(), folders, ledger }), [])
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
