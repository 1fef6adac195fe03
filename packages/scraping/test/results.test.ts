import assert from 'node:assert/strict'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Receipt } from '@splitcart/shared/receipt.ts'
import { loaded } from './any-server.ts'
import { putInOutbox, row, textOf, visible } from './place.ts'
import { freshSender, type Sender, told, upload } from './sender.ts'

const TEXT = `${textOf(row('Bread'))}\nnot JSON\n${textOf(row('Milk'))}`

function finish(sender: Sender, change: (receipt: Receipt) => Receipt, rejects = ''): void {
  for (const [id, receipt] of sender.server.uploads) {
    sender.server.uploads.set(id, change(receipt))
    sender.server.rejects.set(id, rejects)
  }
}

const REJECT = { line: 3, code: 'not_json', field: null, reason: 'the line is not JSON', raw: 'not' }

test('the next run brings home what was loaded, and the rejected rows with our own text', async () => {
  await using sender = await freshSender()
  const { archive } = sender.place.folders
  await putInOutbox(sender.place, 'a.jsonl', TEXT)
  await upload(sender)
  finish(sender, (receipt) => loaded(receipt, 1), `${JSON.stringify(REJECT)}\n`)
  const summary = await upload(sender)
  assert.deepEqual([summary.outcome, summary.loaded, summary.rejectedRows], ['partly', 1, 1])
  assert.equal(JSON.parse(await readFile(join(archive, 'a.receipt.json'), 'utf8')).state, 'loaded')
  const { raw: _, ...told } = REJECT
  assert.equal(
    await readFile(join(archive, 'a.rejects.jsonl'), 'utf8'),
    `${JSON.stringify({ ...told, row: 'not JSON' })}\n`,
  )
})

test('a result that came home is never asked for again', async () => {
  await using sender = await freshSender()
  await putInOutbox(sender.place, 'a.jsonl', TEXT)
  await upload(sender)
  finish(sender, (receipt) => loaded(receipt))
  await upload(sender)
  const asked = sender.server.heard.length
  const summary = await upload(sender)
  assert.deepEqual([summary.outcome, summary.loaded], ['done', 0])
  assert.equal(sender.server.heard.length, asked)
  assert.deepEqual(told(sender), ['a.jsonl accepted', 'a.jsonl loaded'])
})

test('bytes that were loaded long ago are told to be, at once, with their rejects', async () => {
  await using sender = await freshSender()
  await putInOutbox(sender.place, 'a.jsonl', TEXT)
  await upload(sender)
  finish(sender, (receipt) => loaded(receipt, 1), `${JSON.stringify(REJECT)}\n`)
  await putInOutbox(sender.place, 'b.jsonl', TEXT)
  const summary = await upload(sender)
  assert.deepEqual([summary.duplicates, summary.loaded], [1, 2])
  const names = await visible(sender.place.folders.archive)
  assert.ok(names.includes('a.rejects.jsonl') && names.includes('b.rejects.jsonl'))
})

test('waiting lasts until every upload is loaded', async () => {
  await using sender = await freshSender()
  await putInOutbox(sender.place, 'a.jsonl', TEXT)
  const running = upload(sender, { wait: true })
  while (sender.server.uploads.size === 0) await sleep(5)
  finish(sender, (receipt) => ({ ...receipt, state: 'loading' }))
  await sleep(150)
  finish(sender, (receipt) => loaded(receipt))
  const summary = await running
  assert.deepEqual([summary.outcome, summary.sent, summary.loaded], ['done', 1, 1])
})

test('a held upload is told once and asked for again, because a person may release it', async () => {
  await using sender = await freshSender()
  await putInOutbox(sender.place, 'a.jsonl', TEXT)
  await upload(sender)
  finish(sender, (receipt) => ({ ...receipt, state: 'held' }))
  assert.equal((await upload(sender, { wait: true })).held, 1)
  assert.equal((await upload(sender)).held, 0)
  finish(sender, (receipt) => loaded(receipt))
  assert.equal((await upload(sender)).loaded, 1)
})

test('a receipt of another upload changes nothing', async () => {
  await using sender = await freshSender()
  await putInOutbox(sender.place, 'a.jsonl', TEXT)
  await upload(sender)
  finish(sender, (receipt) => ({ ...loaded(receipt), sha256: 'f'.repeat(64) }))
  assert.equal((await upload(sender)).loaded, 0)
  assert.equal(
    JSON.parse(await readFile(join(sender.place.folders.archive, 'a.receipt.json'), 'utf8')).state,
    'accepted',
  )
})

test('a receipt whose file a person took away is not asked for', async () => {
  await using sender = await freshSender()
  await putInOutbox(sender.place, 'a.jsonl', TEXT)
  await upload(sender)
  await rm(join(sender.place.folders.archive, 'a.jsonl'))
  await upload(sender)
  assert.equal(sender.server.heard.length, 1)
})

test('rejects in any order and beyond the file are kept, with what the server has of them', async () => {
  await using sender = await freshSender()
  await putInOutbox(sender.place, 'a.jsonl', TEXT)
  await upload(sender)
  const rejects = [4, 3, 99].map((line) => `${JSON.stringify({ ...REJECT, line, raw: `raw ${line}` })}\n`).join('')
  finish(sender, (receipt) => loaded(receipt, 3), rejects)
  assert.equal((await upload(sender)).loaded, 1)
  const lines = (await readFile(join(sender.place.folders.archive, 'a.rejects.jsonl'), 'utf8')).trimEnd().split('\n')
  const rows = lines.map((line) => JSON.parse(line).row)
  assert.deepEqual(rows, [textOf(row('Milk')).trimEnd(), 'not JSON', 'raw 99'])
})
