/** What lies in the archive is what its receipt says, or goes back to the outbox. */
import assert from 'node:assert/strict'
import { appendFile, open, readFile, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Disk } from '@splitcart/shared/disk.ts'
import { loaded } from './any-server.ts'
import { disk, putInOutbox, row, textOf, visible } from './place.ts'
import { freshSender, type Sender, told, upload } from './sender.ts'

const BREAD = textOf(row('Bread'))
const MILK = textOf(row('Milk'))

function loadAll({ server }: Sender): void {
  for (const [id, receipt] of server.uploads) server.uploads.set(id, loaded(receipt))
}

/** Writes other bytes of the same length into the same file and sets its time back. */
async function correct(path: string, text: string): Promise<void> {
  const before = await stat(path)
  // Within one tick of the clock that stamps files nothing would tell.
  for (let now = before; now.ctimeMs === before.ctimeMs; now = await stat(path)) {
    const file = await open(path, 'r+')
    await file.write(text, 0)
    await file.close()
    await utimes(path, before.atime, before.mtime)
  }
  assert.equal((await stat(path)).mtimeMs, before.mtimeMs, 'not even the time tells')
}

/** A file whose time can be set back: to a whole second. */
async function putWithTime({ place }: Sender, name: string, text: string): Promise<string> {
  const path = await putInOutbox(place, name, text)
  await utimes(path, 1_700_000_000, 1_700_000_000)
  return path
}

test('who goes on writing into a file that was sent and moved has all of it sent', async () => {
  await using sender = await freshSender()
  const writer = await open(await putInOutbox(sender.place, 'a.jsonl', BREAD), 'a')
  await upload(sender)
  loadAll(sender)
  await writer.appendFile(MILK)
  await writer.close()
  assert.equal((await upload(sender)).outcome, 'done')
  assert.deepEqual(told(sender), ['a.jsonl accepted', 'a.jsonl returned', 'a.jsonl accepted'])
  const returned = sender.events.find((event) => event.type === 'file' && event.state === 'returned')
  assert.match(JSON.stringify(returned), /archive_changed/)
  assert.ok([...sender.server.contents.values()].some((content) => content.toString() === BREAD + MILK))
  assert.equal(await readFile(join(sender.place.folders.archive, 'a.jsonl'), 'utf8'), BREAD + MILK)
})

test('a file that was corrected in the archive, with its time set back, is sent again', async () => {
  await using sender = await freshSender()
  await putWithTime(sender, 'a.jsonl', BREAD)
  await upload(sender)
  loadAll(sender)
  await upload(sender)
  const cheaper = BREAD.replace('1.5', '9.5')
  await correct(join(sender.place.folders.archive, 'a.jsonl'), cheaper)
  const { sent } = await upload(sender)
  assert.equal(sent, 1)
  assert.ok([...sender.server.contents.values()].some((content) => content.toString() === cheaper))
})

test('where the outbox has another file of that name, the changed one gets a free one', async () => {
  await using sender = await freshSender()
  await putInOutbox(sender.place, 'a.jsonl', BREAD)
  await upload(sender)
  await appendFile(join(sender.place.folders.archive, 'a.jsonl'), MILK)
  await putInOutbox(sender.place, 'a.jsonl', textOf(row('Tea')))
  await upload(sender)
  assert.equal((await visible(sender.place.folders.archive)).filter((name) => name.endsWith('.jsonl')).length, 2)
  assert.deepEqual(
    [...sender.server.contents.values()].map(String).sort(),
    [BREAD, BREAD + MILK, textOf(row('Tea'))].sort(),
  )
})

test('a file that nobody has touched since is not read again, in this run or the next', async () => {
  const opened: string[] = []
  const counting: Disk['open'] = (path, flags, mode) => {
    opened.push(String(path))
    return disk.open(path, flags, mode)
  }
  await using sender = await freshSender({ disk: { ...disk, open: counting } })
  for (const name of ['a.jsonl', 'b.jsonl']) await putInOutbox(sender.place, name, textOf(row(name)))
  await upload(sender)
  loadAll(sender)
  await upload(sender)
  opened.length = 0
  await upload(sender)
  assert.deepEqual(
    opened.filter((path) => path.endsWith('.jsonl')),
    [],
  )
  await utimes(join(sender.place.folders.archive, 'a.jsonl'), 5, 5)
  assert.equal((await upload(sender)).returned, 0)
  assert.deepEqual(
    opened.filter((path) => path.endsWith('.jsonl')).map((path) => path.slice(-7)),
    ['a.jsonl'],
    'a touched one is read, once',
  )
  opened.length = 0
  await upload(sender)
  assert.equal(opened.filter((path) => path.endsWith('.jsonl')).length, 0)
})

test('an archived file that cannot be read is told, and the others are sent', async () => {
  const broken = Object.assign(new Error('i/o error'), { code: 'EIO', syscall: 'read' })
  const open: Disk['open'] = (path, flags, mode) =>
    String(path).endsWith('storage/bad.jsonl') ? Promise.reject(broken) : disk.open(path, flags, mode)
  await using sender = await freshSender({ disk: { ...disk, open } })
  const { archive } = sender.place.folders
  await writeFile(join(archive, 'bad.jsonl'), BREAD)
  const [receipt] = [{ ...loaded({ ...RECEIPT, bytes: BREAD.length }), id: 'id-bad' }]
  await writeFile(join(archive, 'bad.receipt.json'), JSON.stringify(receipt))
  await putInOutbox(sender.place, 'a.jsonl', MILK)
  assert.equal((await upload(sender)).sent, 1)
  assert.deepEqual(
    sender.events.flatMap((event) => (event.type === 'warning' ? [`${event.name} ${event.problem.code}`] : [])),
    ['bad.jsonl file_unreadable'],
  )
})

test('a file that was corrected between two attempts, with its time set back, is sent as it is now', async () => {
  await using sender = await freshSender({ patience: { triesMax: 1 } })
  const path = await putWithTime(sender, 'a.jsonl', BREAD)
  sender.server.next.push('cut')
  assert.equal((await upload(sender)).outcome, 'unreachable')
  const cheaper = BREAD.replace('1.5', '9.5')
  await correct(path, cheaper)
  assert.equal((await upload(sender)).sent, 1)
  assert.deepEqual([...sender.server.contents.values()].map(String), [cheaper])
})

test('a file that is corrected while it is sent, with its time set back, is not archived for its old bytes', async () => {
  await using sender = await freshSender()
  const path = await putWithTime(sender, 'a.jsonl', BREAD)
  const cheaper = BREAD.replace('1.5', '9.5')
  const { client } = sender.job
  const correcting = {
    ...client,
    send: async (...given: Parameters<typeof client.send>) => {
      const receipt = await client.send(...given)
      await correct(path, cheaper)
      return receipt
    },
  }
  const summary = await upload({ ...sender, job: { ...sender.job, client: correcting } })
  assert.deepEqual([summary.sent, summary.skipped], [0, 1])
  assert.deepEqual(await visible(sender.place.folders.archive), [])
  assert.equal((await upload(sender)).sent, 1)
  assert.ok([...sender.server.contents.values()].some((content) => content.toString() === cheaper))
})

const RECEIPT = {
  id: 'x',
  filename: 'x.jsonl',
  sha256: 'a'.repeat(64),
  bytes: 0,
  lines: 1,
  state: 'accepted',
  received_at: '2026-01-01T00:00:00.000Z',
  duplicate: false,
  message: '',
  load: null,
} as const
