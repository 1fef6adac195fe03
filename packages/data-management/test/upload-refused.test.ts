/** What is refused: one problem document with a stable code, nothing in the inbox, and no part left. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createGzip, gzipSync } from 'node:zlib'
import {
  assertProblem,
  named,
  openReceiver,
  post,
  postGzip,
  LIMITS as RECEIVER_LIMITS,
  type Receiver,
  rowsText,
  TEXT,
} from './receiver.ts'

const KIB = 1024

// One server for all that leave nothing.
let shared: Receiver
before(async () => {
  shared = await openReceiver()
})
after(() => shared[Symbol.asyncDispose]())

const GZIP = gzipSync(TEXT)
const NAMED = { 'Content-Type': 'application/gzip', 'Content-Disposition': named('x.jsonl.gz') }
const FORM = { 'Content-Type': 'multipart/form-data; boundary=b' }

function part(parameters: string, content: string | Buffer = GZIP): Buffer {
  const head = `--b\r\nContent-Disposition: form-data; ${parameters}\r\n\r\n`
  return Buffer.concat([Buffer.from(head), Buffer.from(content), Buffer.from('\r\n')])
}

const FILE = part('name="file"; filename="x.jsonl.gz"')
const FIELD = part('name="store"', 'G120')
const END = Buffer.from('--b--\r\n')

const FORMS: Record<string, [code: string, body: readonly Buffer[]]> = {
  'a field before the file': ['form_invalid', [FIELD, FILE, END]],
  'a field behind the file': ['form_invalid', [FILE, FIELD, END]],
  'two files': ['form_invalid', [FILE, part('name="file"; filename="y.jsonl.gz"'), END]],
  'only a field': ['form_invalid', [FIELD, END]],
  'a file in a part of another name': ['form_invalid', [part('name="upload"; filename="x.jsonl.gz"'), END]],
  'a part named after a property of every object': [
    'form_invalid',
    [part('name="__proto__"; filename="x.jsonl.gz"'), END],
  ],
  'no part': ['file_missing', [END]],
  'an end that is missing': ['body_damaged', [FILE]],
  'an end in the middle of the file': ['body_damaged', [FILE.subarray(0, -20)]],
  'a file without a byte': ['body_empty', [part('name="file"; filename="x.jsonl.gz"', ''), END]],
  'a file that is not gzip': ['body_damaged', [part('name="file"; filename="x.jsonl.gz"', TEXT), END]],
  'a file cut short': ['body_damaged', [part('name="file"; filename="x.jsonl.gz"', GZIP.subarray(0, -4)), END]],
}

for (const [what, [code, body]] of Object.entries(FORMS))
  test(`a form with ${what} is refused`, async () => {
    const answer = await post(shared, FORM, new Uint8Array(Buffer.concat(body)))
    assertProblem(answer, 400, code)
    assert.equal(answer.headers.get('connection'), 'close')
    assert.deepEqual(await shared.inboxNames(), [])
    assert.equal(await shared.faultsLogged(), '')
  })

const BODIES: Record<string, [status: number, code: string, headers: Record<string, string>, body: Buffer | string]> = {
  'no media type we take': [415, 'media_type_unsupported', { ...NAMED, 'Content-Type': 'text/csv' }, 'a,b'],
  JSON: [415, 'media_type_unsupported', { ...NAMED, 'Content-Type': 'application/json' }, '{}'],
  'a form of an address line': [
    415,
    'media_type_unsupported',
    { ...NAMED, 'Content-Type': 'application/x-www-form-urlencoded' },
    'a=b',
  ],
  'an encoding we do not take': [
    415,
    'encoding_unsupported',
    { ...NAMED, 'Content-Type': 'application/jsonl', 'Content-Encoding': 'br' },
    GZIP,
  ],
  'two encodings': [
    415,
    'encoding_unsupported',
    { ...NAMED, 'Content-Type': 'application/jsonl', 'Content-Encoding': 'gzip, gzip' },
    GZIP,
  ],
  'gzip twice': [415, 'encoding_unsupported', { ...NAMED, 'Content-Encoding': 'gzip' }, GZIP],
  'no byte': [400, 'body_empty', NAMED, ''],
  'other data': [400, 'body_damaged', NAMED, TEXT],
  'data cut short': [400, 'body_damaged', NAMED, GZIP.subarray(0, -4)],
  'bytes behind the data': [400, 'body_damaged', NAMED, Buffer.concat([GZIP, Buffer.alloc(9)])],
  'a form without a boundary': [400, 'form_invalid', { 'Content-Type': 'multipart/form-data' }, FILE],
}

for (const [what, [status, code, headers, body]] of Object.entries(BODIES))
  test(`a body with ${what} is refused`, async () => {
    const answer = await post(shared, headers, typeof body === 'string' ? body : new Uint8Array(body))
    assertProblem(answer, status, code)
    assert.equal(answer.headers.get('accept-encoding'), status === 415 ? 'dcz, zstd, gzip' : null)
    assert.equal(answer.headers.get('connection'), 'close')
    assert.deepEqual(await shared.inboxNames(), [])
    assert.equal(await shared.faultsLogged(), '')
  })

test('a body that says it is too large is refused before it is read', async () => {
  const answer = await exchange(shared, { 'Content-Length': String(4 * KIB * KIB + 1) })
  assert.match(answer, /^HTTP\/1\.1 413 .*"code":"body_too_large"/s)
})

const LIMITS = { ...RECEIVER_LIMITS, bodyBytesMax: 64 * KIB, contentBytesMax: 256 * KIB }

test('a body that turns out too large is refused while it comes', async () => {
  await using receiver = await openReceiver({ limits: LIMITS })
  const headers = { ...NAMED, 'Content-Type': 'application/jsonl' }
  const endless = new ReadableStream({ pull: (stream) => stream.enqueue(Buffer.from(rowsText(100))) })
  assertProblem(await post(receiver, headers, endless), 413, 'body_too_large')
  assert.deepEqual(await receiver.inboxNames(), [])
})

test('content that turns out too large is refused while it is decoded, in both forms', async () => {
  await using receiver = await openReceiver({ limits: LIMITS })
  const bomb = gzipSync(Buffer.alloc(1024 * KIB))
  assertProblem(await post(receiver, NAMED, bomb), 413, 'content_too_large')
  const form = Buffer.concat([part('name="file"; filename="x.jsonl.gz"', bomb), END])
  assertProblem(await post(receiver, FORM, new Uint8Array(form)), 413, 'content_too_large')
  assert.deepEqual(await receiver.inboxNames(), [])
})

test('a body that stands still is refused with 408, and may come again', async () => {
  await using receiver = await openReceiver({ limits: { ...LIMITS, idleMsMax: 1_000 } })
  const answer = await exchange(receiver, { 'Content-Length': '1000' }, GZIP.subarray(0, 10))
  assert.match(answer, /^HTTP\/1\.1 408 .*retry-after: 2\r\n.*"code":"body_late"/is)
  assert.deepEqual(await receiver.inboxNames(), [])
  assert.equal((await postGzip(receiver, 'x.jsonl.gz', TEXT)).status, 201)
})

test('an upload is refused while less disk is free than is to be kept', async () => {
  await using receiver = await openReceiver({ diskBytesKept: Number.MAX_SAFE_INTEGER })
  const answer = await postGzip(receiver, 'x.jsonl.gz', TEXT)
  assertProblem(answer, 507, 'disk_full')
  assert.equal(answer.headers.get('retry-after'), '300')
  assert.deepEqual(await receiver.inboxNames(), [])
})

for (const [form, headers, first] of [
  ['a raw body', NAMED, GZIP.subarray(0, 20)],
  ['a form', FORM, FILE.subarray(0, -20)],
  ['a form in its head', FORM, FILE.subarray(0, 20)],
] as const)
  test(`a sender that goes away in the middle of ${form} leaves no part and no fault in the log`, async () => {
    const socket = connect(shared.port, '127.0.0.1')
    socket.write(head(shared, { ...headers, 'Content-Length': '100000' }))
    socket.write(first)
    await until(async () => (await shared.inboxNames()).length === 1, form === 'a form in its head' ? 100 : 60_000)
    socket.destroy()
    await until(async () => (await shared.inboxNames()).length === 0)
    assert.deepEqual(await shared.inboxNames(), [])
    assert.equal(await shared.faultsLogged(), '')
  })

test('a sender that asks first is told to go on only after its key was looked at', async () => {
  await using receiver = await openReceiver()
  const asking = { 'Content-Length': String(GZIP.length), Expect: '100-continue' }
  const refused = await exchange({ ...receiver, key: 'wrong' }, asking)
  assert.match(refused, /^HTTP\/1\.1 401 /)
  const unwanted = await exchange(receiver, { ...asking, 'Content-Disposition': named('../x.jsonl.gz') })
  assert.match(unwanted, /^HTTP\/1\.1 400 .*file_name_invalid/s)
  const socket = connect(receiver.port, '127.0.0.1')
  socket.write(head(receiver, { ...NAMED, ...asking, Connection: 'close' }))
  const [goOn] = await once(socket, 'data')
  assert.equal(String(goOn), 'HTTP/1.1 100 Continue\r\n\r\n')
  socket.write(GZIP)
  assert.match(await text(socket), /^HTTP\/1\.1 201 /)
})

test('a large body that is refused at its beginning still gets its answer', async () => {
  const gzip = createGzip({ level: 0 })
  gzip.end(Buffer.alloc(8 * KIB * KIB, 'x'))
  const large = Buffer.concat([Buffer.from('no gzip'), ...(await gzip.toArray())])
  const answer = await post(shared, NAMED, new Blob([large]).stream())
  assertProblem(answer, 400, 'body_damaged')
})

function head(receiver: Pick<Receiver, 'key'>, headers: Record<string, string>): string {
  const all = { Host: 'localhost', 'X-API-Key': receiver.key, ...headers }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return `POST /api/upload/ HTTP/1.1\r\n${lines.join('')}\r\n`
}

/** Sends a head and perhaps some bytes, and reads until the server closes. */
async function exchange(receiver: Pick<Receiver, 'key' | 'port'>, headers: Record<string, string>, body?: Buffer) {
  const socket = connect(receiver.port, '127.0.0.1')
  socket.write(head(receiver, { ...NAMED, ...headers }))
  if (body !== undefined) socket.write(body)
  return text(socket)
}

async function until(isSo: () => Promise<boolean>, msMax = 60_000): Promise<void> {
  const end = performance.now() + msMax
  while (performance.now() < end && !(await isSo())) await sleep(5)
}
