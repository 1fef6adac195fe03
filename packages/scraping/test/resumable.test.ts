import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { openReceiver, type Receiver } from '@splitcart/data-management/test/receiver.ts'
import { openCuttingProxy } from '../../../test/cutting-proxy.ts'
import { scanOutbox } from '../outbox.ts'
import { withRetries } from '../retries.ts'
import { resumeSidecarPath, type Spooled, spool } from '../spool.ts'
import { createUploadClient } from '../upload-client.ts'
import { problem } from './any-server.ts'
import { disk, freshPlace, type Place, putInOutbox } from './place.ts'
import { KEY } from './sender.ts'

const NAME = 'größe 日本.jsonl'

/** A copy that hardly got smaller. */
async function spooledNoise(place: Place, bytes = 600_000): Promise<Spooled> {
  const noise = Array.from({ length: bytes / 8 }, () => Math.random().toString(36).slice(2, 12)).join('\n')
  await putInOutbox(place, NAME, `${noise}\n`)
  const [file] = (await scanOutbox(disk, place.folders.outbox)).waiting
  return (await spool(disk, place.folders, file!, { encoding: 'zstd' }))!
}

function clientOf(url: string, key: string, resumableBytesMin = 0) {
  return createUploadClient({ server: new URL(url), key, disk, resumableBytesMin })
}

async function listening(handle: RequestListener) {
  const server = createServer(handle).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const close = async () => {
    server.closeAllConnections()
    server.close()
  }
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, [Symbol.asyncDispose]: close }
}

const keptFiles = async ({ folders }: Receiver) =>
  (await readdir(folders.resumable, { recursive: true })).filter((name) => /\/[0-9a-f-]{36}$/.test(name))

for (const base of ['', '/shop/', '/shop'])
  test(`a cut upload goes on where it was, below "${base}", and by another process too`, async () => {
    await using place = await freshPlace()
    await using receiver = await openReceiver()
    await using proxy = await openCuttingProxy()
    await using front = await listening((request, response) => {
      // As nginx does with a path of its own: what it passes on does not have it.
      const headers = { ...request.headers }
      const path = request.url!.replace(/^\/shop\//, '/')
      const init = { method: request.method!, headers: headers as Record<string, string> }
      const body = request.method === 'GET' || request.method === 'HEAD' ? {} : { body: request, duplex: 'half' }
      for (const name of ['host', 'connection', 'transfer-encoding', 'expect']) delete init.headers[name]
      fetch(receiver.url + path, { ...init, ...body } as RequestInit).then(
        async (answer) => {
          response.writeHead(answer.status, Object.fromEntries(answer.headers))
          response.end(Buffer.from(await answer.arrayBuffer()))
        },
        () => response.destroy(),
      )
    })
    proxy.target = Number(new URL(front.url).port)
    const spooled = await spooledNoise(place)
    proxy.blows = [200_000, 201_000, 400_000].map((at) => ({ at, strike: proxy.cut }))
    const heard: number[] = []
    const url = proxy.url + base
    const sending = () => clientOf(url, receiver.key).send(spooled, (_bytes, sentBytes) => heard.push(sentBytes))
    const untold = { signal: new AbortController().signal, onPause: () => {} }
    const receipt = await withRetries(sending, { triesMax: 50, firstDelayMs: 10 }, untold)
    assert.deepEqual([receipt.sha256, receipt.filename], [spooled.sha256, NAME])
    assert.equal(heard.at(-1), spooled.spooledBytes)
    assert.equal(proxy.blows.length, 0)
    assert.deepEqual(await keptFiles(receiver), [])
  })

test('the answer to the last byte is lost: the next try finds the receipt and sends nothing again', async () => {
  await using place = await freshPlace()
  await using receiver = await openReceiver()
  const spooled = await spooledNoise(place)
  const receipt = await clientOf(receiver.url, receiver.key).send(spooled, () => {})
  let sent = 0
  const again = await clientOf(receiver.url, receiver.key).send(spooled, (bytes) => {
    sent += bytes
  })
  assert.deepEqual([again.id, sent], [receipt.id, 0])
})

test('an upload that is whole and was not accepted is accepted at the next try, without a byte of it', async () => {
  await using place = await freshPlace()
  const inbox = { isFull: false }
  const checkBacklog = async () => {
    if (inbox.isFull) throw Object.assign(new Error('full'), { code: 'ENOSPC' })
  }
  await using receiver = await openReceiver({ checkBacklog })
  const spooled = await spooledNoise(place)
  const client = clientOf(receiver.url, receiver.key)
  const filling = client.send(spooled, () => {
    inbox.isFull = true
  })
  await assert.rejects(filling, { status: 507 })
  let sent = 0
  const more = () => client.send(spooled, (bytes) => (sent += bytes))
  await assert.rejects(more(), { status: 507 })
  inbox.isFull = false
  assert.equal((await more()).sha256, spooled.sha256)
  assert.equal(sent, 0)
})

test('an upload the server has forgotten, and a note that fits no copy, are begun anew', async () => {
  await using place = await freshPlace()
  await using receiver = await openReceiver()
  const spooled = await spooledNoise(place)
  const path = resumeSidecarPath(spooled)
  const { sha256, spooledBytes } = spooled
  const gone = `${receiver.url}/api/upload/resumable/019ab000-0000-7000-8000-000000000000`
  for (const note of [{ url: gone, sha256, spooledBytes }, { url: gone, sha256: 'other', spooledBytes }, 'no note']) {
    await writeFile(path, JSON.stringify(note))
    assert.equal((await clientOf(receiver.url, receiver.key).send(spooled, () => {})).sha256, sha256)
    assert.notEqual(JSON.parse(await readFile(path, 'utf8')).url, gone)
  }
})

test('bytes that were damaged on the way into the spool are refused, and the server keeps none of them', async () => {
  await using place = await freshPlace()
  await using receiver = await openReceiver()
  const spooled = await spooledNoise(place)
  const wrong = { ...spooled, sha256: '0'.repeat(64) }
  const error = await clientOf(receiver.url, receiver.key)
    .send(wrong, () => {})
    .catch((caught) => caught)
  assert.deepEqual([error.document.code, error.isAboutAlteredRequest], ['digest_mismatch', true])
  assert.deepEqual(await keptFiles(receiver), [])
})

const NOT_THERE: [string, RequestListener][] = [
  ['404', (_request, response) => response.writeHead(404).end()],
  ['405 of an old server', (_request, response) => sayNo(response, 405, 'method_not_allowed')],
  ['another answer without an address', (_request, response) => response.writeHead(201).end('{}')],
  ['no room', (_request, response) => sayNo(response, 507, 'resumable_full')],
]

function sayNo(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem(status, code)))
}

for (const [what, refuse] of NOT_THERE)
  test(`a server that has nothing to resume (${what}) gets the file in one POST`, async () => {
    await using place = await freshPlace()
    const spooled = await spooledNoise(place)
    const paths: string[] = []
    const { sha256, bytes, lines } = spooled
    const rest = {
      state: 'accepted',
      received_at: '2026-01-01T00:00:00.000Z',
      duplicate: false,
      message: '',
      load: null,
    }
    const receipt = { id: 'one', filename: NAME, sha256, bytes, lines, ...rest }
    await using server = await listening((request, response) => {
      if (request.headers['content-length'] !== '0' || /resumable/.test(request.url!))
        paths.push(`${request.method} ${request.url}`)
      if (/resumable/.test(request.url!)) return refuse(request, response)
      if (request.headers['content-length'] === '0') return sayNo(response, 415, 'media_type_unsupported')
      request.resume().on('end', () => response.writeHead(201).end(JSON.stringify(receipt)))
    })
    const client = clientOf(server.url, KEY)
    for (let times = 0; times < 2; times++) assert.equal((await client.send(spooled, () => {})).id, 'one')
    const [tries, posts] = [
      paths.filter((path) => /resumable/.test(path)),
      paths.filter((path) => /products/.test(path)),
    ]
    assert.deepEqual([tries.length, posts.length], [what === 'no room' ? 2 : 1, 2])
  })

test('the key goes to no other origin, whatever address the server names, and no redirect is followed', async () => {
  await using place = await freshPlace()
  const spooled = await spooledNoise(place)
  const heard: string[] = []
  await using other = await listening((request, response) => {
    heard.push(request.url!)
    response.end()
  })
  for (const status of [201, 307]) {
    const location = `${other.url}/api/upload/resumable/1`
    await using server = await listening((_request, response) => response.writeHead(status, { location }).end())
    await assert.rejects(
      clientOf(server.url, KEY).send(spooled, () => {}),
      { code: 'answer_unknown' },
    )
  }
  const note = {
    url: `${other.url}/api/upload/resumable/1`,
    sha256: spooled.sha256,
    spooledBytes: spooled.spooledBytes,
  }
  await using receiver = await openReceiver()
  await writeFile(resumeSidecarPath(spooled), JSON.stringify(note))
  await clientOf(receiver.url, receiver.key).send(spooled, () => {})
  assert.deepEqual(heard, [])
})

test('a smaller file goes in one POST, and in pieces after that one broke', async () => {
  await using place = await freshPlace()
  await using receiver = await openReceiver()
  await using proxy = await openCuttingProxy()
  proxy.target = receiver.port
  const spooled = await spooledNoise(place)
  const client = clientOf(proxy.url, receiver.key, 10_000_000)
  proxy.blows = [{ at: 300_000, strike: proxy.cut }]
  await assert.rejects(
    client.send(spooled, () => {}),
    { code: 'server_unreachable' },
  )
  assert.deepEqual(await readdir(receiver.folders.resumable), [])
  assert.equal((await client.send(spooled, () => {})).sha256, spooled.sha256)
  assert.equal((await readdir(receiver.folders.resumable)).length, 1)
})

test('a server that takes nothing more is given up after a time in which nothing moved', async () => {
  await using place = await freshPlace()
  const spooled = await spooledNoise(place, 8_000_000)
  await using server = await listening((request, response) => {
    if (request.method === 'POST') response.writeHead(201, { location: '/api/upload/resumable/1' }).end()
    else if (request.method === 'HEAD')
      response.writeHead(200, { 'upload-offset': 0, 'upload-length': spooled.spooledBytes }).end()
  })
  const client = createUploadClient({
    server: new URL(server.url),
    key: KEY,
    idleMsMax: 100,
    disk,
    resumableBytesMin: 0,
  })
  await assert.rejects(
    client.send(spooled, () => {}),
    { code: 'server_unreachable', message: /nothing moved/ },
  )
})
