/** A file is sent as what is new against the newest file of its company in the archive, where the server can do that. */
import assert from 'node:assert/strict'
import { readFileSync, rmSync } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { openReceiver, type Receiver } from '@splitcart/data-management/test/receiver.ts'
import { createUploadClient } from '../upload-client.ts'
import { uploadData } from '../upload-data.ts'
import type { UploadJob } from '../upload-job.ts'
import { disk, freshPlace, type Place, putInOutbox, visible } from './place.ts'

const ROWS = 900

/** A scrape of so many rows, in which a date and a price differ from the next one. */
function scrape(company: string, day: number, rows = ROWS): string {
  return Array.from({ length: rows }, (_, index) => {
    const name = `Item ${((index + company.length * 1000) * 2654435761) % 4294967296}`
    const product = { sku: `s${index}`, name, normalized_name_brand_size: name.toLowerCase() }
    const price_current = index === day ? 9.9 : (index % 97) / 10
    const metadata = { company, store_id: 'G1', scraped_date: `2025-09-${10 + day}` }
    return `${JSON.stringify({ product: { ...product, price_current }, metadata })}\n`
  }).join('')
}

type Heard = Readonly<{ encoding: string | undefined; bytes: number; status: number }>
type Answering = (
  headers: IncomingHttpHeaders,
) => { status: number; headers?: Record<string, string>; body: string } | undefined

/** What stands before a server: it notes the uploads, leaves promises out where a test says so, and may answer itself. */
async function openWay(receiver: Receiver) {
  const heard: Heard[] = []
  const way = { heard, answering: undefined as Answering | undefined, isOld: false }
  const server = createServer(async (request, response) => {
    const chunks = await request.toArray()
    const body = new Uint8Array(Buffer.concat(chunks))
    const { host: _, connection: __, ...headers } = request.headers
    const own = way.answering?.(headers)
    const answer =
      own ??
      (await fetch(receiver.url + request.url, {
        method: request.method ?? '',
        headers: headers as Record<string, string>,
        ...(body.length > 0 && { body }),
      }))
    const text = own?.body ?? (await (answer as Response).text())
    const told = own !== undefined ? { ...own.headers } : Object.fromEntries((answer as Response).headers)
    if (body.length > 0)
      heard.push({ encoding: headers['content-encoding'], bytes: body.length, status: answer.status })
    delete told['content-length']
    response.writeHead(answer.status, told)
    response.end(way.isOld ? text.replace(/"dictionary_until":"[^"]*"/, '"x":0') : text)
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  const close = async () => {
    server.closeAllConnections()
    server.close()
  }
  return Object.assign(way, { url, [Symbol.asyncDispose]: close })
}

type WayOptions = Partial<UploadJob> & Readonly<{ resumableBytesMin?: number | undefined }>

function run(place: Place, url: URL, key: string, { resumableBytesMin = 1e9, ...more }: WayOptions = {}) {
  const client = createUploadClient({ server: url, key, resumableBytesMin })
  const patience = { triesMax: 2, firstDelayMs: 1 }
  return uploadData({
    disk,
    folders: place.folders,
    client,
    patience,
    signal: new AbortController().signal,
    on: () => {},
    ...more,
  })
}

/** The encodings of what came since, and that all of it is what was put into the outbox. */
async function encodings(way: { heard: Heard[] }) {
  return way.heard.splice(0).map(({ encoding, status }) => `${encoding} ${status}`)
}

type Scene = Readonly<{
  receiver: Receiver
  way: Awaited<ReturnType<typeof openWay>>
  place: Place
  send: (key?: string, resumableBytesMin?: number) => ReturnType<typeof run>
  put: (name: string, text: string) => Promise<string>
}>

const STEPS: Record<string, (scene: Scene) => Promise<void>> = {
  'the first of each goes as it is, the next as what is new': async ({ receiver, way, send, put }) => {
    await put('aldi-1.jsonl', scrape('aldi', 1))
    await put('iga-1.jsonl', scrape('iga', 1))
    assert.equal((await send()).sent, 2)
    const [{ bytes: before }] = way.heard as [Heard]
    assert.deepEqual(await encodings(way), ['zstd 201', 'zstd 201'])
    await put('aldi-2.jsonl', scrape('aldi', 2))
    await put('coles-1.jsonl', scrape('coles', 1))
    assert.equal((await send()).sent, 2)
    const [{ bytes }] = way.heard as [Heard]
    assert.deepEqual(await encodings(way), ['dcz 201', 'zstd 201'])
    assert.ok(bytes < before / 3, `${bytes} of ${before}`)
    assert.equal(await readFile(join(receiver.folders.inbox, 'aldi-2.jsonl'), 'utf8'), scrape('aldi', 2))
  },

  'a scrape that broke off, and a small file, are no dictionaries': async ({ receiver, way, place, send, put }) => {
    await put('aldi-3.jsonl', scrape('aldi', 3, ROWS / 3))
    await put('aldi-4.jsonl', scrape('aldi', 4, 3))
    await send()
    assert.deepEqual(await encodings(way), ['dcz 201', 'zstd 201'])
    const dictionary = (await receiver.ledger.uploads.findByReference('aldi-2.jsonl'))[0]!.sha256
    await put('aldi-5.jsonl', scrape('aldi', 5))
    const named: unknown[] = []
    way.answering = ({ 'content-encoding': encoding }) => {
      if (encoding === 'dcz')
        named.push(JSON.parse(readFileSync(join(place.folders.spool, 'aldi-5.jsonl.json'), 'utf8')).dictionary)
      return undefined
    }
    assert.equal((await send()).sent, 1)
    assert.deepEqual(named, [dictionary])
    way.answering = undefined
    way.heard.length = 0
  },

  'what the server has no longer is sent without, and so is all else that goes wrong with a dictionary': async ({
    receiver,
    way,
    place,
    send,
    put,
  }) => {
    for (const name of ['aldi-1', 'aldi-2', 'aldi-5']) await rm(join(receiver.folders.inbox, `${name}.jsonl`))
    await put('aldi-6.jsonl', scrape('aldi', 6))
    assert.equal((await send()).sent, 1)
    assert.deepEqual(await encodings(way), ['dcz 409', 'zstd 201'])
    await put('aldi-7.jsonl', scrape('aldi', 7))
    await put('aldi-8.jsonl', scrape('aldi', 8))
    // A firewall that does not know the word.
    way.answering = ({ 'content-encoding': encoding }) =>
      encoding === 'dcz' ? { status: 406, body: '<html>Blocked</html>' } : undefined
    assert.equal((await send()).sent, 2)
    way.answering = undefined
    assert.deepEqual(await encodings(way), ['dcz 406', 'zstd 201', 'zstd 201'])
    await put('aldi-9.jsonl', scrape('aldi', 9))
    await writeFile(join(place.folders.archive, 'aldi-8.jsonl'), scrape('aldi', 8).replace('9.9', '9.8'))
    assert.equal((await send()).refused, 0)
    assert.deepEqual(await visible(place.folders.refused), [])
    way.heard.length = 0
  },

  'another key has sent nothing yet: after three files of which the server says so, none is tried': async ({
    receiver,
    way,
    send,
    put,
  }) => {
    const other = await receiver.makeKey('upload', 'read')
    for (let day = 10; day < 15; day++) await put(`aldi-${day}.jsonl`, scrape('aldi', day))
    assert.equal((await send(other)).sent, 5)
    const said = await encodings(way)
    assert.equal(said.filter((each) => each.endsWith('201')).length, 5)
    assert.ok(said.filter((each) => each === 'dcz 409').length <= 3, said.join())
  },

  'in pieces the server says so before a byte comes, and the others still go in pieces': async ({
    receiver,
    way,
    send,
    put,
  }) => {
    await put('aldi-16.jsonl', scrape('aldi', 16))
    const third = await receiver.makeKey('upload', 'read')
    assert.equal((await send(third, 0)).sent, 1)
    assert.deepEqual(await encodings(way), ['undefined 204'])
    await put('aldi-17.jsonl', scrape('aldi', 17))
    assert.equal((await send(third, 0)).sent, 1)
    const [{ bytes }] = way.heard as [Heard]
    assert.ok(bytes < 6000, `${bytes}`)
  },
}

test('a scrape goes against the newest of its company, and is what it was', async (t) => {
  await using receiver = await openReceiver()
  await using way = await openWay(receiver)
  await using place = await freshPlace()
  const send = (key = receiver.key, resumableBytesMin?: number) => run(place, way.url, key, { resumableBytesMin })
  const put = (name: string, text: string) => putInOutbox(place, name, text)
  const scene = { receiver, way, place, send, put }
  for (const [title, step] of Object.entries(STEPS)) await t.test(title, () => step(scene))
})

for (const [size, rows] of [
  ['small', ROWS],
  ['large', 2 * ROWS],
] as const)
  test(`${size} files of a company that go in one run name one dictionary, which neither side reads again`, async () => {
    await using receiver = await openReceiver()
    await using way = await openWay(receiver)
    await using place = await freshPlace()
    for (let day = 0; day < 4; day++) await putInOutbox(place, `aldi-${day}.jsonl`, scrape('aldi', day, rows))
    const named: (string | undefined)[] = []
    way.answering = ({ 'content-encoding': encoding, 'content-disposition': name }: IncomingHttpHeaders) => {
      const note = /[a-z]+-\d/.exec(String(name))![0]
      const { dictionary } = JSON.parse(readFileSync(join(place.folders.spool, `${note}.jsonl.json`), 'utf8'))
      if (encoding === 'dcz') named.push(dictionary)
      // From now on its bytes are only in memory.
      if (named.length === 1) rmSync(join(place.folders.archive, 'aldi-0.jsonl'))
      if (named.length === 2) rmSync(join(receiver.folders.inbox, 'aldi-0.jsonl'))
      return undefined
    }
    assert.equal((await run(place, way.url, receiver.key)).sent, 4)
    const first = (await receiver.ledger.uploads.findByReference('aldi-0.jsonl'))[0]!.sha256
    // The second one is compressed while the first one is on its way.
    assert.deepEqual([...new Set(named)], [first])
    assert.ok(named.length >= 2)
  })

test('files that are sent at once are sent against one dictionary, which is read once', async () => {
  await using receiver = await openReceiver()
  await using way = await openWay(receiver)
  await using place = await freshPlace()
  const rows = 2 * ROWS
  await putInOutbox(place, 'aldi-0.jsonl', scrape('aldi', 0, rows))
  await run(place, way.url, receiver.key)
  way.heard.length = 0
  for (let day = 1; day < 5; day++) await putInOutbox(place, `aldi-${day}.jsonl`, scrape('aldi', day, rows))
  let opened = 0
  const open: typeof disk.open = (path, ...args) => {
    if (path === join(place.folders.archive, 'aldi-0.jsonl')) opened++
    return disk.open(path, ...args)
  }
  assert.equal((await run(place, way.url, receiver.key, { disk: { ...disk, open }, concurrency: 4 })).sent, 4)
  assert.deepEqual(await encodings(way), ['dcz 201', 'dcz 201', 'dcz 201', 'dcz 201'])
  // For its receipt, its company and its bytes.
  assert.equal(opened, 3)
})

test('an old server is sent zstd: it promises nothing, and where it did once, it is asked once', async () => {
  await using receiver = await openReceiver()
  await using way = await openWay(receiver)
  await using place = await freshPlace()
  await putInOutbox(place, 'a.jsonl', scrape('aldi', 1))
  await run(place, way.url, receiver.key)
  // Set back to a version that does not know the word.
  Object.assign(way, {
    isOld: true,
    answering: (({ 'content-encoding': encoding }) => {
      if (encoding !== 'dcz') return undefined
      const problem = { type: 'urn:splitcart:problem:encoding_unsupported', code: 'encoding_unsupported' }
      const told = { title: 'x', status: 415, detail: 'dcz is not taken', todo: 'x', instance: 'urn:uuid:0' }
      const headers = { 'content-type': 'application/problem+json', 'accept-encoding': 'zstd, gzip' }
      return { status: 415, headers, body: JSON.stringify({ ...problem, ...told }) }
    }) satisfies Answering,
  })
  way.heard.length = 0
  for (let day = 2; day < 4; day++) await putInOutbox(place, `${day}.jsonl`, scrape('aldi', day))
  assert.equal((await run(place, way.url, receiver.key)).sent, 2)
  assert.deepEqual(await encodings(way), ['dcz 415', 'zstd 201', 'zstd 201'])
  await putInOutbox(place, '4.jsonl', scrape('aldi', 4))
  await run(place, way.url, receiver.key)
  assert.deepEqual(await encodings(way), ['zstd 201'])
})
