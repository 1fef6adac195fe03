import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { appendFile, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Disk } from '@splitcart/shared/disk.ts'
import type { Receipt, UploadState } from '@splitcart/shared/receipt.ts'
import { DAY_MS } from '@splitcart/shared/time.ts'
import { lockArchive } from '../archive-lock.ts'
import { type PruneArchiveOptions, pruneArchive } from '../prune.ts'
import { loaded } from './any-server.ts'
import { disk, freshPlace, type Place, visible } from './place.ts'
import { freshSender, upload } from './sender.ts'

const NOW = Date.parse('2026-03-01T00:00:00Z')
const ACCEPTED: Receipt = {
  id: 'x',
  filename: 'x.jsonl',
  sha256: createHash('sha256').update('text').digest('hex'),
  bytes: 4,
  lines: 1,
  state: 'accepted',
  received_at: '2026-01-01T00:00:00.000Z',
  duplicate: false,
  message: '',
  load: null,
}

async function archived(place: Place, stem: string, state: UploadState, daysAgo: number): Promise<void> {
  const { load } = loaded(ACCEPTED)
  const finished_at = new Date(NOW - daysAgo * DAY_MS).toISOString()
  const receipt = { ...ACCEPTED, state, load: load && state !== 'accepted' ? { ...load, finished_at } : null }
  await writeFile(join(place.folders.archive, `${stem}.jsonl`), 'text')
  await writeFile(join(place.folders.archive, `${stem}.receipt.json`), JSON.stringify(receipt))
}

async function prune(place: Place, more: Partial<PruneArchiveOptions> = {}): Promise<string[]> {
  const names: string[] = []
  const all = { disk, folders: place.folders, daysMin: 30, now: NOW, dryRun: false, ...more }
  for await (const { name } of pruneArchive(all)) names.push(name)
  return names
}

test('only what was loaded long enough ago is removed, with its receipt and its rejects', async () => {
  await using place = await freshPlace()
  await archived(place, 'old', 'loaded', 31)
  await writeFile(join(place.folders.archive, 'old.rejects.jsonl'), '{}\n')
  await archived(place, 'young', 'loaded', 29)
  for (const state of ['accepted', 'loading', 'held', 'failed'] as const) await archived(place, state, state, 400)
  await writeFile(join(place.folders.archive, 'alone.jsonl'), 'text')
  await writeFile(join(place.folders.archive, 'broken.receipt.json'), '{"state":"loaded"}')
  await writeFile(join(place.folders.archive, 'broken.jsonl'), 'text')
  const before = await visible(place.folders.archive)
  assert.deepEqual(await prune(place, { dryRun: true }), ['old.jsonl'])
  assert.deepEqual(await visible(place.folders.archive), before)
  assert.deepEqual(await prune(place), ['old.jsonl'])
  assert.deepEqual(
    await visible(place.folders.archive),
    before.filter((name) => !name.startsWith('old.')),
  )
})

test('a file that was written to after it was loaded is not removed: it goes back to the outbox', async () => {
  await using place = await freshPlace()
  for (const stem of ['longer', 'other', 'same']) await archived(place, stem, 'loaded', 31)
  await archived(place, 'young', 'loaded', 1)
  await appendFile(join(place.folders.archive, 'longer.jsonl'), 'more')
  await writeFile(join(place.folders.archive, 'other.jsonl'), 'TEXT')
  assert.deepEqual(await prune(place, { dryRun: true }), ['longer.jsonl', 'other.jsonl', 'same.jsonl'])
  assert.deepEqual(await visible(place.folders.outbox), [])
  await prune(place)
  assert.deepEqual(await visible(place.folders.outbox), ['longer.jsonl', 'other.jsonl'])
  assert.deepEqual(await visible(place.folders.archive), ['young.jsonl', 'young.receipt.json'])
})

test('with a clock that is a year ahead nothing is removed, unless a person insists', async () => {
  await using place = await freshPlace()
  for (const stem of ['a', 'b']) await archived(place, stem, 'loaded', 1)
  await archived(place, 'waits', 'accepted', 1)
  const now = NOW + 365 * DAY_MS
  await assert.rejects(prune(place, { now }), { code: 'prune_refused' })
  // What was loaded since by the same clock looks young.
  await archived(place, 'young', 'loaded', -365)
  await assert.rejects(prune(place, { now }), { code: 'prune_refused' })
  assert.deepEqual(await prune(place, { now, trustsClock: true }), ['a.jsonl', 'b.jsonl'])
  const left = ['waits.jsonl', 'waits.receipt.json', 'young.jsonl', 'young.receipt.json']
  assert.deepEqual(await visible(place.folders.archive), left)
})

test('whatever call a pruning is killed before, no file is left without its receipt, and the next one ends it', async () => {
  for (let before = 1; ; before++) {
    await using place = await freshPlace()
    await archived(place, 'old', 'loaded', 31)
    await writeFile(join(place.folders.archive, 'old.rejects.jsonl'), '{}\n')
    await archived(place, 'young', 'loaded', 1)
    let calls = 0
    const guarded = Object.fromEntries(
      (['open', 'unlink', 'readdir', 'lstat'] as const).map((name) => [
        name,
        async (...given: never[]) => {
          if (++calls >= before) throw new Error('killed')
          return (disk[name] as (...given: never[]) => unknown)(...given)
        },
      ]),
    ) as unknown as Disk
    await prune(place, { disk: { ...disk, ...guarded } }).catch(() => {})
    const names = await readdir(place.folders.archive)
    assert.ok(!names.includes('old.jsonl') || names.includes('old.receipt.json'))
    await prune(place)
    assert.deepEqual(await visible(place.folders.archive), ['young.jsonl', 'young.receipt.json'])
    if (calls < before) break
  }
})

test('a round of upload-data and a pruning wait for each other', async () => {
  await using sender = await freshSender()
  const { folders } = sender.place
  const lock = await lockArchive(folders, { msMax: 0 })
  await assert.rejects(lockArchive(folders, { msMax: 0 }), { code: 'locked' })
  let ended = false
  const running = upload(sender).finally(() => {
    ended = true
  })
  let waits = 0
  const pruning = lockArchive(folders, { msMax: 60_000, onWait: () => waits++ })
  while (waits === 0) await sleep(10)
  await sleep(100)
  assert.deepEqual([ended, waits], [false, 1])
  lock[Symbol.dispose]()
  const second = await pruning
  second[Symbol.dispose]()
  assert.equal((await running).outcome, 'done')
})

test('what a pruning removed is not missed by the next run', async () => {
  await using sender = await freshSender()
  const { archive } = sender.place.folders
  await writeFile(join(archive, 'x.receipt.json'), JSON.stringify(ACCEPTED))
  assert.equal((await upload(sender)).outcome, 'done')
  assert.equal(JSON.parse(await readFile(join(archive, 'x.receipt.json'), 'utf8')).state, 'accepted')
  await rm(archive, { recursive: true })
})
