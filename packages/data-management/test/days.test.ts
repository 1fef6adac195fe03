/** Days begin and end where the server is: an Australian morning is no part of the day before, also where clocks change. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { HOUR_MS } from '@splitcart/shared/time.ts'
import { TimeZone } from '@splitcart/shared/time-zone.ts'
import type { Overview } from '../http/routes/overview.ts'
import type { SourcePage } from '../http/routes/sources.ts'
import { assertProblem, get, openReceiver, post, postGzip, type Receiver, rowsText } from './receiver.ts'
import { bringIn, reader, scrapeText } from './shop.ts'

const zone = new TimeZone('Australia/Sydney')
// The days up to a change of clocks and the morning after it; when the day of the change begins and ends.
const SPRING = {
  days: ['02', '03', '04', '05'].map((day) => `2026-10-${day}`),
  begins: '2026-10-03T14',
  ends: '2026-10-04T13',
}
const AUTUMN = {
  days: ['02', '03', '04', '05'].map((day) => `2027-04-${day}`),
  begins: '2027-04-03T13',
  ends: '2027-04-04T14',
}
const FILES_MAX = 12

describe('days in Sydney', () => {
  const clock = { now: timeAt(SPRING.begins) - 48 * HOUR_MS }
  let receiver: Receiver
  before(async () => {
    receiver = await openReceiver({ zone, now: () => clock.now, serverLimits: { filesPerDayMax: FILES_MAX } })
  })
  after(() => receiver[Symbol.asyncDispose]())

  function timeAt(hour: string): number {
    return Date.parse(`${hour}:00:00Z`)
  }

  /** Milk that costs something else each day. */
  function milkOf(date: string) {
    return [{ sku: 's', name: 'Milk', price: Number(date.slice(-2)) }]
  }

  async function scrapeAt(at: number, store: string, date: string): Promise<void> {
    clock.now = at
    await bringIn(receiver, scrapeText(`aldi/${store}`, date, milkOf(date)), { receivedAt: at })
  }

  for (const { days, begins, ends } of [SPRING, AUTUMN]) {
    const [begin, end, today] = [timeAt(begins), timeAt(ends), days[3]!]

    test(`on the morning of ${today} it is that day everywhere, after one of ${(end - begin) / HOUR_MS} hours`, async () => {
      const ask = await reader(receiver)
      const shown = async (path: string) => {
        const { days_to, sources } = await ask<SourcePage>(path)
        const source = sources.find(({ store_id }) => store_id === today)
        return [days_to, source?.days.slice(-4).join(' ')]
      }
      const since = async () => {
        const { today } = await ask<Overview>('/api/overview')
        return [today.since, today.files]
      }
      await scrapeAt(begin - 26 * HOUR_MS, today, days[0]!)
      await scrapeAt(begin - 1, today, days[1]!)
      await scrapeAt(begin, today, days[2]!)
      clock.now = end - 1
      assert.deepEqual(await since(), [`${begins}:00:00.000Z`, 1])
      assert.deepEqual(await shown('/api/overview'), [days[2], 'none good good good'])
      clock.now = end
      assert.deepEqual(await since(), [`${ends}:00:00.000Z`, 0])
      assert.deepEqual(await shown('/api/overview'), [today, 'good good good none'])
      await scrapeAt(end + 8 * HOUR_MS, today, today)
      assert.deepEqual(await since(), [`${ends}:00:00.000Z`, 1])
      assert.deepEqual(await shown('/api/sources'), [today, 'good good good good'])

      const query = `format=atom&store=aldi/${today}&from=${days[2]}&to=${days[2]}`
      const headers = { 'X-API-Key': await receiver.makeKey('read') }
      const feed = await (await fetch(`${receiver.url}/api/changes?${query}`, { headers })).text()
      const updated = [...feed.matchAll(/<updated>(.*?)<\/updated>/g)].map(([, time]) => time)
      assert.ok(updated.length > 1)
      assert.deepEqual([...new Set(updated)], [`${begins}:00:00.000Z`])
    })
  }

  test('a quota of a day is left again at midnight, and what is put off until a day counts from its midnight on', async () => {
    const [begin, end] = [SPRING.begins, SPRING.ends].map(timeAt) as [number, number]
    clock.now = begin
    const sender = { ...receiver, key: await receiver.makeKey('upload') }
    const send = (price: number) => postGzip(sender, 'x.jsonl.gz', rowsText(1, price))
    for (let price = 1; price <= FILES_MAX; price++) assert.equal((await send(price)).status, 201)
    const refused = await send(99)
    assertProblem(refused, 429, 'quota_used_up')
    assert.equal(refused.headers.get('retry-after'), String(23 * 60 * 60))
    clock.now = end - 1
    assertProblem(await send(99), 429, 'quota_used_up')

    const admin = { ...receiver, key: await receiver.makeKey('admin', 'read') }
    const body = JSON.stringify({ kind: 'held', subject: 'none', until: SPRING.days[3] })
    const tick = () => post(admin, { 'Content-Type': 'application/json' }, body, '/api/attention/tick')
    assertProblem(await tick(), 404, 'not_found')
    clock.now = end
    const late = await tick()
    assertProblem(late, 400, 'request_invalid')
    assert.match(String(late.body.detail), /in Australia\/Sydney it is 2026-10-05 already/)
    assert.equal((await send(99)).status, 201)
    for (const path of ['/api/system', '/api/session']) assert.equal((await get(admin, path)).body.time_zone, zone.name)
  })

  test('a store that was brought in later falls silent, and its snooze ends, at midnight', async () => {
    for (const date of ['2026-09-30', '2026-10-01']) await scrapeAt(timeAt(SPRING.ends), 'late', date)
    const ask = await reader(receiver)
    const stateAt = async (at: number) => {
      clock.now = at
      return (await ask<SourcePage>('/api/sources?store=aldi/late')).sources[0]?.state
    }
    // Its last day ended at 14:00 UTC, two days before.
    const silent = timeAt('2026-10-03T14')
    assert.deepEqual([await stateAt(silent), await stateAt(silent + 1)], ['late', 'silent'])
    const nothing = { expected_days: null, is_retired: false, note: null }
    const set = await fetch(`${receiver.url}/api/stores/settings`, {
      method: 'PUT',
      headers: { 'X-API-Key': await receiver.makeKey('admin'), 'Content-Type': 'application/json' },
      body: JSON.stringify({ store: 'aldi/late', ...nothing, snoozed_until: SPRING.days[3] }),
    })
    assert.equal(set.status, 200)
    const over = timeAt(SPRING.ends)
    assert.deepEqual([await stateAt(over - 1), await stateAt(over)], ['snoozed', 'silent'])
  })
})
