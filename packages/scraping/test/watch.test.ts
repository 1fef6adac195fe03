import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { rm, utimes } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Disk } from '@splitcart/shared/disk.ts'
import { isLocked } from '@splitcart/shared/lock.ts'
import { DAY_MS, HOUR_MS } from '@splitcart/shared/time.ts'
import { freePorts } from '../../../test/free-ports.ts'
import { until } from '../../../test/machines.ts'
import { realClock } from '../clock.ts'
import { JsonlWriter } from '../jsonl-writer.ts'
import { readLastRun } from '../last-run.ts'
import { createUploadClient } from '../upload-client.ts'
import type { UploadEvent } from '../upload-events.ts'
import { watchOutbox } from '../watch.ts'
import { type AnyServer, anyServer, loaded, problem } from './any-server.ts'
import { disk, freshPlace, type Place, putInOutbox, row, textOf, visible } from './place.ts'
import { freshSender, KEY, told, upload } from './sender.ts'

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

async function isGone(folder: string): Promise<boolean> {
  return rm(folder, { recursive: true, force: true }).then(
    () => true,
    () => false,
  )
}

/** Where nobody listens: others that listen meanwhile get no such port. */
async function addressOfNobody(): Promise<URL> {
  const [port] = await freePorts(1)
  return new URL(`http://127.0.0.1:${port}/`)
}

test('a scrape that is committed while watching is sent at once', async () => {
  const stop = new AbortController()
  await using sender = await freshSender({ signal: stop.signal })
  const watching = watchOutbox(sender.job, { everyMs: HOUR_MS })
  for (const name of ['Bread', 'Milk']) {
    await using writer = await JsonlWriter.open(sender.place.dataDir, { fileName: `${name}.jsonl` })
    await writer.write(row(name))
    await writer.commit()
    await until(() => told(sender).includes(`${name}.jsonl accepted`), `${name} is accepted`)
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
  await until(() => told(sender).includes('a.jsonl accepted'), 'it is accepted')
  for (const [id, receipt] of sender.server.uploads) sender.server.uploads.set(id, loaded(receipt))
  await until(() => told(sender).includes('a.jsonl loaded'), 'it is loaded')
  stop.abort()
  await watching
})

test('while the server is away nothing is lost, and everything is sent when it is back', async () => {
  const stop = new AbortController()
  await using sender = await freshSender({ signal: stop.signal, patience: { triesMax: 1, firstDelayMs: 5 } })
  for (const name of ['a.jsonl', 'b.jsonl']) await putInOutbox(sender.place, name, textOf(row(name)))
  for (let times = 0; times < 4; times++) sender.server.next.push('cut')
  const watching = watchOutbox(sender.job, { everyMs: HOUR_MS })
  await until(() => told(sender).length === 2, 'both are accepted')
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
    steady: () => now,
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
  const patience = { triesMax: 1, outageDelayMsMax: 3 * HOUR_MS }
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
  assert.ok(rounds > 32 && rounds < 400, `${rounds} rounds in four days with pauses of up to three hours`)
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
  const watching = watchOutbox(sender.job, { everyMs: HOUR_MS })
  await until(() => told(sender).includes('a.jsonl accepted'), 'it is accepted')
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
  await using sender = await freshSender({ signal: stop.signal, clock: { ...realClock(), sleep } })
  await putInOutbox(sender.place, 'a.jsonl', textOf(row('Bread')))
  for (const seconds of ['31536000', '600'])
    sender.server.next.push({ status: 503, headers: { 'retry-after': seconds }, body: problem(503, 'stopping') })
  await watchOutbox(sender.job, { everyMs: HOUR_MS })
  assert.deepEqual(slept, [HOUR_MS, 600_000])
})

test('a data folder that is away for a moment is made again, with its lock and its hints', async () => {
  const stop = new AbortController()
  await using sender = await freshSender({ signal: stop.signal, patience: { triesMax: 1, outageDelayMsMax: 50 } })
  const { place } = sender
  await putInOutbox(place, 'a.jsonl', textOf(row('Bread')))
  const watching = watchOutbox(sender.job, { everyMs: 100 })
  using _end = { [Symbol.dispose]: () => stop.abort() }
  await until(() => told(sender).includes('a.jsonl accepted'), 'it is accepted')
  for (const away of [place.dataDir, place.folders.archive, place.folders.spool]) {
    // A round may write there while it goes.
    await until(() => isGone(away), 'it is away')
    // The round that goes on meanwhile makes folders, too; the next one takes the lock.
    const isThere = () => existsSync(place.folders.spool) && existsSync(place.folders.archive)
    await until(() => isThere() && isLocked(join(place.folders.outbox, '.lock')), 'it is there again')
    const before = told(sender).length
    await putInOutbox(place, 'b.jsonl', textOf(row(away)))
    await until(() => told(sender).length > before, 'what came then is accepted')
    await assert.rejects(upload(sender), { code: 'locked' })
  }
  stop.abort()
  assert.deepEqual([(await watching).outcome, (await watching).sent], ['done', 4])
  const problems = sender.events.flatMap((event) => (event.type === 'outage' ? [event.problem.detail] : []))
  assert.doesNotMatch(problems.join(), /DATABASE_URL/)
})

test('a key that was exchanged meanwhile is taken before a refused one ends watching', async () => {
  const stop = new AbortController()
  let renewals = 0
  await using sender = await freshSender({
    signal: stop.signal,
    renewedClient: () =>
      renewals++ === 0 ? createUploadClient({ server: sender.server.url, key: 'other' }) : undefined,
  })
  await putInOutbox(sender.place, 'a.jsonl', textOf(row('Bread')))
  sender.server.next.push({ status: 401, body: problem(401, 'key_refused') })
  const watching = watchOutbox(sender.job, { everyMs: HOUR_MS })
  await until(() => told(sender).includes('a.jsonl accepted'), 'it is accepted')
  assert.deepEqual([renewals, sender.server.heard.at(-1)?.headers['x-api-key']], [1, 'other'])
  stop.abort()
  assert.equal((await watching).outcome, 'done')
})

test('a mistake of the program is told once, and the next round goes on', async () => {
  const stop = new AbortController()
  let mistakes = 2
  await using sender = await freshSender({ signal: stop.signal, patience: { triesMax: 1, firstDelayMs: 1 } })
  const { client } = sender.job
  const send: typeof client.send = (...given) => {
    if (mistakes-- > 0) throw new TypeError('undefined is not a function')
    return client.send(...given)
  }
  await putInOutbox(sender.place, 'a.jsonl', textOf(row('Bread')))
  const watching = watchOutbox({ ...sender.job, client: { ...client, send } }, { everyMs: HOUR_MS })
  await until(() => told(sender).includes('a.jsonl accepted'), 'it is accepted')
  stop.abort()
  assert.equal((await watching).outcome, 'done')
  const warnings = sender.events.flatMap((event) => (event.type === 'warning' ? [event.problem] : []))
  assert.deepEqual(
    warnings.map(({ code }) => code),
    ['program_mistake'],
  )
  assert.match(warnings[0]!.detail, /undefined is not a function/)
})

test('a clock that is set back by days holds up neither the note about the last run nor the heartbeat', async () => {
  const stop = new AbortController()
  let [now, steady, rounds, beats] = [Date.now(), 0, 0, 0]
  const sleep = async (ms: number) => {
    steady += ms
    if (++rounds === 1) now -= 3 * DAY_MS
    if (rounds === 4) stop.abort()
  }
  const clock = { now: () => now + steady, steady: () => steady, sleep }
  const ears = createServer((_request, response) => response.end(String(++beats))).listen(0, '127.0.0.1')
  await once(ears, 'listening')
  const heartbeat = new URL(`http://127.0.0.1:${(ears.address() as AddressInfo).port}`)
  await using sender = await freshSender({ signal: stop.signal, clock, heartbeat })
  await watchOutbox(sender.job, { everyMs: HOUR_MS })
  ears.close()
  assert.equal(beats, 4)
  const note = await readLastRun(disk, sender.place.folders)
  assert.equal(note?.finished_at, new Date(now + 3 * HOUR_MS).toISOString())
})

test('what can never be sent is no good run: no heartbeat, and each is told', async () => {
  let beats = 0
  const ears = createServer((_request, response) => response.end(String(++beats))).listen(0, '127.0.0.1')
  await once(ears, 'listening')
  const heartbeat = new URL(`http://127.0.0.1:${(ears.address() as AddressInfo).port}`)
  await using sender = await freshSender({ heartbeat })
  const names = ['x.JSONL', 'a[1].jsonl', '12:30.jsonl']
  for (const name of names) await putInOutbox(sender.place, name, textOf(row(name)))
  const summary = await upload(sender)
  ears.close()
  assert.deepEqual([summary.outcome, summary.ignored, beats], ['partly', 3, 0])
  assert.deepEqual(
    sender.events.flatMap((event) => (event.type === 'ignored' ? [event.name] : [])).sort(),
    names.toSorted(),
  )
  assert.equal((await readLastRun(disk, sender.place.folders))?.last_good_at, null)
})

test('a refused key ends watching', async () => {
  await using sender = await freshSender()
  await putInOutbox(sender.place, 'a.jsonl', textOf(row('Bread')))
  sender.server.next.push({ status: 401, body: problem(401, 'key_refused') })
  assert.equal((await watchOutbox(sender.job, { everyMs: HOUR_MS })).outcome, 'key_refused')
  assert.deepEqual(await visible(sender.place.folders.outbox), ['a.jsonl'])
})
