/** `GET /api/overview`: what needs attention, and what arrived. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { realDisk } from '@splitcart/shared/disk.ts'
import { DAY_MS, HOUR_MS } from '@splitcart/shared/time.ts'
import type { Overview } from '../http/routes/overview.ts'
import { HOLD } from './hold.ts'
import { assertProblem, get, openReceiver, postGzip, rowsText } from './receiver.ts'
import { bringIn, named, reader, scrape, scrapeText } from './shop.ts'

const NOW = Date.parse('2026-03-31T12:00:00Z')

/** The date that is so many days before now. */
function daysAgo(days: number): string {
  return new Date(NOW - days * DAY_MS).toISOString().slice(0, 10)
}

test('an empty server has nothing that needs attention', async () => {
  await using receiver = await openReceiver({ now: () => NOW })
  const ask = await reader(receiver)
  const { at: _at, today, attention, throughput, ...rest } = await ask<Overview>('/api/overview')
  const none = { count: 0, exact: true, first: [] }
  const { disk, loader, ...others } = attention
  assert.deepEqual(loader, { state: 'not running', since: null, upload: null, progress: null })
  assert.deepEqual(others, {
    silent: none,
    late: none,
    partial: none,
    held: none,
    failed: none,
    findings: none,
    rejects: none,
    ticked: [],
    ticked_count: 0,
  })
  assert.equal(disk.is_low, false)
  assert.ok(disk.free_bytes > 0 && disk.free_bytes <= disk.total_bytes)
  const { since, ...sums } = today
  assert.equal(since, `${daysAgo(0)}T00:00:00.000Z`)
  assert.deepEqual(sums, {
    uploads: { count: 0, exact: true },
    files: 0,
    rows: 0,
    inserted: 0,
    changed: 0,
    rejected: 0,
    rejects: 0,
  })
  assert.equal(throughput.length, 24)
  assert.deepEqual(rest, {
    inbox: { files: 0, bytes: 0, oldest_received_at: null },
    totals: { companies: 0, stores: 0, listings: 0, products: 0, scrapes: 0 },
    days_to: daysAgo(0),
    sources: [],
  })
})

test('what needs attention comes with its reason, the worst sources first', async () => {
  const statfs = async () => ({ bavail: 150, blocks: 1000, bsize: 1 }) as never
  await using receiver = await openReceiver({ now: () => NOW, diskBytesKept: 100, disk: { ...realDisk(), statfs } })
  const rows = named('Milk', 'Bread', 'Eggs', 'Honey')
  for (const store of ['aldi/G1', 'aldi/G2'])
    for (const days of [5, 4, 3]) await scrape(receiver, store, daysAgo(days), rows)
  for (const days of [2, 1]) await scrape(receiver, 'aldi/G2', daysAgo(days), rows)
  const receivedAt = NOW
  await bringIn(receiver, `${scrapeText('aldi/G2', daysAgo(0), named('Milk'))}{}\n`, { receivedAt })
  const held = await bringIn(receiver, scrapeText('aldi/G1', daysAgo(-5), named('Bread')), { receivedAt, hold: HOLD })
  const failed = await bringIn(receiver, 'nothing\n', { receivedAt })
  const ask = await reader(receiver)
  const { attention, sources, totals } = await ask<Overview>('/api/overview')
  assert.equal(attention.disk.is_low, true)
  assert.deepEqual(
    attention.silent.first.map(({ store_id, rows }) => [store_id, rows]),
    [['G1', 4]],
  )
  assert.deepEqual(
    attention.partial.first.map(({ store_id, rows }) => [store_id, rows]),
    [['G2', 1]],
  )
  assert.deepEqual(
    attention.held.first.map(({ upload_id }) => upload_id),
    [held.id],
  )
  assert.match(String(attention.held.first[0]!.problem), / is dated /)
  assert.deepEqual(
    attention.failed.first.map(({ upload_id, problem }) => [upload_id, problem]),
    [[failed.id, 'Not one line of the file is a row.']],
  )
  // What failed is told once: not for its rejects as well.
  assert.equal(attention.rejects.count, 1)
  assert.deepEqual(new Set(attention.rejects.first.map(({ rejected }) => rejected)), new Set([1]))
  assert.deepEqual(
    sources.map(({ store_id, state, days }) => [store_id, state, days.length]),
    [
      ['G1', 'silent', 30],
      ['G2', 'good', 30],
    ],
  )
  assert.deepEqual(totals, { companies: 1, stores: 2, listings: 4, products: 4, scrapes: 9 })
})

test('today is what arrived since the midnight that is asked for', async () => {
  await using receiver = await openReceiver({ now: () => NOW })
  await bringIn(receiver, scrapeText('aldi/G1', daysAgo(1), named('Milk', 'Bread')), { receivedAt: NOW - 2 * DAY_MS })
  await bringIn(receiver, scrapeText('aldi/G1', daysAgo(0), named('Milk', 'Bread', 'Eggs')), { receivedAt: NOW })
  const ask = await reader(receiver)
  const todayFrom = async (time: number) =>
    (await ask<Overview>(`/api/overview?since=${new Date(time).toISOString()}`)).today
  const { since: _since, uploads: _uploads, ...sums } = await todayFrom(NOW - HOUR_MS)
  assert.deepEqual(sums, { files: 1, rows: 3, inserted: 1, changed: 0, rejected: 0, rejects: 0 })
  assert.equal((await todayFrom(NOW - 3 * DAY_MS)).rows, 5)
  assert.deepEqual((await todayFrom(NOW - HOUR_MS)).uploads, { count: 2, exact: true })
  const { throughput } = await ask<Overview>('/api/overview')
  assert.deepEqual(
    throughput.slice(-2).reduce((sum, { rows }) => sum + rows, 0),
    3,
  )
  const asking = { url: receiver.url, key: await receiver.makeKey('read') }
  for (const since of ['today', '2020-01-01T00:00:00Z', '']) {
    const answer = await get(asking, `/api/overview?since=${since}`)
    assertProblem(answer, 400, 'request_invalid')
    assert.match(String(answer.body.detail), /since/)
  }
})

test('what waits is counted, also what a person put into the inbox', async () => {
  await using receiver = await openReceiver({ now: () => NOW })
  const { body } = await postGzip(receiver, 'first.jsonl.gz', rowsText(1))
  await postGzip(receiver, 'second.jsonl.gz', rowsText(2))
  await writeFile(join(receiver.folders.inbox, 'by-hand.jsonl'), rowsText(3))
  const ask = await reader(receiver)
  const { inbox, today } = await ask<Overview>('/api/overview')
  const bytes = rowsText(1).length + rowsText(2).length
  assert.deepEqual(
    { ...inbox, bytes: inbox.bytes >= bytes },
    { files: 3, bytes: true, oldest_received_at: body.received_at },
  )
  assert.deepEqual(today.uploads, { count: 2, exact: true })
})
