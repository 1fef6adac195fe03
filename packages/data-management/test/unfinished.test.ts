/** What a server finds of unfinished uploads when it starts, and who may write to one of them. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { realDisk } from '@splitcart/shared/disk.ts'
import { DAY_MS } from '@splitcart/shared/time.ts'
import { Upload } from '@tus/server'
import { temporaryFolder } from '../../../test/folders.ts'
import { UnfinishedUploads } from '../inbox/unfinished.ts'
import { UnfinishedSpace } from '../inbox/unfinished-space.ts'
import { UploadLocks } from '../inbox/upload-locks.ts'
import { assertProblem, openReceiver, type Receiver } from './receiver.ts'
import { ask, METADATA, opening, patch, ROOT, type Told } from './resumable-requests.ts'

const LIMITS = { countMax: 3, keyBytesMax: 1000, bytesMax: 1000, ageMsMax: DAY_MS }

function openIn(folder: string, now = Date.now): Promise<UnfinishedUploads> {
  return UnfinishedUploads.open({ disk: realDisk(), folder, limits: LIMITS, now })
}

test('a server that starts again knows what it kept, and removes what is torn, lonely or too old', async () => {
  await using at = await temporaryFolder()
  const first = await openIn(at.path)
  const [kept, accepted] = [UnfinishedUploads.newId('k1'), UnfinishedUploads.newId('k2')]
  for (const id of [kept, accepted])
    await first.create(new Upload({ id, size: 100, offset: 0, metadata: { filename: 'x.jsonl' } }))
  await writeFile(first.path(kept), 'x'.repeat(40))
  await first.settle(accepted, 'receipt')
  await mkdir(join(at.path, 'k3'))
  await writeFile(join(at.path, 'k3', 'lonely'), 'bytes without a note')
  await writeFile(join(at.path, 'k3', 'gone.json'), JSON.stringify(first.recordOf(kept)))
  await writeFile(join(at.path, 'k3', 'torn.json'), '{"id":')
  await writeFile(join(at.path, 'k3', 'torn'), 'x')
  const second = await openIn(at.path)
  assert.deepEqual(await readdir(join(at.path, 'k3')), [])
  const { offset, size, metadata } = await second.getUpload(kept)
  assert.deepEqual([offset, size, metadata], [40, 100, { filename: 'x.jsonl' }])
  assert.equal(second.recordOf(accepted)?.acceptedAs, 'receipt')
  await openIn(at.path, () => Date.now() + 2 * DAY_MS)
  assert.deepEqual((await readdir(at.path, { recursive: true })).sort(), ['k1', 'k2', 'k3'])
})

test('files are for their owner only, and what cannot be opened leaves nothing', async () => {
  await using at = await temporaryFolder()
  const uploads = await openIn(at.path)
  const id = UnfinishedUploads.newId('k1')
  await uploads.create(new Upload({ id, size: 600, offset: 0, metadata: {} }))
  if (process.platform !== 'win32')
    for (const path of [uploads.path(id), `${uploads.path(id)}.json`])
      assert.equal((await stat(path)).mode & 0o777, 0o600)
  assert.ok((await readFile(`${uploads.path(id)}.json`, 'utf8')).endsWith('}\n'))
  await uploads.write(Readable.from([Buffer.from('x')]), id, 0)
  const more = new Upload({ id: UnfinishedUploads.newId('k2'), size: 600, offset: 0, metadata: {} })
  await assert.rejects(uploads.create(more), { code: 'resumable_full' })
  assert.equal(uploads.recordOf(more.id), undefined)
})

test('who only announces lengths holds no room, and no key takes the last of it', () => {
  const room = new UnfinishedSpace({ countMax: 4, keyBytesMax: 800, bytesMax: 1000, ageMsMax: DAY_MS })
  const open = (id: string, keyId: string, size: number, now = 0) => {
    room.checkOpening(keyId, size, now)
    room.add(id, { keyId, size })
  }
  for (const id of ['a1', 'a2']) open(id, 'a', 400)
  open('b1', 'b', 800)
  // Bytes of the first two come: the first may have all it is to become, the second would leave less than it has to others.
  room.begin('a1', 0)
  room.end('a1', 1, 0)
  assert.throws(() => room.begin('b1', 0), { code: 'resumable_full', detail: /1000 bytes together/ })
  assert.throws(() => room.begin('a2', 0), { code: 'resumable_full', detail: /this key have 400 bytes/ })
  open('c1', 'c', 500)
  room.begin('c1', 0)
  // Of what stands still only what has come counts; it goes on when there is room again.
  const later = 6 * 60 * 1000
  room.end('c1', 10, later)
  room.begin('a2', later)
  room.end('a2', 400, later)
  assert.throws(() => room.begin('a1', later), { code: 'resumable_full' })
  room.remove('c1')
  room.remove('a2')
  room.begin('a1', later)
})

test('unfinished uploads of all keys together are bounded in number', () => {
  const room = new UnfinishedSpace({ countMax: 16, keyBytesMax: 100, bytesMax: 1000, ageMsMax: DAY_MS })
  for (let index = 0; index < 4_096; index++) room.add(`${index}`, { keyId: `key ${index % 256}`, size: 1 })
  assert.throws(() => room.checkOpening('another key', 1, 0), { code: 'resumable_full', detail: /there are 4096/ })
})

test('of finished uploads the newest of each key are kept, with their receipts only, whatever an earlier server left', async () => {
  await using at = await temporaryFolder()
  const note = { size: 10, creation_date: new Date().toISOString(), acceptedAs: 'receipt' }
  const metadata = { filename: 'x.jsonl', more: 'x'.repeat(1_000) }
  const names = Array.from({ length: 3_000 }, (_, index) => `${String(index).padStart(8, '0')}`)
  for (const keyId of ['k1', 'k2']) await mkdir(join(at.path, keyId))
  for (const name of names) writeFileSync(join(at.path, 'k1', `${name}.json`), JSON.stringify({ ...note, metadata }))
  writeFileSync(join(at.path, 'k2', 'x.json'), JSON.stringify({ ...note, metadata }))
  const uploads = await openIn(at.path)
  assert.equal((await readdir(join(at.path, 'k1'))).length, 256)
  assert.equal(uploads.recordOf('k1/00000000'), undefined)
  assert.deepEqual(uploads.recordOf('k1/00002999'), { id: 'k1/00002999', ...note })
  assert.equal(uploads.recordOf('k2/x')?.acceptedAs, 'receipt')
  const newest = UnfinishedUploads.newId('k1')
  await uploads.create(new Upload({ id: newest, size: 5, offset: 0, metadata }))
  await uploads.settle(newest, 'another')
  assert.equal(uploads.recordOf(newest)?.acceptedAs, 'another')
  assert.equal(uploads.recordOf('k1/00002744'), undefined)
  assert.equal(uploads.recordOf('k2/x')?.acceptedAs, 'receipt')
})

test('an upload is opened only when there will be room for all of it', async () => {
  await using receiver = await openReceiver({ diskBytesKept: Number.MAX_SAFE_INTEGER })
  assertProblem(await ask(receiver, opening()), 507, 'disk_full')
})

test('who comes later asks the holder of an upload to let go, and gets in when it has, or is told that it is busy', async () => {
  const locks = new UploadLocks(50)
  const never = new AbortController().signal
  let asked = 0
  const hold = locks.newLock('a')
  await hold.lock(never, () => {
    asked++
  })
  await assert.rejects(
    locks.newLock('a').lock(never, () => {}),
    { code: 'upload_busy' },
  )
  await locks.newLock('b').lock(never, () => {})
  const next = locks.newLock('a').lock(never, () => {})
  await hold.unlock()
  await next
  assert.equal(asked, 2)
  assert.deepEqual([locks.isHeld('a'), locks.isHeld('c')], [true, false])
})

test('what all unfinished uploads may have is bounded: in number, in bytes of a key, in bytes of all', async () => {
  await using receiver = await openReceiver({ unfinished: { countMax: 2, keyBytesMax: 1000, bytesMax: 1500 } })
  assertProblem(await ask(receiver, opening(METADATA, 5 * 1024 * 1024)), 413, 'body_too_large')
  assertProblem(await ask(receiver, opening(METADATA, 1001)), 507, 'resumable_full')
  const answers = await Promise.all(Array.from({ length: 6 }, () => ask(receiver, opening(METADATA, 400))))
  assert.deepEqual(answers.map(({ status }) => status).sort(), [201, 201, 507, 507, 507, 507])
  const other = { ...receiver, key: await receiver.makeKey('upload') }
  // What has only been announced keeps nobody out.
  const announced = await ask(other, opening(METADATA, 800))
  assert.equal(announced.status, 201)
  for (const answer of answers.filter(({ status }) => status === 201))
    assert.equal((await ask(receiver, patch(pathOf(receiver, answer), 0, new Uint8Array(1)))).status, 204)
  assertProblem(await ask(receiver, patch(pathOf(receiver, announced), 0, new Uint8Array(1))), 404, 'not_found')
  assertProblem(await ask(other, patch(pathOf(receiver, announced), 0, new Uint8Array(1))), 507, 'resumable_full')
  assert.equal((await ask(other, { method: 'DELETE', path: pathOf(receiver, announced) })).status, 204)
  assertProblem(await ask(other, opening(METADATA, 800)), 507, 'resumable_full')
  assert.equal((await ask(other, opening(METADATA, 700))).status, 201)
  const path = pathOf(receiver, answers.find(({ status }) => status === 201)!)
  assertProblem(await ask(receiver, patch(path, 1, new Uint8Array(500))), 413, 'body_too_large')
  await ask(receiver, { method: 'DELETE', path })
  assert.equal((await ask(receiver, opening(METADATA, 400))).status, 201)
})

function pathOf({ url }: Receiver, { headers }: Told): string {
  return new URL(headers.get('location')!, url + ROOT).pathname
}
