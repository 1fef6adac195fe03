/** Files of other kinds than products: where they go, and what the server says of them. */
import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { realDisk } from '@splitcart/shared/disk.ts'
import { openLog } from '@splitcart/shared/log.ts'
import { removeParts } from '../inbox/clean.ts'
import { recoverArriving } from '../inbox/recover-arriving.ts'
import { runLoaderPass } from '../update-db/update-db.ts'
import { assertProblem, get, named, openReceiver, post, type Receiver, sha256Of } from './receiver.ts'
import { ask, opening, patch } from './resumable-requests.ts'

const KINDS = ['products', 'links', 'pairs']
const LINKS = '{"category":"dairy","link":"https://shop.example/dairy"}\n'

function send(receiver: Pick<Receiver, 'url' | 'key'>, kind: string, text: string, name = 'x.jsonl.gz') {
  const headers = { 'Content-Type': 'application/gzip', 'Content-Disposition': named(name) }
  return post(receiver, headers, gzipSync(text), `/api/upload/${kind}/`)
}

function inboxOf({ folders }: Receiver, kind: string): string {
  return join(folders.data, `${kind}_inbox`)
}

async function sendInPieces(receiver: Receiver, kind: string, text: string): Promise<string> {
  const body = new Uint8Array(gzipSync(text))
  const metadata = { filename: 'pieces.jsonl.gz', encoding: 'gzip', sha256: sha256Of(text), kind }
  const { headers } = await ask(receiver, opening(metadata, body.length))
  const path = new URL(headers.get('location')!, `${receiver.url}/api/upload/resumable/`).pathname
  return (await ask(receiver, patch(path, 0, body))).headers.get('upload-receipt')!
}

async function work(receiver: Receiver) {
  const { folders, ledger, catalogue } = receiver
  const rest = { lineBytesMax: 1024 * 1024, hold: undefined, log: openLog('silent'), now: Date.now, onFile: () => {} }
  return runLoaderPass({ disk: realDisk(), folders, ledger, catalogue, ...rest }, new AbortController().signal)
}

test('what the program does not load itself is delivered whole and once, also when its owner has taken it', async () => {
  await using receiver = await openReceiver({ kinds: KINDS })
  const inbox = inboxOf(receiver, 'links')
  const first = await send(receiver, 'links', LINKS)
  assert.equal(first.status, 201, JSON.stringify(first.body))
  assert.deepEqual([first.body.kind, first.body.state, first.body.load], ['links', 'delivered', null])
  assert.equal(await readFile(join(inbox, 'x.jsonl'), 'utf8'), LINKS)
  await rename(join(inbox, 'x.jsonl'), join(receiver.folders.data, 'taken.jsonl'))
  const again = await Promise.all(['x.jsonl.gz', 'y.jsonl.gz'].map((name) => send(receiver, 'links', LINKS, name)))
  for (const { status, body } of again) assert.deepEqual([status, body.id, body.duplicate], [200, first.body.id, true])
  // Many at once: the same bytes once, and other bytes of the same name beside them.
  const sent = await Promise.all(['a', 'a', 'a', 'b', 'c'].map((text) => send(receiver, 'links', text.repeat(9))))
  assert.deepEqual(sent.map(({ status }) => status).sort(), [200, 200, 201, 201, 201])
  const contents = await Promise.all((await readdir(inbox)).map((name) => readFile(join(inbox, name), 'utf8')))
  assert.deepEqual(contents.sort(), ['aaaaaaaaa', 'bbbbbbbbb', 'ccccccccc'])
  // In pieces; and nothing of it is for update-db, nor missed by it.
  const id = await sendInPieces(receiver, 'pairs', '{"of":"a pair"}\n')
  assert.deepEqual([(await get(receiver, `/api/uploads/${id}`)).body.state], ['delivered'])
  assert.deepEqual(await readdir(inboxOf(receiver, 'pairs')), ['pieces.jsonl'])
  assert.deepEqual(await work(receiver), { loaded: 0, held: 0, failed: 0, rejected: 0, waiting: 0, ignored: [] })
  assert.equal((await receiver.ledger.uploads.countByState()).delivered, 5)
  assert.deepEqual(await readdir(receiver.folders.parts), [])
})

test('a server that died while it handed a file over neither loses it nor hands it over twice', async () => {
  await using receiver = await openReceiver({ kinds: KINDS })
  const { ledger, folders } = receiver
  const about = { bytes: 9, lines: 1, wire_bytes: 9, received_at: 1, kind: 'links', state: 'delivered' as const }
  for (const id of ['handed-over', 'not-yet']) {
    const names = { filename: `${id}.jsonl`, stored_as: `${id}.jsonl` }
    await ledger.arrivals.recordArriving({ id, sha256: sha256Of(id), ...names, ...about }, 'a-key')
  }
  // The owner has taken the first one before the server is back; of the second there is the part.
  await writeFile(join(folders.parts, 'not-yet'), 'not-yet')
  const place = { disk: realDisk(), folders, ledger }
  assert.deepEqual(await recoverArriving(place), ['handed-over.jsonl'])
  await removeParts(place.disk, folders)
  assert.equal((await ledger.uploads.find('handed-over'))?.state, 'delivered')
  assert.equal((await send(receiver, 'links', 'handed-over')).status, 200)
  assert.equal((await send(receiver, 'links', 'not-yet')).status, 201)
  assert.deepEqual(await readdir(inboxOf(receiver, 'links')), ['x.jsonl'])
})

test('a kind that is not named, and one that the key may not send, have one refusal each, before the body', async () => {
  await using receiver = await openReceiver({ kinds: KINDS })
  const unknown = await send(receiver, 'recipes', LINKS)
  assertProblem(unknown, 404, 'kind_unknown')
  assert.match(String(unknown.body.detail), /^"recipes" is none of products, links, pairs$/)
  assert.equal((await ask(receiver, opening({ filename: 'x.jsonl', kind: 'recipes' }))).body.code, 'kind_unknown')
  const limited = { name: 'limited', scopes: ['upload'], onlyFor: ['aldi'], expiresAt: null } as const
  const { text: key } = await receiver.ledger.keys.create(limited, Date.now())
  assertProblem(await send({ ...receiver, key }, 'links', LINKS), 403, 'kind_not_permitted')
  assert.equal((await send({ ...receiver, key }, 'products', LINKS)).status, 201)
  assert.deepEqual(await readdir(inboxOf(receiver, 'links')), [])
})

test('the same bytes are no second upload of another kind, unless nothing could be made of the first', async () => {
  await using receiver = await openReceiver({ kinds: KINDS })
  const { body: wrong } = await send(receiver, 'products', LINKS)
  const early = await send(receiver, 'links', LINKS)
  assertProblem(early, 409, 'kind_differs')
  assert.equal(early.body.detail, `they were sent as products, in the upload ${wrong.id}, which is accepted`)
  assert.equal((await work(receiver)).failed, 1)
  const right = await send(receiver, 'links', LINKS)
  assert.deepEqual([right.status, right.body.id, right.body.state], [201, wrong.id, 'delivered'])
  assert.equal(await readFile(join(inboxOf(receiver, 'links'), 'x.jsonl'), 'utf8'), LINKS)
  assertProblem(await send(receiver, 'pairs', LINKS), 409, 'kind_differs')
  assert.deepEqual(await readdir(receiver.folders.parts), [])
})

test('a name that is taken in the inbox of a kind is never written over', async () => {
  await using receiver = await openReceiver({ kinds: KINDS })
  const inbox = inboxOf(receiver, 'links')
  await mkdir(join(inbox, 'x.jsonl'))
  const { body } = await send(receiver, 'links', LINKS)
  assert.deepEqual(await readdir(inbox), [`x-${sha256Of(LINKS).slice(0, 8)}.jsonl`, 'x.jsonl'])
  assert.equal(body.state, 'delivered')
})
