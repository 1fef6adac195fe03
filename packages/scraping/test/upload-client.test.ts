import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { isLoopback } from '@splitcart/shared/loopback.ts'
import { parse } from 'content-disposition'
import { scanOutbox } from '../outbox.ts'
import { type Spooled, spool } from '../spool.ts'
import { createUploadClient } from '../upload-client.ts'
import { anyServer, problem } from './any-server.ts'
import { disk, freshPlace, type Place, putInOutbox } from './place.ts'
import { KEY } from './sender.ts'

async function spooledFile(place: Place, name: string, text = '{"a":1}\n'): Promise<Spooled> {
  await putInOutbox(place, name, text)
  const file = (await scanOutbox(disk, place.folders.outbox)).waiting.find((one) => one.name === name)!
  return (await spool(disk, place.folders, file, { encoding: 'zstd' }))!
}

test('a file is sent with its length, digest, encoding and name, and the key', async () => {
  await using place = await freshPlace()
  await using server = await anyServer()
  const name = "größe 日本 100%41 o'x.jsonl".replace('%', '')
  const spooled = await spooledFile(place, name, '{"a":1}\n'.repeat(200_000))
  let sent = 0
  const receipt = await createUploadClient({ server: server.url, key: KEY }).send(spooled, (bytes) => {
    sent += bytes
  })
  const { path, headers, body } = server.heard[0]!
  assert.equal(path, '/api/upload/products/')
  assert.equal(headers['x-api-key'], KEY)
  assert.equal(headers['content-type'], 'application/x-ndjson')
  assert.equal(headers['content-encoding'], 'zstd')
  assert.equal(headers['content-length'], String(spooled.spooledBytes))
  assert.equal(headers['transfer-encoding'], undefined)
  assert.equal(headers['unencoded-digest'], `sha-256=:${Buffer.from(spooled.sha256, 'hex').toString('base64')}:`)
  assert.equal(parse(headers['content-disposition'] ?? '').parameters.filename, name)
  assert.equal(body.length, spooled.spooledBytes)
  assert.equal(sent, spooled.spooledBytes)
  assert.equal(receipt.sha256, spooled.sha256)
})

test('each request has an id of its own, in one trace of the process', async () => {
  await using place = await freshPlace()
  await using server = await anyServer()
  const client = createUploadClient({ server: server.url, key: KEY })
  const spooled = await spooledFile(place, 'x.jsonl')
  for (let times = 0; times < 2; times++) await client.send(spooled, () => {})
  // The form is that of W3C Trace Context, section 3.2.
  const ids = server.heard.map(({ headers }) => /^00-(\w{32})-(\w{16})-01$/.exec(String(headers.traceparent)))
  assert.equal(ids[0]?.[1], ids[1]?.[1])
  assert.notEqual(ids[0]?.[2], ids[1]?.[2])
})

for (const base of ['', '/', '/shop', '/shop/', '/shop//'])
  test(`the address "http://host${base}" joins to the right one`, async () => {
    await using place = await freshPlace()
    await using server = await anyServer()
    const client = createUploadClient({ server: new URL(base, server.url), key: KEY })
    const { id } = await client.send(await spooledFile(place, 'x.jsonl'), () => {})
    await client.receipt(id)
    const stem = base.replace(/\/+$/, '')
    assert.deepEqual(
      server.heard.map(({ path }) => path),
      [`${stem}/api/upload/products/`, `${stem}/api/uploads/${id}`],
    )
  })

test('the key never leaves this machine in plain http', () => {
  for (const address of [
    'http://data.example.org',
    'http://10.0.0.1:8000',
    'http://127.0.0.1.example.org',
    'http://[2001:db8::1]/',
  ])
    assert.throws(() => createUploadClient({ server: new URL(address), key: KEY }), { code: 'settings_invalid' })
  for (const address of ['https://data.example.org', 'http://localhost:8000', 'http://127.9.9.9', 'http://[::1]:8000'])
    assert.ok(createUploadClient({ server: new URL(address), key: KEY }))
  assert.equal(isLoopback('localhost.example.org'), false)
})

test('a redirect is never followed', async () => {
  await using place = await freshPlace()
  await using server = await anyServer()
  await using elsewhere = await anyServer()
  for (const status of [301, 302, 303, 307, 308])
    server.next.push({ status, headers: { location: elsewhere.url.href } })
  const spooled = await spooledFile(place, 'x.jsonl')
  const client = createUploadClient({ server: server.url, key: KEY })
  for (let times = 0; times < 5; times++)
    await assert.rejects(
      client.send(spooled, () => {}),
      { code: 'answer_unknown', message: /redirects to http.*never followed/ },
    )
  assert.deepEqual(elsewhere.heard, [])
})

test('an answer that is no receipt is told as such', async () => {
  await using place = await freshPlace()
  await using server = await anyServer()
  const spooled = await spooledFile(place, 'x.jsonl')
  const client = createUploadClient({ server: server.url, key: KEY })
  const strange = [
    { status: 200, body: '<html>Welcome to the hotel</html>' },
    { status: 201, body: '{}' },
    { status: 202, body: '{}' },
    { status: 204 },
    { status: 404, body: 'nginx' },
    { status: 404, body: problem(404, 'not_found') },
    { status: 405 },
    { status: 409 },
    { status: 200, body: 'x'.repeat(2_000_000) },
  ]
  for (const answer of strange) {
    server.next.push(answer)
    await assert.rejects(
      client.send(spooled, () => {}),
      { code: 'answer_unknown' },
      JSON.stringify(answer).slice(0, 80),
    )
  }
})

test('an answer of the server that says no carries its status, its problem and how long to wait', async () => {
  await using place = await freshPlace()
  await using server = await anyServer()
  const client = createUploadClient({ server: server.url, key: KEY })
  const spooled = await spooledFile(place, 'x.jsonl')
  const zstdToo = { 'accept-encoding': 'zstd, gzip' }
  const cases: [status: number, code: string, headers: Record<string, string>, error: object][] = [
    [503, 'stopping', { 'retry-after': '7' }, { status: 503, retry: 'soon', retryAfterMs: 7000 }],
    [413, 'content_too_large', {}, { retry: 'never', refusesFile: true, isAboutAlteredRequest: false }],
    [422, 'of_a_newer_server', {}, { retry: 'never', refusesFile: true, isAboutAlteredRequest: false }],
    [415, 'encoding_unsupported', { 'accept-encoding': 'gzip, identity' }, { asksForGzip: true }],
    [415, 'media_type_unsupported', zstdToo, { asksForGzip: false, refusesFile: false, isAboutAlteredRequest: true }],
    [400, 'file_name_missing', {}, { retry: 'never', refusesFile: false, isAboutAlteredRequest: true }],
  ]
  for (const [status, code, headers, error] of cases) {
    server.next.push({ status, headers, body: problem(status, code) })
    await assert.rejects(
      client.send(spooled, () => {}),
      { name: 'AnswerError', ...error },
    )
  }
})

test('a server that takes the connection and says nothing is given up', async () => {
  await using place = await freshPlace()
  const silent = createServer(() => {}).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const server = new URL(`http://127.0.0.1:${(silent.address() as AddressInfo).port}`)
  const client = createUploadClient({ server, key: KEY, idleMsMax: 100 })
  const spooled = await spooledFile(place, 'x.jsonl')
  await assert.rejects(
    client.send(spooled, () => {}),
    { code: 'server_unreachable', message: /nothing moved/ },
  )
  silent.close()
})

test('a copy that cannot be read is no fault of the network', async () => {
  await using place = await freshPlace()
  await using server = await anyServer()
  const spooled = { ...(await spooledFile(place, 'x.jsonl')), path: `${place.dataDir}/none` }
  const client = createUploadClient({ server: server.url, key: KEY })
  await assert.rejects(
    client.send(spooled, () => {}),
    { code: 'ENOENT' },
  )
})

test('an upload the server does not know has no receipt', async () => {
  await using server = await anyServer()
  const client = createUploadClient({ server: server.url, key: KEY })
  assert.equal(await client.receipt('a/b?c'), undefined)
  assert.equal(server.heard[0]?.path, '/api/uploads/a%2Fb%3Fc')
})

test('of the files that a server asks for again a client hears those of its kind, and of no kind where it is products', async () => {
  await using place = await freshPlace()
  await using server = await anyServer()
  const client = createUploadClient({ server: server.url, key: KEY })
  const receipt = await client.send(await spooledFile(place, 'x.jsonl'), () => {})
  const uploads = ['products', 'stores', undefined].map((kind, index) => ({ ...receipt, id: `${index}`, kind }))
  server.always = { status: 200, body: { uploads } }
  assert.deepEqual(
    (await client.requested()).uploads.map(({ id }) => id),
    ['0', '2'],
  )
  const ofStores = createUploadClient({ server: server.url, key: KEY, kind: 'stores' })
  assert.deepEqual(
    (await ofStores.requested()).uploads.map(({ id }) => id),
    ['1'],
  )
})
