import assert from 'node:assert/strict'
import { utimes } from 'node:fs/promises'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Disk } from '@splitcart/shared/disk.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import { JsonlWriter } from '../jsonl-writer.ts'
import { createUploadClient } from '../upload-client.ts'
import type { UploadEvent } from '../upload-events.ts'
import { watchOutbox } from '../watch.ts'
import { type AnyServer, anyServer, loaded, problem } from './any-server.ts'
import { disk, freshPlace, type Place, putInOutbox, row, textOf, visible } from './place.ts'
import { freshSender, KEY, told } from './sender.ts'

const LONG_MS = 60_000
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

async function putAt(place: Place, name: string, time: number): Promise<void> {
  await utimes(await putInOutbox(place, name, textOf(row(name))), time / 1000, time / 1000)
}

/** A disk that does not wait for its platter: what is tested with it is time, and there are many files. */
const hasty: Disk = {
  ...disk,
  open: async (path, flags, mode) => {
    const file = await disk.open(path, flags, mode)
    file.sync = async () => {}
    return file
  },
}

/** An address at which nobody listens, for now. */
async function addressOfNobody(): Promise<URL> {
  await using server = await anyServer()
  return server.url
}

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
  const outages = sender.events.flatMap((event) => (event.type === 'outage' ? [event.level] : []))
  assert.deepEqual(outages, ['info'], 'a blip is one quiet line')
})

test('the server is off for four days while 500 files come: then all are delivered, in order and one by one', async () => {
  const stop = new AbortController()
  await using place = await freshPlace()
  const url = await addressOfNobody()
  const start = Date.now() - 10 * DAY_MS
  let [now, put, rounds] = [start, 0, 0]
  let server: AnyServer | undefined
  const clock = {
    now: () => now,
    sleep: async (ms: number) => {
      rounds++
      now += ms
      for (const due = Math.min(500, ((now - start) / (4 * DAY_MS)) * 500); put < due; put++)
        await putAt(place, `scrape-${String(put).padStart(3, '0')}.jsonl`, start + (put * 4 * DAY_MS) / 500)
      if (now - start > 4 * DAY_MS) server ??= await anyServer(Number(url.port))
    },
  }
  const events: UploadEvent[] = []
  const on = (event: UploadEvent) => {
    events.push(event)
    if (event.type === 'file' && event.name === 'scrape-499.jsonl') stop.abort()
  }
  const patience = { triesMax: 1, outageDelayMsMax: HOUR_MS }
  const client = createUploadClient({ server: url, key: KEY })
  const summary = await watchOutbox(
    { disk: hasty, folders: place.folders, client, patience, signal: stop.signal, on, clock },
    { everyMs: HOUR_MS },
  )
  await server?.close()
  assert.deepEqual([summary.outcome, summary.sent, summary.waiting], ['done', 500, 0])
  const sent = server?.heard
    .filter(({ method }) => method === 'POST')
    .map(({ headers }) => headers['content-disposition'])
  assert.equal(sent?.length, 500, 'each file was sent once')
  assert.deepEqual(sent, sent?.toSorted())
  assert.ok(rounds > 96 && rounds < 1000, `${rounds} rounds in four days with pauses of up to an hour`)
  const loud = events.flatMap((event) => (event.type === 'outage' ? [event.level] : []))
  assert.deepEqual([loud[0], loud.at(-1)], ['info', 'error'])
})

test('what this machine refuses for a while does not end watching', async () => {
  const stop = new AbortController()
  const full = Object.assign(new Error('no space left on device'), { code: 'ENOSPC', syscall: 'write' })
  let refusals = 3
  const open: Disk['open'] = async (path, flags, mode) => {
    if (String(path).endsWith('.zst') && refusals-- > 0) throw full
    return disk.open(path, flags, mode)
  }
  await using sender = await freshSender({ signal: stop.signal, disk: { ...disk, open } })
  await putInOutbox(sender.place, 'a.jsonl', textOf(row('Bread')))
  const watching = watchOutbox(sender.job, { everyMs: LONG_MS })
  await until(() => told(sender).includes('a.jsonl accepted'))
  stop.abort()
  assert.equal((await watching).outcome, 'done')
  assert.equal(sender.events.find((event) => event.type === 'outage')?.problem.code, 'machine_refused')
})

test('a server that asks for a year is asked again within an hour, and not before', async () => {
  const stop = new AbortController()
  const slept: number[] = []
  const sleep = async (ms: number) => {
    slept.push(ms)
    if (slept.length === 2) stop.abort()
  }
  await using sender = await freshSender({ signal: stop.signal, clock: { now: Date.now, sleep } })
  await putInOutbox(sender.place, 'a.jsonl', textOf(row('Bread')))
  for (const seconds of ['31536000', '600'])
    sender.server.next.push({ status: 503, headers: { 'retry-after': seconds }, body: problem(503, 'stopping') })
  await watchOutbox(sender.job, { everyMs: LONG_MS })
  assert.deepEqual(slept, [HOUR_MS, 600_000])
})

test('a refused key ends watching', async () => {
  await using sender = await freshSender()
  await putInOutbox(sender.place, 'a.jsonl', textOf(row('Bread')))
  sender.server.next.push({ status: 401, body: problem(401, 'key_refused') })
  assert.equal((await watchOutbox(sender.job, { everyMs: LONG_MS })).outcome, 'key_refused')
  assert.deepEqual(await visible(sender.place.folders.outbox), ['a.jsonl'])
})

test('a stranger who says that the key is wrong does not end watching; what waits goes when he is gone', async () => {
  const stop = new AbortController()
  await using sender = await freshSender({ signal: stop.signal })
  await putInOutbox(sender.place, 'a.jsonl', textOf(row('Bread')))
  sender.server.always = {
    status: 403,
    headers: { 'content-type': 'text/html', server: 'nginx' },
    body: '<html>403</html>',
  }
  const watching = watchOutbox(sender.job, { everyMs: LONG_MS })
  await until(() => sender.server.heard.length > 5)
  sender.server.always = undefined
  await until(() => told(sender).includes('a.jsonl accepted'))
  stop.abort()
  assert.equal((await watching).outcome, 'done')
  const outage = sender.events.find((event) => event.type === 'outage')
  assert.match(outage?.problem.detail ?? '', /answered 403 with a page in HTML, from nginx$/)
})

test('a file that fails alone rests for a while, longer each time, while others come and go', async () => {
  const stop = new AbortController()
  let now = Date.now()
  const tries: number[] = []
  let count = 0
  await using sender = await freshSender({ signal: stop.signal, patience: { triesMax: 1 } })
  const sleep = async (ms: number) => {
    now += Math.max(ms, 10_000)
    await putInOutbox(sender.place, `file-${++count}.jsonl`, textOf(row(`file ${count}`)))
    if (count === 60) stop.abort()
  }
  const { client } = sender.job
  const send: typeof client.send = (spooled, onSent) => {
    if (spooled.name !== 'bad.jsonl') return client.send(spooled, onSent)
    tries.push(now)
    return Promise.reject(new Problem('answer_unknown', 'it answered 502'))
  }
  await putInOutbox(sender.place, 'bad.jsonl', textOf(row('Bread')))
  await putInOutbox(sender.place, 'good.jsonl', textOf(row('Milk')))
  await watchOutbox(
    { ...sender.job, client: { ...client, send }, clock: { now: () => now, sleep } },
    { everyMs: 10_000 },
  )
  const pauses = tries.slice(1).map((time, index) => Math.round((time - tries[index]!) / 60_000))
  assert.deepEqual(pauses, [1, 2, 4])
  assert.equal(told(sender).filter((line) => line.endsWith('accepted')).length > 50, true)
})
