/** What is written straight into the outbox is sent when it is complete, and what is handed over whole at once. */
import assert from 'node:assert/strict'
import { appendFile, open, readdir, rename, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { DAY_MS, HOUR_MS } from '@splitcart/shared/time.ts'
import { type Clock, realClock } from '../clock.ts'
import { JsonlWriter } from '../jsonl-writer.ts'
import { findWritersOn } from '../open-writers.ts'
import { type OutboxFile, scanOutbox } from '../outbox.ts'
import { endsWithWholeRow, OutboxSorter, type RestRules, restMsFor } from '../resting.ts'
import { watchOutbox } from '../watch.ts'
import { disk, freshPlace, type Place, putInOutbox, row, textOf, visible } from './place.ts'
import { freshSender, told, upload } from './sender.ts'

const REST_MS = 1_500
const NOBODY = async () => new Set<string>()
const RULES: RestRules = { restMs: REST_MS, findWriters: findWritersOn(), platform: process.platform }
const BREAD = textOf(row('Bread'))
const MILK = textOf(row('Milk'))
const linuxOnly = { skip: process.platform !== 'linux' && 'only Linux tells who has a file open' }

/** A clock on which a pause is over at once, but for what is done in it. Whatever is written later has not rested when it begins. */
function hastyClock(meanwhile: (pause: number) => unknown = () => {}): Clock {
  const start = Date.now()
  let [steady, pauses] = [0, 0]
  const sleep = async (ms: number) => {
    steady += ms
    await meanwhile(++pauses)
  }
  return { now: () => start + steady, steady: () => steady, sleep }
}

/** A clock that a test sets; what it sorts is written by the disk after it began. */
function sorterAt(place: Place, rules: Partial<RestRules> = {}) {
  const time = { now: Date.now(), steady: 0 }
  const clock = { ...realClock(), now: () => time.now, steady: () => time.steady }
  const sorter = new OutboxSorter({ ...RULES, findWriters: NOBODY, ...rules }, clock)
  const ready = async () => {
    const { waiting } = await scanOutbox(disk, place.folders.outbox)
    const sorted = await sorter.sort(waiting, {
      isMarked: () => false,
      endsWithWholeRow: (file) => endsWithWholeRow(disk, file),
    })
    return sorted.ready.map(({ name }) => name)
  }
  return { time, sorter, ready }
}

test('a file that is written in pieces is sent once, when it is whole', async () => {
  const clock = hastyClock((pause) => pause === 2 && appendFile(path, MILK))
  await using sender = await freshSender({ rest: RULES, clock })
  const path = await putInOutbox(sender.place, 'a.jsonl', BREAD)
  const summary = await upload(sender)
  assert.deepEqual([summary.outcome, summary.sent], ['done', 1])
  assert.equal([...sender.server.contents.values()].join(), BREAD + MILK)
  assert.deepEqual(
    sender.events.flatMap((event) => (event.type === 'resting' ? [`${event.name} ${event.reason}`] : [])),
    ['a.jsonl may still be written to'],
  )
})

test('what JsonlWriter commits and what is renamed into the outbox is sent at once, and no mark is left', async () => {
  const hour = { ...RULES, restMs: HOUR_MS }
  await using sender = await freshSender({ rest: hour })
  const { part, outbox, spool } = sender.place.folders
  {
    await using writer = await JsonlWriter.open(sender.place.dataDir, { fileName: 'committed.jsonl' })
    await writer.write(row('Bread'))
    await writer.commit()
    await using empty = await JsonlWriter.open(sender.place.dataDir, { fileName: 'nothing.jsonl' })
    await empty.commit()
  }
  await writeFile(join(part, 'renamed.jsonl'), MILK)
  await utimes(join(part, 'renamed.jsonl'), 1_000, 1_000)
  await rename(join(part, 'renamed.jsonl'), join(outbox, 'renamed.jsonl'))
  const summary = await upload(sender)
  assert.deepEqual([summary.outcome, summary.sent], ['done', 3])
  assert.deepEqual(await readdir(spool), ['last-run.json'])
})

test('a mark speaks for the very file only, and goes when its writer has given up', async () => {
  const clock = hastyClock()
  await using place = await freshPlace()
  {
    await using writer = await JsonlWriter.open(place.dataDir, { fileName: 'a.jsonl' })
    await writer.write(row('Bread'))
    const { path } = await writer.commit()
    await appendFile(path, MILK)
  }
  await using sender = await freshSender({ rest: RULES, clock, folders: place.folders })
  assert.equal((await upload(sender)).sent, 1)
  assert.ok(
    sender.events.some(({ type }) => type === 'resting'),
    'it was written to after it was handed over',
  )
  assert.deepEqual(await readdir(place.folders.spool), ['last-run.json'])
})

test('a file that somebody has open for writing is left, however quiet it is', linuxOnly, async () => {
  await using place = await freshPlace()
  let toldBefore: string[] | undefined
  const clock = hastyClock(async (pause) => {
    if (pause !== 20) return
    toldBefore = told(sender)
    await writer.appendFile(MILK)
    await writer.close()
  })
  await using sender = await freshSender({ rest: { ...RULES, restMs: 50 }, clock, folders: place.folders })
  const writer = await open(await putInOutbox(place, 'a.jsonl', BREAD), 'a')
  assert.equal((await upload(sender)).sent, 1)
  assert.deepEqual(toldBefore, [])
  assert.equal([...sender.server.contents.values()].join(), BREAD + MILK)
})

test('who reads a file, or has another open, keeps nothing back', linuxOnly, async () => {
  await using place = await freshPlace()
  const find = findWritersOn()
  const paths = [await putInOutbox(place, 'a.jsonl', BREAD), await putInOutbox(place, 'b.jsonl', BREAD)]
  const reader = await open(paths[0]!, 'r')
  const writer = await open(paths[1]!, 'a')
  const { waiting } = await scanOutbox(disk, place.folders.outbox)
  assert.deepEqual([...(await find(waiting))], ['b.jsonl'])
  await rename(paths[1]!, join(place.folders.archive, 'b.jsonl'))
  assert.deepEqual([...(await find(waiting))], ['b.jsonl'], 'also after it was moved')
  await Promise.all([reader.close(), writer.close()])
  assert.deepEqual([...(await find(waiting))], [])
})

test('on Windows a file that cannot be opened alone is in use; a system that cannot tell names none', async () => {
  const flags: number[] = []
  const busy = Object.assign(new Error('EBUSY'), { code: 'EBUSY' })
  const system = {
    open: async (path: string, flag: number) => {
      flags.push(flag)
      if (path.includes('busy')) throw busy
      if (path.includes('gone')) throw Object.assign(new Error('ENOENT'), { code: 'ENOENT' })
      return { close: async () => {} }
    },
  } as unknown as Parameters<typeof findWritersOn>[1]
  const files = ['busy.jsonl', 'free.jsonl', 'gone.jsonl'].map((name) => ({
    name,
    path: `C:\\outbox\\${name}`,
    ino: 1,
  }))
  assert.deepEqual([...(await findWritersOn('win32', system)(files))], ['busy.jsonl'])
  assert.ok(flags.every((flag) => flag === 0x10000000))
  assert.deepEqual([...(await findWritersOn('darwin', system)(files))], [])
})

test('rest is longer for what is large, took long to be written, made pauses, or ends within a row', () => {
  const small = { size: 1000, writtenOverMs: 0 }
  const whole = { pauseMsMax: 0, endsWithWholeRow: true }
  assert.equal(Math.round(restMsFor(2000, small, whole)), 2000)
  assert.equal(Math.round(restMsFor(2000, small, { ...whole, endsWithWholeRow: false })), 30_000)
  assert.equal(Math.round(restMsFor(2000, { ...small, size: 10e9 }, whole)), 30_000)
  assert.equal(restMsFor(2000, { ...small, writtenOverMs: 1_000 }, whole), 5_000)
  assert.equal(restMsFor(2000, { ...small, writtenOverMs: 100_000 }, whole), 12_000)
  assert.equal(restMsFor(2000, { ...small, writtenOverMs: 200_000 }, whole), 20_000)
  assert.equal(restMsFor(2000, { ...small, writtenOverMs: 1e9 }, whole), 60_000)
  assert.equal(restMsFor(2000, small, { ...whole, pauseMsMax: 5_000 }), 15_000)
  assert.equal(restMsFor(2000, small, { ...whole, pauseMsMax: 1e9 }), 600_000)
})

test('whether a file ends with a whole row is told from its end', async () => {
  await using place = await freshPlace()
  const cases = {
    [BREAD]: true,
    [BREAD.trimEnd()]: true,
    [BREAD.slice(0, -2)]: false,
    [`${BREAD}{"product": 1`]: false,
    [`${BREAD}\0\0\0`]: false,
    '': false,
    [`{"a": "${'x'.repeat(70_000)}`]: false,
    [`{"a": "${'x'.repeat(70_000)}"}\n`]: true,
  }
  for (const [text, isWhole] of Object.entries(cases)) {
    await putInOutbox(place, 'a.jsonl', text)
    const [file] = (await scanOutbox(disk, place.folders.outbox)).waiting
    assert.equal(await endsWithWholeRow(disk, file as OutboxFile), isWhole, text.slice(-20))
  }
})

test('pauses that a writer was seen to make are waited for, three times as long', async () => {
  await using place = await freshPlace()
  const { time, ready } = sorterAt(place, { restMs: 20_000 })
  const path = await putInOutbox(place, 'a.jsonl', BREAD)
  assert.deepEqual(await ready(), [])
  time.steady += 18_000
  assert.deepEqual(await ready(), [])
  await appendFile(path, MILK)
  assert.deepEqual(await ready(), [])
  time.steady += 50_000
  assert.deepEqual(await ready(), [], 'a pause of 18 s was seen: 54 s are waited')
  time.steady += 5_000
  assert.deepEqual(await ready(), ['a.jsonl'])
})

test('whatever the clock says, only what lay there before is believed to have rested', async () => {
  await using place = await freshPlace()
  await putInOutbox(place, 'old.jsonl', BREAD)
  const { time, ready } = sorterAt(place)
  time.now = Date.now() + HOUR_MS
  assert.deepEqual(await ready(), ['old.jsonl'])
  await putInOutbox(place, 'new.jsonl', BREAD)
  time.now += 365 * DAY_MS
  assert.deepEqual(await ready(), ['old.jsonl'], 'a clock that jumps ahead ends no rest')
  time.now -= 2 * 365 * DAY_MS
  time.steady += HOUR_MS
  assert.deepEqual((await ready()).sort(), ['new.jsonl', 'old.jsonl'], 'and one that is set back does not hold it up')
})

test('a copy whose time is set to that of its original at the end is complete', {
  skip: process.platform === 'win32',
}, async () => {
  await using place = await freshPlace()
  const { ready } = sorterAt(place)
  const path = await putInOutbox(place, 'a.jsonl', BREAD)
  await utimes(path, 1_000_000, 1_000_000)
  assert.deepEqual(await ready(), ['a.jsonl'])
})

test('while watching, a file that grows costs the server no request, and is sent once when it rests', async () => {
  const stop = new AbortController()
  let heardBefore: number | undefined
  const clock = hastyClock(async (pause) => {
    if (pause <= 20) await appendFile(path, textOf(row(`Milk ${pause}`)))
    else if (told(sender).length > 0) stop.abort()
    if (pause === 20) heardBefore = sender.server.heard.length
  })
  await using sender = await freshSender({ signal: stop.signal, rest: RULES, clock })
  const path = await putInOutbox(sender.place, 'a.jsonl', BREAD)
  assert.equal((await watchOutbox(sender.job, { everyMs: HOUR_MS })).sent, 1)
  assert.equal(heardBefore, 0)
  assert.equal([...sender.server.contents.values()].join().split('\n').length, 22)
  assert.deepEqual(await visible(sender.place.folders.outbox), [])
})

test('while watching, a file that stays open and quiet for a minute is told, once', async () => {
  const stop = new AbortController()
  let [steady, rounds] = [0, 0]
  const sleep = async (ms: number) => {
    steady += ms
    if (++rounds === 200) stop.abort()
  }
  const clock = { now: () => Date.now() + steady, steady: () => steady, sleep }
  const findWriters: RestRules['findWriters'] = async (files) => new Set(files.map(({ name }) => name))
  await using sender = await freshSender({ signal: stop.signal, clock, rest: { ...RULES, restMs: 2_000, findWriters } })
  await putInOutbox(sender.place, 'a.jsonl', BREAD)
  await watchOutbox(sender.job, { everyMs: 15_000 })
  assert.ok(steady > 120_000)
  assert.deepEqual(
    sender.events.map((event) => (event.type === 'resting' ? `${event.name} ${event.reason}` : event.type)),
    ['a.jsonl is open for writing'],
  )
})
