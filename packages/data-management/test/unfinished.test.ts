/** What a server finds of unfinished uploads when it starts, and who may write to one of them. */
import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { realDisk } from '@splitcart/shared/disk.ts'
import { Upload } from '@tus/server'
import { temporaryFolder } from '../../../test/folders.ts'
import { UnfinishedUploads } from '../inbox/unfinished.ts'
import { UploadLocks } from '../inbox/upload-locks.ts'
import { assertProblem, openReceiver } from './receiver.ts'
import { ask, opening } from './resumable-requests.ts'

const DAY_MS = 24 * 60 * 60 * 1000
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
  await writeFile(join(at.path, 'k3', 'gone.json'), JSON.stringify(first.note(kept)))
  await writeFile(join(at.path, 'k3', 'torn.json'), '{"id":')
  await writeFile(join(at.path, 'k3', 'torn'), 'x')
  const second = await openIn(at.path)
  assert.deepEqual(await readdir(join(at.path, 'k3')), [])
  const { offset, size, metadata } = await second.getUpload(kept)
  assert.deepEqual([offset, size, metadata], [40, 100, { filename: 'x.jsonl' }])
  assert.equal(second.note(accepted)?.acceptedAs, 'receipt')
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
  const more = new Upload({ id: UnfinishedUploads.newId('k2'), size: 600, offset: 0, metadata: {} })
  await assert.rejects(uploads.create(more), { code: 'resumable_full' })
  assert.equal(uploads.note(more.id), undefined)
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
  await sleep(1)
  await hold.unlock()
  await next
  assert.equal(asked, 2)
  assert.deepEqual([locks.isHeld('a'), locks.isHeld('c')], [true, false])
})
