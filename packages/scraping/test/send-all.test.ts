import assert from 'node:assert/strict'
import { utimes } from 'node:fs/promises'
import { test } from 'node:test'
import type { Disk } from '@splitcart/shared/disk.ts'
import type { UploadClient } from '../upload-client.ts'
import { problem } from './any-server.ts'
import { disk, putInOutbox, row, textOf, visible } from './place.ts'
import { freshSender, type Sender, told, upload } from './sender.ts'

const NAMES = Array.from({ length: 12 }, (_, index) => `file-${String(index).padStart(2, '0')}.jsonl`)

async function fill(sender: Sender): Promise<void> {
  for (const [index, name] of NAMES.entries()) {
    const path = await putInOutbox(sender.place, name, textOf(row(name)))
    await utimes(path, 1000 + index, 1000 + index)
  }
}

/**
 * The client of a sender, noting in which order files are begun and how many are on their way at most.
 * Nothing is sent before `together` files are begun, so that how many go at once does not hang on how quick the disk is.
 */
function watched(client: UploadClient, together = 1): { client: UploadClient; begun: string[]; most: () => number } {
  const begun: string[] = []
  const { promise: allBegun, resolve } = Promise.withResolvers<void>()
  let [now, most] = [0, 0]
  const send: UploadClient['send'] = async (spooled, onSent) => {
    begun.push(spooled.name)
    most = Math.max(most, ++now)
    if (now === together) resolve()
    await allBegun
    return client.send(spooled, onSent).finally(() => now--)
  }
  return { client: { ...client, send }, begun, most: () => most }
}

test('several files go at once, begun oldest first, and the sums are those of all', async () => {
  await using sender = await freshSender()
  await fill(sender)
  const { client, begun, most } = watched(sender.job.client, 4)
  const summary = await upload({ ...sender, job: { ...sender.job, client, concurrency: 4 } })
  assert.deepEqual([summary.outcome, summary.sent, summary.waiting], ['done', 12, 0])
  assert.equal(most(), 4)
  assert.deepEqual(begun.slice(0, 4).sort(), NAMES.slice(0, 4))
  // One that takes long is passed by others; but four are on their way, so none begins more than three places early.
  assert.deepEqual([...begun].sort(), NAMES)
  for (const [place, name] of begun.entries()) assert.ok(NAMES.indexOf(name) <= place + 3, begun.join(' '))
  assert.deepEqual(told(sender).sort(), NAMES.map((name) => `${name} accepted`).sort())
})

test('without being asked for more, one file goes at a time, in the order of their ages', async () => {
  await using sender = await freshSender()
  await fill(sender)
  const { client, begun, most } = watched(sender.job.client)
  await upload({ ...sender, job: { ...sender.job, client } })
  assert.equal(most(), 1)
  assert.deepEqual(begun, NAMES)
})

test('a key that is refused to several files at once ends the run once', async () => {
  await using sender = await freshSender()
  await fill(sender)
  for (let times = 0; times < 4; times++) sender.server.next.push({ status: 401, body: problem(401, 'key_refused') })
  const summary = await upload({ ...sender, job: { ...sender.job, concurrency: 4 } })
  assert.deepEqual([summary.outcome, summary.problem?.code, summary.waiting], ['key_refused', 'key_refused', 12])
  assert.ok(sender.server.heard.length <= 4)
  assert.deepEqual(told(sender), [])
})

test('a server that goes away ends the run once: what is on its way is not tried for ever', async () => {
  await using sender = await freshSender()
  await fill(sender)
  await sender.server.close()
  const job = { ...sender.job, concurrency: 3, patience: { triesMax: 3, firstDelayMs: 5 } }
  const summary = await upload({ ...sender, job })
  assert.deepEqual([summary.outcome, summary.waiting], ['unreachable', 12])
  const begun = new Set(sender.events.flatMap((event) => (event.type === 'progress' ? [event.name] : [])))
  assert.ok(begun.size <= 3, `${begun.size} files were begun`)
  // One line for all that wait for the same.
  const paused = sender.events.flatMap((event) => (event.type === 'pause' ? [event.name] : []))
  assert.deepEqual([new Set(paused).size, paused.length <= 2], [1, true], String(paused))
})

test('files of the same bytes at once are one upload, and all of them are archived', async () => {
  await using sender = await freshSender()
  for (const name of NAMES) await putInOutbox(sender.place, name, textOf(row('Bread')))
  const summary = await upload({ ...sender, job: { ...sender.job, concurrency: 6 } })
  assert.deepEqual([summary.outcome, summary.sent + summary.duplicates, sender.server.uploads.size], ['done', 12, 1])
  assert.equal((await visible(sender.place.folders.archive)).length, 24)
})

test('the third file in a row that is refused for one reason stays and ends the run, and so does any after it', async () => {
  await using sender = await freshSender()
  await fill(sender)
  const tooLarge = { status: 413, body: problem(413, 'content_too_large') }
  for (let times = 0; times < 12; times++) sender.server.next.push(tooLarge)
  const summary = await upload(sender)
  assert.deepEqual([summary.outcome, summary.refused, summary.waiting], ['partly', 2, 10])
  assert.equal(summary.problem?.code, 'refused_alike')
  assert.match(
    summary.problem?.detail ?? '',
    /\(content_too_large\): file-00\.jsonl, file-01\.jsonl, file-02\.jsonl; file-02\.jsonl stays/,
  )
  assert.deepEqual(told(sender), ['file-00.jsonl refused', 'file-01.jsonl refused'])
})

test('refusals with others between them are of each file alone', async () => {
  await using sender = await freshSender()
  await fill(sender)
  const of = (code: string) => ({ status: 413, body: problem(413, code) })
  for (let times = 0; times < 6; times++) sender.server.next.push(of('content_too_large'), of('lines_too_many'))
  const summary = await upload(sender)
  assert.deepEqual([summary.outcome, summary.refused, summary.waiting, summary.problem], ['partly', 12, 0, undefined])
})

test('a file that the disk does not give back is named and stays, and the others go', async () => {
  const ioError = Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO', syscall: 'read' })
  const open: Disk['open'] = async (path, flags, mode) => {
    const file = await disk.open(path, flags, mode)
    if (String(path).endsWith('file-03.jsonl')) file.read = () => Promise.reject(ioError)
    return file
  }
  await using sender = await freshSender({ disk: { ...disk, open } })
  await fill(sender)
  const summary = await upload(sender)
  assert.deepEqual([summary.outcome, summary.sent, summary.waiting], ['partly', 11, 1])
  const skipped = sender.events.find((event) => event.type === 'file' && event.state === 'skipped')
  assert.match(JSON.stringify(skipped), /The file cannot be read.*file-03\.jsonl: EIO: i\/o error, read/)
})

test('a server that fails at one file gets the others, and that one again when it is not the time of an outage', async () => {
  await using sender = await freshSender()
  await fill(sender)
  for (let times = 0; times < 3; times++) sender.server.next.push({ status: 500, body: problem(500, 'internal') })
  const summary = await upload(sender)
  assert.deepEqual([summary.outcome, summary.sent, summary.skipped, summary.waiting], ['partly', 11, 1, 1])
  assert.deepEqual(told(sender).at(-1), 'file-00.jsonl skipped')
  assert.equal((await upload(sender)).outcome, 'done')
})
