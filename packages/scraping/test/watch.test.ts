import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { JsonlWriter } from '../jsonl-writer.ts'
import { watchOutbox } from '../watch.ts'
import { loaded, problem } from './any-server.ts'
import { putInOutbox, row, textOf, visible } from './place.ts'
import { freshSender, told } from './sender.ts'

const LONG_MS = 60_000

async function until(happened: () => boolean): Promise<void> {
  for (let times = 0; !happened() && times < 500; times++) await sleep(10)
  assert.ok(happened())
}

test('a scrape that is committed while watching is sent at once', async () => {
  const stop = new AbortController()
  await using sender = await freshSender({ signal: stop.signal })
  const watching = watchOutbox(sender.job, { everyMs: LONG_MS })
  await sleep(50)
  for (const name of ['Bread', 'Milk']) {
    await using writer = await JsonlWriter.open(sender.place.dataDir, { fileName: `${name}.jsonl` })
    await writer.write(row(name))
    await writer.commit()
    await until(() => told(sender).includes(`${name}.jsonl accepted`))
  }
  stop.abort()
  const summary = await watching
  assert.deepEqual([summary.outcome, summary.sent], ['done', 2])
})

test('results come home while watching', async () => {
  const stop = new AbortController()
  await using sender = await freshSender({ signal: stop.signal })
  await putInOutbox(sender.place, 'a.jsonl', textOf(row('Bread')))
  const watching = watchOutbox(sender.job, { everyMs: 50 })
  await until(() => told(sender).includes('a.jsonl accepted'))
  for (const [id, receipt] of sender.server.uploads) sender.server.uploads.set(id, loaded(receipt))
  await until(() => told(sender).includes('a.jsonl loaded'))
  stop.abort()
  await watching
})

test('while the server is away nothing is lost, and everything is sent when it is back', async () => {
  const stop = new AbortController()
  await using sender = await freshSender({ signal: stop.signal, patience: { triesMax: 1, firstDelayMs: 5 } })
  for (const name of ['a.jsonl', 'b.jsonl']) await putInOutbox(sender.place, name, textOf(row(name)))
  for (let times = 0; times < 4; times++) sender.server.next.push('cut')
  const watching = watchOutbox(sender.job, { everyMs: LONG_MS })
  await until(() => told(sender).length === 2)
  stop.abort()
  const summary = await watching
  assert.deepEqual([summary.outcome, summary.sent, summary.waiting], ['done', 2, 0])
  assert.equal(sender.events.filter(({ type }) => type === 'outage').length, 4)
})

test('a refused key ends watching', async () => {
  await using sender = await freshSender()
  await putInOutbox(sender.place, 'a.jsonl', textOf(row('Bread')))
  sender.server.next.push({ status: 401, body: problem(401, 'key_refused') })
  assert.equal((await watchOutbox(sender.job, { everyMs: LONG_MS })).outcome, 'key_refused')
  assert.deepEqual(await visible(sender.place.folders.outbox), ['a.jsonl'])
})
