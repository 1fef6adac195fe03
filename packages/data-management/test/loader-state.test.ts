/** What the server says of its loader: whether it runs, on what, since when, and how far it has come. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { realDisk } from '@splitcart/shared/disk.ts'
import { takeLock } from '@splitcart/shared/lock.ts'
import type { LoaderView, SystemView } from '../http/routes/system-schema.ts'
import { progressIn, progressRecorder, writeProgress } from '../inbox/progress.ts'
import { get, openReceiver, postGzip, type Receiver, rowsText, SETTINGS_KEY } from './receiver.ts'

async function loaderOf(receiver: Receiver): Promise<LoaderView> {
  return ((await get({ ...receiver, key: SETTINGS_KEY }, '/api/system')).body as unknown as SystemView).loader
}

test('a loader is not running, idle, or working on an upload', async () => {
  await using receiver = await openReceiver()
  const { uploads } = receiver.ledger
  const [first, second] = [
    String((await postGzip(receiver, 'first.jsonl.gz', rowsText(1))).body.id),
    String((await postGzip(receiver, 'second.jsonl.gz', rowsText(2))).body.id),
  ]
  // As a loader leaves it that was killed.
  await uploads.markLoading(second, 1_000, null)
  assert.deepEqual(await loaderOf(receiver), { state: 'not running', since: null, upload: null, progress: null })
  using _lock = takeLock(join(receiver.folders.data, '.update-db.lock'), 'a test')
  await uploads.markLoading(first, 2_000, null)
  const note = { upload_id: first, bytes: 100, of_bytes: 300 }
  await writeProgress(realDisk(), receiver.folders.data, note)
  const working = await loaderOf(receiver)
  assert.deepEqual([working.state, working.since], ['working', new Date(2_000).toISOString()])
  assert.deepEqual([working.upload?.id, working.upload?.filename], [first, 'first.jsonl'])
  assert.deepEqual(working.progress, note)
  await writeProgress(realDisk(), receiver.folders.data, { ...note, upload_id: second })
  assert.equal((await loaderOf(receiver)).progress, null, 'the note of another load says nothing of this one')
  const counts = { rows: 1, inserted: 1, changed: 0, unchanged: 0, duplicate: 0, rejected: 0, warnings: 0 }
  const result = { ...counts, finished_at: new Date().toISOString(), problem: null }
  for (const [id, at] of [
    [first, 3_000],
    [second, 4_000],
  ] as const)
    await uploads.settle(id, 'loaded', result, at)
  const idle = { state: 'idle', since: new Date(4_000).toISOString(), upload: null, progress: null }
  assert.deepEqual(await loaderOf(receiver), idle)
})

test('a load that takes long leaves a note of how far it is, a short one none', async () => {
  await using receiver = await openReceiver()
  const { data } = receiver.folders
  const read = async (msBetweenLooks: number) => {
    let now = 0
    const clock = () => {
      now += msBetweenLooks
      return now
    }
    const note = progressRecorder(
      { id: 'x', bytes: 300 },
      (progress) => writeProgress(realDisk(), data, progress),
      clock,
    )
    for (const bytes of [100, 200, 300]) await note(bytes)
  }
  await read(0)
  assert.equal(await progressIn(realDisk(), data), undefined)
  await read(1_050)
  assert.deepEqual(await progressIn(realDisk(), data), { upload_id: 'x', bytes: 300, of_bytes: 300 })
})

test('a note that is damaged, or no file at all, says nothing and hinders nobody', async () => {
  await using receiver = await openReceiver()
  const path = join(receiver.folders.data, '.update-db.progress')
  for (const text of ['', '{', '[]', 'null', '{"upload_id":"x","bytes":"1","of_bytes":2}', 'x'.repeat(10_000)]) {
    await writeFile(path, text)
    assert.equal(await progressIn(realDisk(), receiver.folders.data), undefined, text.slice(0, 20))
  }
})
