/** `/api/upload/resumable/` as the protocol tus 1.0.0 has it, request by request. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { until } from '../../../test/machines.ts'
import { allowedMs } from '../../../test/times.ts'
import { assertProblem, get, LIMITS, openReceiver, postGzip, SETTINGS_KEY, sha256Of } from './receiver.ts'
import {
  ask,
  BODY,
  keptNames,
  METADATA,
  metadataOf,
  NAME,
  offsetOf,
  open,
  opening,
  patch,
  ROOT,
  stalled,
  TEXT,
} from './resumable-requests.ts'

test('an upload in pieces ends in the same receipt as a POST, and a POST of the same bytes is a duplicate', async () => {
  await using receiver = await openReceiver()
  const path = await open(receiver)
  const middle = BODY.length >> 1
  const first = await ask(receiver, patch(path, 0, BODY.subarray(0, middle)))
  assert.deepEqual([first.status, first.headers.get('upload-offset')], [204, String(middle)])
  const head = await ask(receiver, { method: 'HEAD', path })
  assert.equal(head.headers.get('upload-length'), String(BODY.length))
  assert.equal(head.headers.get('upload-metadata'), metadataOf(METADATA))
  assert.equal(head.headers.get('cache-control'), 'no-store')
  assert.equal(await offsetOf(receiver, path), middle)
  assert.deepEqual(await receiver.inboxNames().then((names) => names.includes(NAME)), false)
  const last = await ask(receiver, patch(path, middle, BODY.subarray(middle)))
  assert.equal(last.status, 204)
  assert.equal(last.headers.get('tus-resumable'), '1.0.0')
  const { body: receipt } = await get(receiver, `/api/uploads/${last.headers.get('upload-receipt')}`)
  assert.equal(receipt.sha256, sha256Of(TEXT))
  assert.equal(await readFile(join(receiver.folders.inbox, NAME), 'utf8'), TEXT)
  const posted = await postGzip(receiver, `${NAME}.gz`, TEXT)
  assert.deepEqual([posted.status, posted.body], [200, { ...receipt, duplicate: true }])
})

test('an upload that was accepted still says so, without its bytes, until its time is over', async () => {
  await using receiver = await openReceiver()
  const path = await open(receiver)
  const receipt = (await ask(receiver, patch(path, 0, BODY))).headers.get('upload-receipt')
  const head = await ask(receiver, { method: 'HEAD', path })
  assert.deepEqual([head.status, head.headers.get('upload-offset')], [200, String(BODY.length)])
  assert.equal(head.headers.get('upload-receipt'), receipt)
  const again = await ask(receiver, patch(path, BODY.length, new Uint8Array()))
  assert.deepEqual([again.status, again.headers.get('upload-receipt')], [204, receipt])
  assertProblem(await ask(receiver, patch(path, 5, BODY)), 409, 'offset_conflict')
  assert.equal((await keptNames(receiver)).length, 2)
  assert.equal((await ask(receiver, { method: 'DELETE', path })).status, 204)
  assertProblem(await ask(receiver, patch(path, 0, BODY)), 404, 'not_found')
})

test('an upload may bring its first bytes along, or all of them', async () => {
  await using receiver = await openReceiver()
  const asked = opening()
  const whole = {
    ...asked,
    headers: { ...asked.headers, 'Content-Type': 'application/offset+octet-stream' },
    body: BODY,
  }
  const { status, headers } = await ask(receiver, whole)
  assert.deepEqual([status, headers.get('upload-offset')], [201, String(BODY.length)])
  const { body } = await get(receiver, `/api/uploads/${headers.get('upload-receipt')}`)
  assert.equal(body.sha256, sha256Of(TEXT))
})

test('the address of an upload is relative, so that it holds behind a proxy with a path of its own', async () => {
  await using receiver = await openReceiver()
  const { headers } = await ask(receiver, opening())
  assert.match(headers.get('location')!, /^[0-9a-f-]{36}$/)
  const without = await ask(receiver, { ...opening(), path: ROOT.slice(0, -1) })
  assert.match(without.headers.get('location')!, /^resumable\/[0-9a-f-]{36}$/)
  assert.ok(Date.parse(headers.get('upload-expires')!) > Date.now())
})

test('what the server can do is told to whoever asks with a key', async () => {
  await using receiver = await openReceiver()
  const { status, headers } = await ask(receiver, { method: 'OPTIONS', path: ROOT })
  assert.equal(status, 204)
  assert.equal(headers.get('tus-version'), '1.0.0')
  assert.equal(headers.get('tus-extension'), 'creation,creation-with-upload,termination,expiration')
  assert.equal(headers.get('tus-max-size'), String(4 * 1024 * 1024))
  assert.equal(headers.get('access-control-allow-origin'), null)
})

test('a wrong offset changes nothing, and an upload that is ended is gone', async () => {
  await using receiver = await openReceiver()
  const path = await open(receiver)
  await ask(receiver, patch(path, 0, BODY.subarray(0, 100)))
  assertProblem(await ask(receiver, patch(path, 50, BODY.subarray(50))), 409, 'offset_conflict')
  assertProblem(await ask(receiver, patch(path, 150, BODY.subarray(150))), 409, 'offset_conflict')
  assert.equal(await offsetOf(receiver, path), 100)
  assert.equal((await ask(receiver, { method: 'DELETE', path })).status, 204)
  assert.equal((await ask(receiver, { method: 'HEAD', path })).status, 404)
  assert.equal((await keptNames(receiver)).length, 1)
})

test('nobody but the key that opened an upload finds it, the keys of an administrator included', async () => {
  await using receiver = await openReceiver()
  const path = await open(receiver)
  for (const key of [
    await receiver.makeKey('upload'),
    await receiver.makeKey('upload', 'read', 'admin'),
    SETTINGS_KEY,
  ]) {
    const other = { ...receiver, key }
    assert.equal((await ask(other, { method: 'HEAD', path })).status, 404)
    assertProblem(await ask(other, patch(path, 0, BODY)), 404, 'not_found')
    assertProblem(await ask(other, { method: 'DELETE', path }), 404, 'not_found')
  }
  assert.equal(await offsetOf(receiver, path), 0)
  assertProblem(await ask({ ...receiver, key: 'wrong' }, patch(path, 0, BODY)), 401, 'key_refused')
  assertProblem(await ask({ ...receiver, key: await receiver.makeKey('read') }, opening()), 403, 'scope_missing')
  for (const id of ['%2e%2e%2f', 'x'.repeat(300), '%00', '..%2f..%2fledger.db'])
    assert.ok([400, 404].includes((await ask(receiver, { method: 'HEAD', path: ROOT + id })).status), id)
})

const FAULTS: [string, Record<string, string>, number, string][] = [
  ['no name', { encoding: 'gzip' }, 400, 'file_name_missing'],
  ['a name that is not allowed', { filename: '../x.jsonl' }, 400, 'file_name_invalid'],
  ['an encoding that is not taken', { filename: NAME, encoding: 'br' }, 415, 'encoding_unsupported'],
  ['a digest that is none', { filename: NAME, sha256: 'abc' }, 400, 'digest_invalid'],
]

for (const [fault, metadata, status, code] of FAULTS)
  test(`metadata with ${fault} open nothing`, async () => {
    await using receiver = await openReceiver()
    assertProblem(await ask(receiver, opening(metadata)), status, code)
    assert.deepEqual(await keptNames(receiver), [])
  })

test('requests that are not tus 1.0.0 are told so', async () => {
  await using receiver = await openReceiver()
  const asked = opening()
  const old = await ask(receiver, { ...asked, headers: { ...asked.headers, 'Tus-Resumable': '0.2.2' } })
  assertProblem(old, 412, 'protocol_version_unsupported')
  assert.equal(old.headers.get('tus-version'), '1.0.0')
  assertProblem(await ask(receiver, { method: 'POST', path: ROOT }), 400, 'request_invalid')
  const wrong: [string, string][] = [
    ['Length', 'x'],
    ['Metadata', 'x y z'],
    ['Length', '-1'],
  ]
  for (const [name, value] of wrong)
    assertProblem(
      await ask(receiver, { ...asked, headers: { ...asked.headers, [`Upload-${name}`]: value } }),
      400,
      'request_invalid',
    )
  const deferred = { 'Upload-Defer-Length': '1', 'Upload-Metadata': metadataOf(METADATA) }
  assertProblem(await ask(receiver, { ...asked, headers: deferred }), 400, 'request_invalid')
  const path = await open(receiver)
  const { headers } = patch(path, 0, BODY)
  const plain = { ...patch(path, 0, BODY), headers: { ...headers, 'Content-Type': 'text/plain' } }
  assertProblem(await ask(receiver, plain), 415, 'media_type_unsupported')
  assert.equal(await offsetOf(receiver, path), 0)
})

test('bytes that are not what they should be end the upload, so that its sender starts anew', async () => {
  await using receiver = await openReceiver()
  const wrong = await open(receiver, { ...METADATA, sha256: sha256Of('other') })
  assertProblem(await ask(receiver, patch(wrong, 0, BODY)), 400, 'digest_mismatch')
  const damaged = await open(receiver)
  assertProblem(
    await ask(
      receiver,
      patch(
        damaged,
        0,
        BODY.map((byte, at) => (at > 200 ? 7 : byte)),
      ),
    ),
    400,
    'body_damaged',
  )
  for (const path of [wrong, damaged]) assert.equal((await ask(receiver, { method: 'HEAD', path })).status, 404)
  assert.deepEqual(await receiver.inboxNames(), [])
})

test('an unfinished upload is gone when its time is over, and what is left of it with the next clean-up', async () => {
  await using receiver = await openReceiver({ unfinished: { ageMsMax: 150 } })
  const path = await open(receiver)
  await ask(receiver, patch(path, 0, BODY.subarray(0, 10)))
  await until(async () => (await ask(receiver, { method: 'HEAD', path })).status === 410, 'its time is over')
  assertProblem(await ask(receiver, patch(path, 10, BODY.subarray(10))), 410, 'upload_expired')
  assert.equal((await receiver.unfinished.removeExpired()).length, 1)
  assertProblem(await ask(receiver, patch(path, 10, BODY.subarray(10))), 404, 'not_found')
  assert.equal((await keptNames(receiver)).length, 1)
})

test('an upload that is whole and could not be accepted keeps its bytes, and a PATCH without any accepts it', async () => {
  const inbox = { full: true }
  const checkBacklog = async () => {
    if (inbox.full) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
  }
  await using receiver = await openReceiver({ checkBacklog })
  inbox.full = false
  const path = await open(receiver)
  inbox.full = true
  assertProblem(await ask(receiver, patch(path, 0, BODY)), 507, 'disk_full')
  const head = await ask(receiver, { method: 'HEAD', path })
  assert.deepEqual([head.headers.get('upload-offset'), head.headers.get('upload-receipt')], [String(BODY.length), null])
  assertProblem(await ask(receiver, patch(path, BODY.length, new Uint8Array())), 507, 'disk_full')
  inbox.full = false
  const empty = patch(path, BODY.length, new Uint8Array())
  const answers = await Promise.all([ask(receiver, empty), ask(receiver, empty), ask(receiver, empty)])
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([204]))
  assert.equal(new Set(answers.map(({ headers }) => headers.get('upload-receipt'))).size, 1)
  assert.deepEqual(
    (await receiver.inboxNames()).filter((name) => name.endsWith('.jsonl')),
    [NAME],
  )
})

test('bytes that came before a cut are kept, and the rest completes them', async () => {
  await using receiver = await openReceiver()
  const path = await open(receiver)
  const socket = await stalled(receiver, path, 700)
  socket.resetAndDestroy()
  assert.equal(await offsetOf(receiver, path), 700)
  assert.equal((await ask(receiver, patch(path, 700, BODY.subarray(700)))).status, 204)
})

test('a sender that comes back is let in though its first request still stands there', async () => {
  await using receiver = await openReceiver()
  const path = await open(receiver)
  const socket = await stalled(receiver, path, 700)
  const start = performance.now()
  assert.equal(await offsetOf(receiver, path), 700)
  assert.ok(performance.now() - start < allowedMs(4_000))
  assert.equal((await ask(receiver, patch(path, 700, BODY.subarray(700)))).status, 204)
  socket.destroy()
})

test('a body that stands still is answered with 408, and what came is kept', async () => {
  await using receiver = await openReceiver({ limits: { ...LIMITS, idleMsMax: 500 } })
  const path = await open(receiver)
  const socket = await stalled(receiver, path, 300)
  const answer = String((await socket.toArray())[0])
  assert.match(answer, /^HTTP\/1\.1 408 .*"code":"body_late"/s)
  assert.equal(await offsetOf(receiver, path), 300)
})

test('the folder of unfinished uploads is for their owner only, and the notes hold no key', async () => {
  await using receiver = await openReceiver()
  await open(receiver)
  const names = await keptNames(receiver)
  assert.equal(names.length, 3)
  const note = names.find((name) => name.endsWith('.json'))!
  const text = await readFile(join(receiver.folders.resumable, note), 'utf8')
  assert.ok(!text.includes(receiver.key) && !text.includes(createHash('sha256').update(receiver.key).digest('hex')))
})

test('an upload whose receipt the ledger has lost is begun anew', async () => {
  await using receiver = await openReceiver()
  const path = await open(receiver)
  const receipt = (await ask(receiver, patch(path, 0, BODY))).headers.get('upload-receipt')!
  await receiver.ledger.lost.add(receipt, 'a test', 1)
  assert.equal((await ask(receiver, { method: 'HEAD', path })).status, 404)
  assert.equal((await keptNames(receiver)).length, 1)
})
