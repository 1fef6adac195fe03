/** Who may do what: keys, scopes, methods and addresses, and that a refusal tells nobody more than it must. */
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { DAY_MS } from '@splitcart/shared/time.ts'
import {
  type Answer,
  assertProblem,
  get,
  named,
  openReceiver,
  post,
  postGzip,
  type Receiver,
  TEXT,
} from './receiver.ts'

const NAMED = { 'Content-Type': 'application/gzip', 'Content-Disposition': named('x.jsonl.gz') }

function upload(receiver: Pick<Receiver, 'url'>, key: string): Promise<Answer> {
  return post({ ...receiver, key }, NAMED, gzipSync(TEXT))
}

test('without a key, or with one that is wrong, mistyped, unknown, revoked or expired, the answer is the same 401', async () => {
  await using receiver = await openReceiver()
  const { keys } = receiver.ledger
  const other = await openReceiver()
  await other[Symbol.asyncDispose]()
  const revoked = await keys.create({ name: 'revoked', scopes: ['upload'], onlyFor: null, expiresAt: null }, Date.now())
  await keys.revoke(revoked.id, Date.now())
  const expired = await keys.create(
    { name: 'expired', scopes: ['upload'], onlyFor: null, expiresAt: Date.now() - 1 },
    Date.now() - DAY_MS,
  )
  const mistyped = receiver.key.replace(/.$/, (last) => (last === 'x' ? 'y' : 'x'))
  const bodies = new Set<string>()
  for (const key of ['wrong', '', 'x'.repeat(5_000), mistyped, other.key, revoked.text, expired.text]) {
    const answer = await upload(receiver, key)
    assertProblem(answer, 401, 'key_refused')
    assert.equal(answer.headers.get('www-authenticate'), 'Bearer')
    assert.equal(answer.headers.get('connection'), 'close')
    bodies.add(said(answer.body))
  }
  const without = await fetch(`${receiver.url}/api/upload/`, { method: 'POST', headers: NAMED, body: gzipSync(TEXT) })
  assert.equal(without.status, 401)
  bodies.add(said((await without.json()) as Answer['body']))
  assert.equal(bodies.size, 1)
  assert.deepEqual(await receiver.inboxNames(), [])
})

// All that an answer says, without its own id.
function said({ instance, ...body }: Answer['body']): string {
  return JSON.stringify(body)
}

test('every refusal has an id of its own, by which the log tells of it', async () => {
  await using receiver = await openReceiver({ logLevel: 'info' })
  const { url, key } = receiver
  const asked = { 'X-Request-Id': 'mine', 'X-API-Key': key }
  const refused = [
    await upload({ url }, 'wrong'),
    await get({ url, key }, '/api/uploads/nothing'),
    await get({ url, key }, '/nowhere'),
    await get({ url, key }, '/api/products'),
    await post(receiver, { ...NAMED, ...asked }, 'no gzip'),
    await rawly(receiver, 'GET /healthz HTTP/1.1\r\n\r\n'),
    await rawly(receiver, 'nonsense\r\n\r\n'),
    await rawly(receiver, 'CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n'),
  ]
  const lines = (await receiver.logged())
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  for (const { code, instance } of refused.map(({ body }) => body)) {
    const found = lines.filter(({ reqId }) => `urn:uuid:${reqId}` === instance)
    assert.deepEqual(
      found.map((line) => [line.msg, line.code]),
      [['request refused', code]],
      String(code),
    )
  }
})

test('the log tells of every upload that is accepted, and whether its bytes are new', async () => {
  await using receiver = await openReceiver({ logLevel: 'info' })
  for (let time = 0; time < 2; time++) await postGzip(receiver, 'x.jsonl.gz', TEXT)
  const lines = (await receiver.logged()).trim().split('\n')
  const accepted = lines.map((line) => JSON.parse(line)).filter(({ msg }) => msg === 'upload accepted')
  assert.deepEqual(
    accepted.map(({ filename, isNew }) => [filename, isNew]),
    [
      ['x.jsonl', true],
      ['x.jsonl', false],
    ],
  )
})

/** Says something over a connection of its own, and reads what is answered. */
async function rawly({ port }: Receiver, said: string): Promise<Pick<Answer, 'body'>> {
  const socket = connect(port, '127.0.0.1')
  socket.write(said)
  const [, body = ''] = (await text(socket)).split('\r\n\r\n')
  return { body: JSON.parse(body) }
}

test('a key is taken from any of its three fields; two different ones in a request are refused, whatever they are', async () => {
  await using receiver = await openReceiver()
  const { url, key } = receiver
  const other = await receiver.makeKey('upload')
  const ask = async (headers: Record<string, string>) => (await fetch(`${url}/api/uploads`, { headers })).status
  const bearer = `Bearer ${key}`
  assert.equal(await ask({ 'X-Internal-API-Key': key }), 200)
  assert.equal(await ask({ 'x-internal-api-key': key, 'X-API-Key': key, Authorization: bearer }), 200)
  // What a proxy on the way asked for is no key of ours.
  assert.equal(await ask({ 'X-Internal-API-Key': key, Authorization: 'Basic dXNlcjpwYXNz' }), 200)
  assert.equal(await ask({ 'X-Internal-API-Key': 'wrong' }), 401)
  for (const second of [other, 'wrong', ''])
    for (const [one, two] of [[key, second] as const, [second, key] as const]) {
      assert.equal(await ask({ 'X-API-Key': one, 'X-Internal-API-Key': two }), 400)
      if (second !== '') assert.equal(await ask({ 'X-Internal-API-Key': one, Authorization: `Bearer ${two}` }), 400)
    }
  const answer = await post(receiver, { ...NAMED, 'X-Internal-API-Key': other }, gzipSync(TEXT))
  assertProblem(answer, 400, 'request_invalid')
  assert.ok(!JSON.stringify(answer.body).includes(other))
  assert.deepEqual(await receiver.inboxNames(), [])
})

test('a key that is revoked stops working at once, also on a connection that is kept', async () => {
  await using receiver = await openReceiver()
  assert.equal((await get(receiver, '/api/uploads')).status, 200)
  const [key] = await receiver.ledger.keys.list()
  await receiver.ledger.keys.revoke(String(key?.id), Date.now())
  assertProblem(await get(receiver, '/api/uploads'), 401, 'key_refused')
})

test('a key that may only read cannot upload', async () => {
  await using receiver = await openReceiver()
  const answer = await upload(receiver, await receiver.makeKey('read'))
  assertProblem(answer, 403, 'scope_missing')
  assert.match(String(answer.body.detail), /upload/)
  assert.equal((await upload(receiver, await receiver.makeKey('read', 'upload'))).status, 201)
})

test('when and from where a key was used is noted', async () => {
  await using receiver = await openReceiver()
  await get(receiver, '/api/uploads')
  const [key] = await receiver.ledger.keys.list()
  assert.ok(Math.abs(Number(key?.last_used_at) - Date.now()) < 60_000)
  assert.equal(key?.last_used_from, '127.0.0.1')
})

test('another method is answered with 405 and those that there are', async () => {
  await using receiver = await openReceiver()
  for (const [method, path, allow] of [
    ['GET', '/api/upload', 'OPTIONS, POST'],
    ['PUT', '/api/upload/', 'OPTIONS, POST'],
    ['DELETE', '/api/upload/products/', 'OPTIONS, POST'],
    ['POST', '/api/uploads', 'GET, HEAD'],
    ['DELETE', '/api/uploads/abc', 'GET, HEAD'],
    ['POST', '/api/uploads/abc/rejects/', 'GET, HEAD'],
    ['PATCH', '/healthz?x=1', 'GET, HEAD'],
  ] as const) {
    const response = await fetch(receiver.url + path, { method, headers: { 'X-API-Key': receiver.key } })
    assert.deepEqual([method, path, response.status], [method, path, 405])
    assert.equal(response.headers.get('allow')?.split(', ').sort().join(', '), allow)
    assert.equal(JSON.parse(await response.text()).code, 'method_not_allowed')
  }
})

test('an address that does not exist, or cannot be read, is a problem document too', async () => {
  await using receiver = await openReceiver()
  for (const path of [
    '/',
    '/api',
    '/api/nothing',
    '/api/upload/x/y',
    '/.env',
    '/api/uploads/a/b',
    '//',
    '/%2e%2e/etc/passwd',
  ])
    assertProblem(await get(receiver, path), 404, 'not_found')
  assertProblem(await get(receiver, '/%zz'), 400, 'request_invalid')
})

test('health and description need no key, and tell nothing of our insides', async () => {
  await using receiver = await openReceiver()
  const open = { url: receiver.url, key: '' }
  assert.deepEqual((await get(open, '/healthz')).body, { status: 'ok' })
  const checks = { ledger: true, catalogue: true, disk: true }
  assert.deepEqual((await get(open, '/readyz')).body, { status: 'ready', checks })
  const { paths } = (await get(open, '/api/openapi.json')).body
  assert.ok(Object.keys(Object(paths)).includes('/api/upload/'))
})

test('a server without room says that it is not ready', async () => {
  await using receiver = await openReceiver({ diskBytesKept: Number.MAX_SAFE_INTEGER })
  const { status, body } = await get(receiver, '/readyz')
  assert.deepEqual([status, body.status], [503, 'not ready'])
})
