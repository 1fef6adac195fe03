/** What a key may do in a minute, at once and in a day; what wrong keys cost their address; and that all of it comes before a byte of the body. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { realDisk } from '@splitcart/shared/disk.ts'
import { MINUTE_MS, SECOND_MS } from '@splitcart/shared/time.ts'
import { until } from '../../../test/machines.ts'
import { FailureLimiter } from '../http/edge/failures.ts'
import { TokenBuckets } from '../http/edge/token-buckets.ts'
import { longestWaitMs } from '../inbox/pace.ts'
import {
  assertProblem,
  get,
  LIMITS,
  named,
  openReceiver,
  post,
  postGzip,
  type Receiver,
  rowsText,
  TEXT,
} from './receiver.ts'

const NAMED = { 'Content-Type': 'application/gzip', 'Content-Disposition': named('x.jsonl.gz') }
const NOON = Date.UTC(2026, 5, 1, 12)

test('a key may make so many requests in a minute, and is told when it may go on', async () => {
  let now = NOON
  await using receiver = await openReceiver({ serverLimits: { requestsPerMinuteMax: 3 }, now: () => now })
  for (let made = 0; made < 3; made++) assert.equal((await get(receiver, '/api/uploads')).status, 200)
  const refused = await get(receiver, '/api/uploads')
  assertProblem(refused, 429, 'too_many_requests')
  assert.match(String(refused.body.detail), /3 in a minute/)
  assert.equal(refused.headers.get('retry-after'), '20')
  const other = await receiver.makeKey('upload')
  assert.equal((await get({ ...receiver, key: other }, '/api/uploads')).status, 200)
  now += 20 * SECOND_MS
  assert.equal((await get(receiver, '/api/uploads')).status, 200)
  assert.equal((await get(receiver, '/api/uploads')).status, 429)
})

test('a file that is new counts as no request; the same once more does', async () => {
  await using receiver = await openReceiver({ serverLimits: { requestsPerMinuteMax: 2 }, now: () => NOON })
  for (let index = 1; index <= 5; index++)
    assert.equal((await postGzip(receiver, `${index}.jsonl.gz`, rowsText(index))).status, 201)
  const again = Array.from({ length: 3 }, () => postGzip(receiver, '1.jsonl.gz', rowsText(1)))
  const statuses = (await Promise.all(again)).map(({ status }) => status)
  assert.deepEqual(statuses.sort(), [200, 200, 429])
})

test('a key may send so many files at once; when one is through or gone, the next may come', async () => {
  await using receiver = await openReceiver({ serverLimits: { uploadsAtOnceMax: 2 } })
  const open = [begun(receiver), begun(receiver)]
  await until(async () => (await receiver.inboxNames()).length === 2, 'two uploads have begun')
  const refused = await postGzip(receiver, 'y.jsonl.gz', TEXT)
  assertProblem(refused, 429, 'too_many_uploads')
  assert.match(String(refused.body.detail), /2 are on their way, 2 may be/)
  assert.ok(refused.headers.has('retry-after'))
  assert.equal((await postGzip({ ...receiver, key: await receiver.makeKey('upload') }, 'y.jsonl.gz', TEXT)).status, 201)
  assert.equal((await get(receiver, '/api/uploads')).status, 200)
  open[0]?.destroy()
  await until(async () => (await postGzip(receiver, 'y.jsonl.gz', TEXT)).status === 200, 'its place is free')
  open[1]?.destroy()
})

test('a key has a quota of files and of bytes a day, which the ledger remembers', async () => {
  let now = NOON
  await using receiver = await openReceiver({ serverLimits: { filesPerDayMax: 2 }, now: () => now })
  for (const price of [1, 2]) assert.equal((await postGzip(receiver, 'x.jsonl.gz', rowsText(1, price))).status, 201)
  const refused = await postGzip(receiver, 'x.jsonl.gz', rowsText(1, 3))
  assertProblem(refused, 429, 'quota_used_up')
  assert.match(String(refused.body.detail), /2 files of this day, 2 may be/)
  assert.equal(refused.headers.get('retry-after'), String(12 * 60 * 60))
  assert.equal((await get(receiver, '/api/uploads')).status, 200)
  now += 12 * 60 * MINUTE_MS
  assert.equal((await postGzip(receiver, 'x.jsonl.gz', rowsText(1, 3))).status, 201)
})

test('the file with which a key goes over its bytes of the day is taken, the next is not', async () => {
  await using receiver = await openReceiver({ serverLimits: { bytesPerDayMax: 100 } })
  assert.equal((await postGzip(receiver, 'x.jsonl.gz', TEXT)).status, 201)
  assertProblem(await postGzip(receiver, 'y.jsonl.gz', rowsText(1)), 429, 'quota_used_up')
})

test('wrong keys are answered with 429 after so many in a minute, longer and longer; a right key never', async () => {
  let now = NOON
  await using receiver = await openReceiver({ serverLimits: { failuresPerMinuteMax: 3 }, now: () => now })
  const wrong = { ...receiver, key: 'wrong' }
  const waits: (string | null)[] = []
  for (let made = 0; made < 7; made++) {
    const { status, headers } = await get(wrong, '/api/uploads')
    assert.equal(status, made < 3 ? 401 : 429)
    waits.push(headers.get('retry-after'))
    assert.equal((await get(receiver, '/api/uploads')).status, 200)
  }
  assert.deepEqual(waits, [null, null, null, '3', '6', '12', '24'])
  const refused = await get(wrong, '/api/uploads')
  assertProblem(refused, 429, 'too_many_failures')
  assert.match(String(refused.body.detail), /3 in a minute/)
  now += MINUTE_MS
  assertProblem(await get(wrong, '/api/uploads'), 401, 'key_refused')
})

test('the table of addresses is bounded, and forgets who was seen longest ago', () => {
  const allowance = new TokenBuckets(1, 10_000)
  for (let index = 0; index < 20_000; index++) allowance.take(`address ${index}`, NOON)
  assert.equal(allowance.names, 10_000)
  assert.equal(allowance.take('address 19999', NOON), MINUTE_MS)
  assert.equal(allowance.take('address 1', NOON), 0)
})

test('the wait after wrong keys grows to a quarter of an hour', () => {
  const failures = new FailureLimiter(1)
  const waits = Array.from({ length: 30 }, () => failures.problemOfFailure('192.0.2.1', NOON).retryAfterSeconds)
  assert.deepEqual(waits.slice(0, 4), [undefined, 3, 6, 12])
  assert.equal(waits.at(-1), 900)
})

test('a body that comes too slowly on average is refused with 408', async () => {
  const speed = { bytesPerSecondMin: 10_000, afterMs: 200 }
  await using receiver = await openReceiver({ limits: { ...LIMITS, speed } })
  const socket = begun(receiver)
  const trickle = setInterval(() => socket.write('\n'), 20)
  const answer = await text(socket)
  clearInterval(trickle)
  assert.match(answer, /^HTTP\/1\.1 408 .*"code":"body_slow".*at least 10000 a second/s)
  assert.deepEqual(await receiver.inboxNames(), [])
})

test('a form that stands still before or behind its file is refused with 408', async () => {
  await using receiver = await openReceiver({ limits: { ...LIMITS, idleMsMax: 150 } })
  const gzip = gzipSync(TEXT)
  const part = `--b\r\nContent-Disposition: form-data; name="file"; filename="x.jsonl.gz"\r\n\r\n`
  const whole = Buffer.concat([Buffer.from(part), gzip, Buffer.from('\r\n--b--\r\n')])
  for (const sent of [Buffer.from(part.slice(0, 9)), whole]) {
    const socket = connect(receiver.port, '127.0.0.1')
    const type = 'multipart/form-data; boundary=b'
    socket.write(headOf(receiver, { 'Content-Type': type, 'Content-Length': String(whole.length + 9) }))
    socket.write(sent)
    assert.match(await text(socket), /^HTTP\/1\.1 408 .*"code":"body_late"/s)
  }
  assert.deepEqual(await receiver.inboxNames(), [])
})

test('how long a byte is waited for follows from what has come', () => {
  const limits = { idleMsMax: 60_000, speed: { bytesPerSecondMin: 1_000, afterMs: 10_000 } }
  assert.equal(longestWaitMs(0, 0, limits), 10_000)
  assert.equal(longestWaitMs(0, 9_000, limits), 1_000)
  assert.equal(longestWaitMs(20_000, 9_000, limits), 11_000)
  assert.equal(longestWaitMs(1_000_000, 9_000, limits), 60_000)
  assert.equal(longestWaitMs(0, 20_000, limits), 0)
  assert.equal(longestWaitMs(0, 20_000, { idleMsMax: 60_000 }), 60_000)
})

test('before the key is known to be right no file is touched, and before there is room no 100 is said', async () => {
  const disk = realDisk()
  const calls: string[] = []
  const watched = new Proxy(disk, {
    get: (target, name) => {
      calls.push(String(name))
      return Reflect.get(target, name)
    },
  })
  await using receiver = await openReceiver({ disk: watched })
  calls.length = 0
  assertProblem(await post({ ...receiver, key: 'wrong' }, NAMED, gzipSync(TEXT)), 401, 'key_refused')
  const readOnly = { ...receiver, key: await receiver.makeKey('read') }
  assertProblem(await post(readOnly, NAMED, gzipSync(TEXT)), 403, 'scope_missing')
  assert.deepEqual(calls, [])
  await using full = await openReceiver({ diskBytesKept: Number.MAX_SAFE_INTEGER })
  const socket = connect(full.port, '127.0.0.1')
  socket.write(headOf(full, { ...NAMED, 'Content-Length': '1000', Expect: '100-continue' }))
  assert.match(await text(socket), /^HTTP\/1\.1 507 /)
})

test('a disk that fills up while a body is written refuses it', async () => {
  const disk = realDisk()
  const MIB = 1024 * 1024
  let asked = 0
  const filling = {
    ...disk,
    statfs: async (path: string) => ({ ...(await disk.statfs(path)), bavail: ++asked > 2 ? 0 : 1e9 }),
  }
  const limits = { ...LIMITS, contentBytesMax: 200 * MIB, contentRatioMax: 10_000 }
  await using receiver = await openReceiver({ disk: filling as unknown as typeof disk, limits, diskBytesKept: 1 })
  const answer = await post(receiver, NAMED, gzipSync(Buffer.alloc(65 * MIB, 'x')))
  assertProblem(answer, 507, 'disk_full')
  assert.equal(asked, 3)
  assert.deepEqual(await receiver.inboxNames(), [])
})

test('connections of one address and of all are limited; those that are too many are told so', async () => {
  await using receiver = await openReceiver({ serverLimits: { socketsPerAddressMax: 5, socketsMax: 7 } })
  const held = await Promise.all(Array.from({ length: 5 }, () => connected(receiver, '127.0.0.1')))
  assert.match(
    await text(connect({ port: receiver.port, host: '127.0.0.1', localAddress: '127.0.0.1' })),
    /^HTTP\/1\.1 503 .*5 of this address are open, 5 may be/s,
  )
  held.push(await connected(receiver, '127.0.0.2'), await connected(receiver, '127.0.0.3'))
  assert.match(
    await text(connect({ port: receiver.port, host: '127.0.0.1', localAddress: '127.0.0.4' })),
    /^HTTP\/1\.1 503 .*retry-after: 2.*7 are open, 7 may be/s,
  )
  for (const socket of held) socket.destroy()
  await until(
    async () => (await get(receiver, '/healthz').catch(() => ({ status: 0 }))).status === 200,
    'there is room again',
  )
})

test('connections of a trusted proxy are not counted as those of one address', async () => {
  await using receiver = await openReceiver({
    serverLimits: { socketsPerAddressMax: 1, trustedProxies: ['127.0.0.1'] },
  })
  const held = await Promise.all(Array.from({ length: 5 }, () => connected(receiver, '127.0.0.1')))
  assert.equal((await get(receiver, '/healthz')).status, 200)
  for (const socket of held) socket.destroy()
})

test('a head that does not come in time is refused with 408, also when not a byte of it came', async () => {
  await using receiver = await openReceiver({ serverLimits: { headMsMax: 300 } })
  for (const said of ['', 'GET /healthz HTTP/1.1\r\nHost:']) {
    const socket = connect(receiver.port, '127.0.0.1')
    socket.write(said)
    assert.match(await text(socket), /^HTTP\/1\.1 408 .*"code":"head_late"/s)
  }
})

test('answers carry the fields that keep browsers from misusing them, and none that tells of us', async () => {
  await using receiver = await openReceiver()
  for (const path of ['/healthz', '/api/uploads', '/nothing', '/api/openapi.json']) {
    const { headers } = await get(receiver, path)
    assert.equal(headers.get('content-security-policy'), "default-src 'none';frame-ancestors 'none'")
    assert.equal(headers.get('x-content-type-options'), 'nosniff')
    assert.equal(headers.get('cache-control'), 'no-store')
    assert.equal(headers.get('referrer-policy'), 'no-referrer')
    for (const name of ['strict-transport-security', 'x-powered-by', 'server', 'access-control-allow-origin'])
      assert.equal(headers.get(name), null, `${path} ${name}`)
  }
})

function headOf(receiver: Pick<Receiver, 'key'>, fields: Record<string, string>): string {
  const lines = Object.entries({ Host: 'x', 'X-API-Key': receiver.key, ...fields }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  )
  return `POST /api/upload/ HTTP/1.1\r\n${lines.join('')}\r\n`
}

/** An upload of plain rows that has begun, and says nothing more by itself. */
function begun(receiver: Receiver): Socket {
  const socket = connect(receiver.port, '127.0.0.1')
  const fields = {
    'Content-Type': 'application/jsonl',
    'Content-Disposition': named('x.jsonl'),
    'Content-Length': '100000',
  }
  socket.write(`${headOf(receiver, fields)}\n`)
  return socket
}

async function connected({ port }: Receiver, localAddress: string): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', localAddress })
  await once(socket, 'connect')
  // It is counted once the server has accepted it, which is when it answers.
  socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n')
  await once(socket, 'data')
  return socket
}
