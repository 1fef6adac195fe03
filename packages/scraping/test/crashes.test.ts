import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Disk } from '@splitcart/shared/disk.ts'
import { JsonlWriter } from '../jsonl-writer.ts'
import { problem } from './any-server.ts'
import { copiesIn, disk, freshPlace, putInOutbox, row, textOf, visible } from './place.ts'
import { freshSender, upload } from './sender.ts'

const TEXT = textOf(row('Bread'), row('Milk'))
const CALLS_MAX = 200

/** A file system that stops for ever before one of its calls, as it does for a process that is killed. */
function stopping(before: number): { disk: Disk; stopped: () => boolean } {
  let calls = 0
  const guarded =
    (call: (...given: never[]) => unknown) =>
    async (...given: never[]) => {
      if (++calls >= before) throw new Error('killed')
      return call(...given)
    }
  const names = ['open', 'link', 'unlink', 'rename', 'mkdir', 'readdir', 'lstat', 'statfs'] as const
  const calling = Object.fromEntries(names.map((name) => [name, guarded(disk[name] as never)]))
  return { disk: calling as unknown as Disk, stopped: () => calls >= before }
}

/** Runs something for every call it may be killed before, until it gets through. */
async function killedBeforeEachCall(run: (at: ReturnType<typeof stopping>) => Promise<void>): Promise<number> {
  for (let before = 1; before < CALLS_MAX; before++) {
    const at = stopping(before)
    await run(at)
    if (!at.stopped()) return before
  }
  throw new Error(`more than ${CALLS_MAX} calls`)
}

test('whatever call a sender is killed before, the next run brings the file into the archive once', async () => {
  const points = await killedBeforeEachCall(async (at) => {
    await using sender = await freshSender()
    const { outbox, archive, spool } = sender.place.folders
    await putInOutbox(sender.place, 'a.jsonl', TEXT)
    await upload({ ...sender, job: { ...sender.job, disk: at.disk } }).catch((error) =>
      assert.equal(error.message, 'killed'),
    )
    const waiting = await visible(outbox)
    const kept = await visible(archive)
    assert.ok(!kept.includes('a.jsonl') || kept.includes('a.receipt.json'), 'no file is archived without its receipt')
    assert.ok(waiting.length === 1 || kept.includes('a.jsonl'), 'the file is somewhere at any time')
    assert.equal((await upload(sender)).outcome, 'done')
    assert.deepEqual([await visible(outbox), await copiesIn(spool)], [[], []])
    assert.deepEqual(await visible(archive), ['a.jsonl', 'a.receipt.json'])
    assert.deepEqual([...sender.server.contents.values()].map(String), [TEXT])
  })
  assert.ok(points > 20)
})

test('whatever call a sender is killed before, a refused file ends in product_refused with its problem', async () => {
  await killedBeforeEachCall(async (at) => {
    await using sender = await freshSender()
    const { outbox, refused } = sender.place.folders
    const no = { status: 422, body: problem(422, 'not_for_us') }
    await putInOutbox(sender.place, 'a.jsonl', TEXT)
    sender.server.next.push(no)
    await upload({ ...sender, job: { ...sender.job, disk: at.disk } }).catch(() => {})
    sender.server.next.splice(0, 1, no)
    await upload(sender)
    assert.deepEqual([await visible(outbox), await visible(refused)], [[], ['a.jsonl', 'a.problem.json']])
  })
})

test('whatever call a sender is killed before while it sends a forgotten file again, the file is always somewhere', async () => {
  const points = await killedBeforeEachCall(async (at) => {
    await using sender = await freshSender()
    const { outbox, archive } = sender.place.folders
    await putInOutbox(sender.place, 'a.jsonl', TEXT)
    await upload(sender)
    for (const known of [sender.server.uploads, sender.server.contents]) known.clear()
    await upload({ ...sender, job: { ...sender.job, disk: at.disk } }).catch(() => {})
    const kept = await visible(archive)
    assert.ok(kept.includes('a.jsonl') || (await visible(outbox)).includes('a.jsonl'), 'the file is somewhere')
    assert.ok(!kept.includes('a.jsonl') || kept.includes('a.receipt.json'), 'an archived file has its receipt')
    assert.equal((await upload(sender)).outcome, 'done')
    assert.deepEqual([await visible(outbox), await visible(archive)], [[], ['a.jsonl', 'a.receipt.json']])
    assert.deepEqual([...sender.server.contents.values()].map(String), [TEXT])
  })
  assert.ok(points > 30)
})

test('whatever call a writer is killed before, the outbox has the whole scrape or nothing', async () => {
  await killedBeforeEachCall(async (at) => {
    await using place = await freshPlace()
    const write = async () => {
      await using writer = await JsonlWriter.open(place.dataDir, { fileName: 'a.jsonl', disk: at.disk })
      await writer.write(row('Bread'))
      return await writer.commit()
    }
    const committed = await write().catch(() => undefined)
    const names = await visible(place.folders.outbox)
    if (committed !== undefined) assert.deepEqual(names, ['a.jsonl'])
    assert.ok(names.length <= 1)
  })
})

test('a full disk is told as what it is, and leaves no copy and no open file behind', { timeout: 10_000 }, async () => {
  await using sender = await freshSender()
  await putInOutbox(sender.place, 'a.jsonl', TEXT.repeat(20_000))
  const full = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
  const open: Disk['open'] = async (path, flags, mode) => {
    const file = await disk.open(path, flags, mode)
    if (!String(path).endsWith('.zst')) return file
    file.appendFile = () => Promise.reject(full)
    return file
  }
  await assert.rejects(upload({ ...sender, job: { ...sender.job, disk: { ...disk, open } } }), full)
  assert.deepEqual(await copiesIn(sender.place.folders.spool), [])
  assert.equal((await upload(sender)).outcome, 'done')
})
