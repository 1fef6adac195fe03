/** Promise 11: what a proxy, a portal or a firewall says moves no file and blames no key; one file never stands for the server. */
import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { test } from 'node:test'
import { openReceiver, type Receiver } from '@splitcart/data-management/test/receiver.ts'
import {
  BODIES,
  MEDDLERS,
  onlyAt,
  openStrangerProxy,
  STATUSES,
  type STEPS,
  type Stranger,
  type StrangerProxy,
  strangerSaying,
  takingOverAt,
} from '../../../test/stranger.ts'
import { checkServer } from '../doctor-server.ts'
import { createUploadClient } from '../upload-client.ts'
import { uploadData } from '../upload-data.ts'
import type { Summary } from '../upload-events.ts'
import { disk, freshPlace, putInOutbox, row, textOf, visible } from './place.ts'
import type { Sender } from './sender.ts'

type Scene = AsyncDisposable &
  Readonly<{
    receiver: Receiver
    proxy: StrangerProxy
    key: string
    send: (key?: string) => Promise<Summary>
    names: (folder: 'outbox' | 'archive' | 'refused' | 'spool') => Promise<string[]>
    events: Sender['events']
    put: (name: string, bytes?: number) => Promise<string>
  }>

const BIG = 200_000

async function openScene(more: Readonly<{ idleMsMax?: number }> = {}): Promise<Scene> {
  const place = await freshPlace()
  const receiver = await openReceiver()
  const proxy = await openStrangerProxy(receiver.port)
  const key = await receiver.makeKey('upload', 'read')
  const events: Sender['events'] = []
  const send = (other = key) => {
    const client = createUploadClient({
      server: new URL(proxy.url),
      key: other,
      resumableBytesMin: 50_000,
      ...more,
    })
    const patience = { triesMax: 2, firstDelayMs: 1 }
    const signal = new AbortController().signal
    return uploadData({ disk, folders: place.folders, client, patience, signal, on: (event) => events.push(event) })
  }
  const put = (name: string, bytes = 0) => {
    const noise = Array.from({ length: bytes / 10 }, () => Math.random().toString(36).slice(2, 12)).join('')
    return putInOutbox(place, name, textOf(row(`${name} ${noise}`)))
  }
  const close = async () => {
    await proxy[Symbol.asyncDispose]()
    await receiver[Symbol.asyncDispose]()
    await place[Symbol.asyncDispose]()
  }
  const names = (folder: 'outbox' | 'archive' | 'refused' | 'spool') =>
    folder === 'spool' ? readdir(place.folders.spool) : visible(place.folders[folder])
  return { receiver, proxy, key, send, names, events, put, [Symbol.asyncDispose]: close }
}

/** Two small files, and a large one whose upload was opened. */
async function fill(scene: Scene): Promise<void> {
  await scene.put('large.jsonl', BIG)
  scene.proxy.stranger = (request, response, pass) =>
    request.url?.startsWith('/api/upload/resumable/') && request.method === 'POST' ? pass() : response.destroy()
  await scene.send()
  scene.proxy.stranger = undefined
  for (const name of ['a.jsonl', 'b.jsonl']) await scene.put(name)
}

async function expectAllDelivered(scene: Scene, what: string, names = ['a.jsonl', 'b.jsonl', 'large.jsonl']) {
  scene.proxy.stranger = undefined
  const { outcome, problem } = await scene.send()
  assert.deepEqual([outcome, problem?.detail, await scene.names('outbox')], ['done', undefined, []], what)
  const answer = await fetch(`${scene.receiver.url}/api/uploads`, { headers: { 'X-API-Key': scene.key } })
  const { uploads } = (await answer.json()) as { uploads: { filename: string }[] }
  assert.deepEqual(uploads.map(({ filename }) => filename).sort(), names, what)
}

const ALL = ['a.jsonl', 'b.jsonl', 'large.jsonl']

test('whatever a stranger answers to everything, all files stay, no key is blamed, and the unfinished upload is resumed', async () => {
  await using scene = await openScene()
  await fill(scene)
  const bodies = Object.keys(BODIES)
  const kinds = [
    ...STATUSES.map((status, index) => ({ status, body: bodies[index % bodies.length]! })),
    ...bodies.flatMap((body) => [200, 403].map((status) => ({ status, body }))),
  ]
  for (const { status, body } of kinds) {
    scene.proxy.stranger = strangerSaying(status, body)
    const { outcome, waiting, problem } = await scene.send()
    const what = `${status} with ${body}: ${problem?.detail}`
    assert.deepEqual([outcome, waiting, await scene.names('outbox')], ['unreachable', 3, ALL], what)
    assert.ok(problem?.code === 'answer_unknown' || problem?.code === 'server_unreachable', what)
    assert.match(problem.todo, /^Nothing is lost/)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what a stranger says must not reach a terminal.
    assert.doesNotMatch(JSON.stringify(problem.detail), /[\u0000-\u001f\u202e]|\\u0007/, what)
    assert.deepEqual(await scene.names('refused'), [], what)
    assert.ok((await scene.names('spool')).includes('large.jsonl.resume'), `${what}: the note is gone`)
  }
  await expectAllDelivered(scene, 'when the stranger is gone')
  assert.equal(scene.proxy.heard.filter((each) => each === 'POST /api/upload/resumable/').length, 1, 'it was resumed')
})

const TAKING_OVER: Readonly<Record<keyof typeof STEPS, [status: number, body: string]>> = {
  POST: [400, 'a page in HTML'],
  create: [403, 'no body'],
  HEAD: [404, 'no body'],
  PATCH: [403, 'a problem of another program'],
  results: [401, 'JSON of another shape'],
}

for (const [step, [status, body]] of Object.entries(TAKING_OVER))
  test(`a stranger who takes over at ${step} moves nothing, and everything is delivered once when he is gone`, async () => {
    await using scene = await openScene()
    if (step !== 'create') await fill(scene)
    else for (const name of ALL) await scene.put(name, name === 'large.jsonl' ? BIG : 0)
    scene.proxy.stranger = takingOverAt(step, strangerSaying(status, body))
    const { outcome, refused } = await scene.send()
    assert.deepEqual([outcome, refused], ['unreachable', 0])
    if (step === 'HEAD') assert.ok((await scene.names('spool')).includes('large.jsonl.resume'), 'it can be resumed')
    const archived = (await scene.names('archive')).filter((name) => name.endsWith('.jsonl'))
    const accepted = scene.events.flatMap((event) => (event.type === 'file' && event.receipt ? [event.name] : []))
    assert.deepEqual(archived.sort(), accepted.sort())
    await expectAllDelivered(scene, step)
  })

const BLOCKED = { create: [200, 403], HEAD: [204, 405], PATCH: [200, 204, 403, 501], results: [403] }

for (const [step, statuses] of Object.entries(BLOCKED))
  test(`a network that does not let ${step} through gets a large file in one POST`, async () => {
    for (const status of statuses) {
      await using scene = await openScene()
      await fill(scene)
      if (step !== 'HEAD') await scene.put('large.jsonl', BIG + 10)
      scene.proxy.stranger = onlyAt(step, strangerSaying(status, 'a page in HTML'))
      const { outcome, sent, duplicates, problem } = await scene.send()
      assert.deepEqual([outcome, sent + duplicates, problem?.detail], ['done', 3, undefined], String(status))
      await expectAllDelivered(scene, step)
    }
  })

test('a network that cuts every PATCH off gets a large file in one POST, without a word of it', async () => {
  await using scene = await openScene()
  await fill(scene)
  scene.proxy.stranger = onlyAt('PATCH', (_request, response) => response.destroy())
  const { outcome, sent, problem } = await scene.send()
  assert.deepEqual([outcome, sent, problem?.detail], ['done', 3, undefined])
  await expectAllDelivered(scene, 'cut off')
})

test('a proxy that takes fields away from requests or answers makes no file refused, and all arrive when it is gone', async () => {
  await using scene = await openScene()
  for (const [what, stranger] of Object.entries(MEDDLERS)) {
    await scene.put(`${what} large.jsonl`, BIG)
    await scene.put(`${what}.jsonl`)
    scene.proxy.stranger = stranger
    const { refused, problem } = await scene.send()
    assert.deepEqual([refused, await scene.names('refused')], [0, []], `${what}: ${problem?.detail}`)
  }
  const names = Object.keys(MEDDLERS).flatMap((what) => [`${what} large.jsonl`, `${what}.jsonl`])
  await expectAllDelivered(scene, 'meddlers', names.sort())
})

test('an outbox full of files whose requests are changed on the way is not emptied: the third says so and ends the run', async () => {
  await using scene = await openScene()
  for (const name of ['1', '2', '3', '4', '5']) await scene.put(`${name}.jsonl`)
  scene.proxy.stranger = MEDDLERS['without content-encoding']
  const { outcome, waiting, problem } = await scene.send()
  assert.deepEqual([outcome, waiting, problem?.code], ['unreachable', 5, 'request_altered'])
  assert.match(problem?.detail ?? '', /^of 1\.jsonl, 2\.jsonl, 3\.jsonl the server says .*\(digest_mismatch\)$/)
  await expectAllDelivered(
    scene,
    'changed',
    ['1', '2', '3', '4', '5'].map((name) => `${name}.jsonl`),
  )
})

test('a network that answers large bodies with 502 keeps only the large file waiting', async () => {
  await using scene = await openScene()
  await fill(scene)
  const bySize: Stranger = (request, response, pass) =>
    Number(request.headers['content-length'] ?? 0) > 50_000
      ? strangerSaying(502, 'a page in HTML')(request, response, pass)
      : pass()
  scene.proxy.stranger = bySize
  const { outcome, sent, waiting } = await scene.send()
  assert.deepEqual([outcome, sent, waiting, await scene.names('outbox')], ['partly', 2, 1, ['large.jsonl']])
  const told = scene.events.find((event) => event.type === 'file' && event.state === 'skipped')
  assert.match(JSON.stringify(told), /answered 502 with a page in HTML titled \\"Access denied\\", from portal\/1\.0/)
  await expectAllDelivered(scene, 'by size')
})

test('a proxy that takes no more than a little at once gets a file in smaller pieces', async () => {
  await using scene = await openScene()
  for (const [name, bytes] of [
    ['large.jsonl', 3_000_000],
    ['middle.jsonl', 1_500_000],
  ] as const)
    await scene.put(name, bytes)
  const sizes: number[] = []
  scene.proxy.stranger = (request, response, pass) => {
    const bytes = Number(request.headers['content-length'] ?? 0)
    sizes.push(bytes)
    return bytes > 700_000 ? strangerSaying(413, 'a page in HTML')(request, response, pass) : pass()
  }
  const { outcome, sent, problem } = await scene.send()
  assert.deepEqual([outcome, sent, problem?.detail], ['done', 2, undefined])
  assert.ok(sizes.filter((bytes) => bytes > 700_000).length <= 4, `halved from ${sizes.slice(0, 6)}`)
})

test('a proxy that takes less than the smallest piece is named, and the other files go on', async () => {
  await using scene = await openScene()
  await scene.put('large.jsonl', 1_500_000)
  await scene.put('a.jsonl')
  scene.proxy.stranger = (request, response, pass) =>
    Number(request.headers['content-length'] ?? 0) > 100_000
      ? strangerSaying(413, 'a page in HTML')(request, response, pass)
      : pass()
  const { outcome, sent, waiting } = await scene.send()
  assert.deepEqual([outcome, sent, waiting, await scene.names('refused')], ['partly', 1, 1, []])
  const told = scene.events.find((event) => event.type === 'file' && event.state === 'skipped')
  assert.match(JSON.stringify(told), /A proxy in front of the server finds the file too large/)
})

test('an answer without an end costs neither memory nor patience without one', async () => {
  await using scene = await openScene({ idleMsMax: 500 })
  await scene.put('a.jsonl')
  const kinds: [type: string, everyMs: number, chunk: Buffer][] = [
    ['text/html', 0, Buffer.alloc(64 * 1024, 'x')],
    ['application/json', 0, Buffer.alloc(64 * 1024, '[')],
    ['application/json', 100, Buffer.from(' ')],
  ]
  for (const [type, everyMs, chunk] of kinds) {
    let written = 0
    scene.proxy.stranger = (request, response) => {
      request.resume()
      response.writeHead(200, { 'content-type': type })
      const more = () => {
        if (response.destroyed) return
        written += chunk.length
        if (response.write(chunk)) setTimeout(more, everyMs)
        else response.once('drain', more)
      }
      more()
    }
    const start = performance.now()
    const { outcome, waiting } = await scene.send()
    assert.deepEqual([outcome, waiting], ['unreachable', 1], type)
    assert.ok(performance.now() - start < 20_000)
    assert.ok(written < 40_000_000, `${written} bytes were taken`)
  }
})

test('doctor tells what of resuming does not get through, and leaves nothing on the server', async () => {
  await using scene = await openScene()
  const said = async () => {
    const findings = await Array.fromAsync(checkServer(new URL(scene.proxy.url), scene.key))
    return findings
      .map(({ check, state, detail }) => `${check} ${state}: ${detail}`)
      .filter((line) => /^(resuming|key|uploading)/.test(line))
  }
  assert.deepEqual(await said(), [
    'key ok: accepted',
    'uploading ok: the key may upload',
    'resuming ok: large files can be resumed on their way',
  ])
  for (const method of ['HEAD', 'PATCH', 'DELETE']) {
    scene.proxy.stranger = (request, response, pass) =>
      request.method === method ? strangerSaying(403, 'a page in HTML')(request, response, pass) : pass()
    const line = (await said()).at(-1) ?? ''
    assert.match(line, new RegExp(`^resuming warn: ${method} does not get through: .* answered 403 with`))
  }
  scene.proxy.stranger = MEDDLERS['answers without upload-offset']
  assert.match((await said()).at(-1) ?? '', /^resuming warn: HEAD does not get through/)
  scene.proxy.stranger = strangerSaying(401, 'a page in HTML')
  assert.doesNotMatch((await said()).join(), /the server does not accept it/)
  const left = (await readdir(scene.receiver.folders.resumable, { recursive: true })).filter((name) =>
    /\/[0-9a-f-]{36}$/.test(name),
  )
  assert.equal(left.length, 1, 'the one that DELETE could not take back')
})
