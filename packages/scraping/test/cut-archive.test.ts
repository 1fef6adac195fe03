/** An archived file that the disk has cut is damage: it is repaired, and never sent as a new upload. */
import assert from 'node:assert/strict'
import { readdir, readFile, stat, truncate, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Disk } from '@splitcart/shared/disk.ts'
import { receiptsIn } from '../archive.ts'
import { obtain } from '../obtain.ts'
import { pruneArchive } from '../prune.ts'
import { loaded } from './any-server.ts'
import { disk, putInOutbox, row, textOf, visible } from './place.ts'
import { freshSender, type Sender, told, upload } from './sender.ts'

const BREAD = textOf(row('Bread'), row('Milk'))
const CUT_BYTES = textOf(row('Bread')).length

/** Cuts a file as a power cut cuts one that was never synced: its size changes, and no time. */
async function cut(path: string): Promise<Disk> {
  const { mtimeMs, ctimeMs } = await stat(path)
  await truncate(path, CUT_BYTES)
  const lstat = async (at: string) => {
    const stats = await disk.lstat(at)
    return at === path && stats.size === CUT_BYTES ? Object.assign(stats, { mtimeMs, ctimeMs }) : stats
  }
  return { ...disk, lstat: lstat as Disk['lstat'] }
}

/** A sender that has sent a.jsonl, which the server has loaded; and its path in the archive. */
async function sent(): Promise<Sender & Readonly<{ path: string }>> {
  const sender = await freshSender()
  await putInOutbox(sender.place, 'a.jsonl', BREAD)
  await upload(sender)
  for (const [id, receipt] of sender.server.uploads) sender.server.uploads.set(id, loaded(receipt))
  return { ...sender, path: join(sender.place.folders.archive, 'a.jsonl') }
}

function uploadWith(sender: Sender, on: Disk) {
  return upload({ ...sender, job: { ...sender.job, disk: on } })
}

async function repaired({ place: { folders } }: Sender, on: Disk): Promise<'obtained' | 'returned'> {
  const [archived] = await Array.fromAsync(receiptsIn(disk, folders))
  const content = async function* () {
    yield Buffer.from(BREAD)
  }
  return obtain({ disk: on, folders, client: { content } }, archived!)
}

test('a file that was cut just after it was sent is not sent again: a warning says that it is damaged', async () => {
  await using sender = await sent()
  const summary = await uploadWith(sender, await cut(sender.path))
  assert.deepEqual([summary.outcome, summary.sent, summary.returned], ['done', 0, 0])
  assert.deepEqual(told(sender), ['a.jsonl accepted', 'a.jsonl loaded'])
  assert.deepEqual(
    sender.events.flatMap((event) => (event.type === 'warning' ? [`${event.name} ${event.problem.code}`] : [])),
    ['a.jsonl kept_damaged'],
  )
  assert.equal(sender.server.contents.size, 1)
})

test('so is one that was cut later, and it is obtained from the server', async () => {
  await using sender = await sent()
  await upload(sender)
  const on = await cut(sender.path)
  assert.equal((await uploadWith(sender, on)).returned, 0)
  assert.equal(await repaired(sender, on), 'obtained')
  assert.equal(await readFile(sender.path, 'utf8'), BREAD)
  const { archive, outbox } = sender.place.folders
  assert.ok((await readdir(archive)).includes('a.jsonl.damaged'))
  assert.deepEqual(await visible(outbox), [])
  assert.equal((await upload(sender)).returned, 0)
})

test('the times of the receipt decide where it does not say those of the file', async () => {
  await using sender = await sent()
  const path = join(sender.place.folders.archive, 'a.receipt.json')
  const { file: _, ...receipt } = JSON.parse(await readFile(path, 'utf8'))
  await writeFile(path, JSON.stringify(receipt))
  await truncate(sender.path, CUT_BYTES)
  await utimes(sender.path, 1_700_000_000, 1_700_000_000)
  assert.equal(await repaired(sender, disk), 'obtained')
  assert.equal(await readFile(sender.path, 'utf8'), BREAD)
  await writeFile(sender.path, textOf(row('Bread')))
  assert.equal(await repaired(sender, disk), 'returned')
})

test('a file that a program has made shorter goes back to the outbox', async () => {
  await using sender = await sent()
  await utimes(sender.path, 1_700_000_000, 1_700_000_000)
  await upload(sender)
  await writeFile(sender.path, textOf(row('Bread')))
  assert.equal(await repaired(sender, disk), 'returned')
  assert.deepEqual(await visible(sender.place.folders.outbox), ['a.jsonl'])
})

test('a file that was cut is pruned as any other that the server has loaded', async () => {
  await using sender = await sent()
  await upload(sender)
  const { folders } = sender.place
  const prune = { disk: await cut(sender.path), folders, daysMin: 1, now: Date.now(), dryRun: false, trustsClock: true }
  const [pruned] = await Array.fromAsync(pruneArchive(prune))
  assert.deepEqual([pruned?.name, pruned?.returnedAs], ['a.jsonl', undefined])
  assert.deepEqual(await visible(folders.archive), [])
})
