/** What people set for a store: how often it is scraped, that it is retired or snoozed, and a note; and what is made of it everywhere. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DAY_MS } from '@splitcart/shared/time.ts'
import { TimeZone } from '@splitcart/shared/time-zone.ts'
import { freshnessOf } from '../catalogue/queries/freshness.ts'
import type { NoticesView } from '../http/routes/notices-schema.ts'
import type { Overview } from '../http/routes/overview.ts'
import type { ProductAnswer, ProductPage } from '../http/routes/products.ts'
import type { SourcePage } from '../http/routes/sources.ts'
import { DIGEST_MS, notifyReceivers } from '../notices/outbox.ts'
import { prepareReceivers, type RoundContext, recordConditions } from '../notices/rounds.ts'
import { receiversFrom, roundsOn } from './notice-rounds.ts'
import { openHook } from './notice-servers.ts'
import { assertProblem, get, openReceiver } from './receiver.ts'
import { bringIn, named, reader, scrape, scrapeText } from './shop.ts'

/** What is set where nothing is. */
const NOTHING = { expected_days: null, is_retired: false, snoozed_until: null, note: null }

type Shops = Awaited<ReturnType<typeof openShops>>

/** A company with a store that has been silent for days, one that is heard daily, one scraped once; and somebody who may set things. */
async function openShops() {
  const clock = { now: Date.parse('2025-09-20T12:00:00Z') }
  const receiver = await openReceiver({ now: () => clock.now })
  for (const day of ['14', '15']) await scrape(receiver, 'aldi/Quiet', `2025-09-${day}`, named('Milk'))
  for (const day of ['19', '20']) await scrape(receiver, 'aldi/Daily', `2025-09-${day}`, named('Milk', 'Bread'))
  await bringIn(receiver, scrapeText('aldi/Once', '2025-09-17', named('Eggs')), { receivedAt: clock.now - 3 * DAY_MS })
  await bringIn(receiver, scrapeText('iga/Once', '2025-09-17', named('Tea')), { receivedAt: clock.now - 3 * DAY_MS })
  const admin = { ...receiver, key: await receiver.makeKey('admin') }
  const put = async (body: object) => {
    const response = await fetch(`${receiver.url}/api/stores/settings`, {
      method: 'PUT',
      headers: { 'X-API-Key': admin.key, 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    })
    return {
      status: response.status,
      headers: response.headers,
      body: (await response.json()) as Record<string, unknown>,
    }
  }
  const set = async (store: string, changed: Partial<typeof NOTHING> | object) => {
    const answer = await put({ store, ...NOTHING, ...changed })
    assert.equal(answer.status, 200, JSON.stringify(answer.body))
  }
  const ask = await reader(receiver)
  const states = async () =>
    (await ask<SourcePage>('/api/sources')).sources.map(
      ({ company, store_id, state }) => `${company}/${store_id} ${state}`,
    )
  return { clock, receiver, admin, put, set, ask, states, [Symbol.asyncDispose]: () => receiver[Symbol.asyncDispose]() }
}

test('a store scraped once is waited for as long as others of its company; settings of no store or no day are refused', async () => {
  await using shops = await openShops()
  assert.deepEqual(await shops.states(), ['aldi/Daily good', 'aldi/Once silent', 'aldi/Quiet silent', 'iga/Once good'])
  shops.clock.now += 26 * DAY_MS
  assert.equal((await shops.states()).at(-1), 'iga/Once silent')
  const refused = async (body: object) => {
    const answer = await shops.put({ store: 'aldi/quiet', ...NOTHING, ...body })
    return `${answer.status} ${answer.body.code} ${answer.body.detail}`
  }
  assertProblem(await shops.put({ store: 'aldi/nowhere', ...NOTHING }), 404, 'not_found')
  assertProblem(await shops.put({ store: 'aldi/quiet', is_retired: true }), 400, 'request_invalid')
  assert.match(await refused({ snoozed_until: '2025-02-30' }), /^400 request_invalid body\/snoozed_until/)
  assert.match(await refused({ expected_days: 0 }), /^400 request_invalid body\/expected_days/)
  assert.match(await refused({ note: 'x'.repeat(1_001) }), /^400 request_invalid body\/note/)
  assert.match(await refused({ note: 'a\u0000b' }), /^400 request_invalid body\/note/)
  assert.deepEqual(await shops.receiver.ledger.storeSettings.list(), [])
})

/** How many stores are silent to the page, to monitoring and on record, and how many notices say that one is heard again. */
async function toldOf({ receiver, admin, ask }: Shops, rounds: RoundContext): Promise<number[]> {
  await recordConditions(rounds, true)
  const { conditions, notices } = (await get(admin, '/api/notices')).body as unknown as NoticesView
  const { attention } = await ask<Overview>('/api/overview')
  const metrics = await (await fetch(`${receiver.url}/metrics`, { headers: { 'X-API-Key': admin.key } })).text()
  const silent = Number(/splitcart_sources\{state="silent"\} (\d+)/.exec(metrics)?.[1])
  return [attention.silent.count, silent, conditions.length, notices.filter(({ is_over }) => is_over).length]
}

test('what is set for a store is shown, counts wherever silence is judged, and can be taken back', async () => {
  await using shops = await openShops()
  const { set, states, ask, receiver } = shops
  const rounds = roundsOn(receiver, receiversFrom({}), { now: () => shops.clock.now, kinds: new Set(['silent']) })
  await prepareReceivers(rounds)
  const told = () => toldOf(shops, rounds)
  assert.deepEqual(await told(), [2, 2, 2, 0])

  // Its prices are told as "now" for as long.
  const silentStores = async () => {
    const { products } = await ask<ProductPage>('/api/products?q=milk')
    return (await ask<ProductAnswer>(`/api/products/${products[0]!.id}`)).now.silent_stores
  }
  assert.equal(await silentStores(), 2)
  await set('aldi/QUIET', { expected_days: 7, note: ' by hand ' })
  assert.equal(await silentStores(), 1)
  await set('aldi/Once', { is_retired: true })
  assert.deepEqual(await states(), ['aldi/Daily good', 'aldi/Once retired', 'aldi/Quiet good', 'iga/Once good'])
  // One is well by what is expected of it; of the one that nobody expects it is not told that it is heard again.
  assert.deepEqual(await told(), [0, 0, 0, 1])
  const { sources } = await ask<SourcePage>('/api/sources?store=aldi/quiet')
  const { settings, due_date, usual_days, days } = sources[0]!
  const by = { set_at: '2025-09-20T12:00:00.000Z', set_by: settings?.set_by }
  assert.deepEqual(settings, { ...NOTHING, expected_days: 7, note: 'by hand', ...by })
  assert.deepEqual([due_date, usual_days, days.includes('missing')], ['2025-09-22', 1, false])
  const retired = (await ask<SourcePage>('/api/sources?state=retired')).sources
  assert.deepEqual(
    retired.map(({ store_id, due_date: due, days: last }) => [store_id, due, last.includes('missing')]),
    [['Once', null, false]],
  )

  await set('aldi/Quiet', { snoozed_until: '2025-09-21' })
  assert.deepEqual((await told()).slice(0, 3), [0, 0, 0])
  assert.equal((await states())[2], 'aldi/Quiet snoozed')
  shops.clock.now = Date.parse('2025-09-21T00:00:00Z')
  assert.equal((await states())[2], 'aldi/Quiet silent', 'on that day it counts again')

  const audited = (await receiver.ledger.auditEntries(Number.MAX_SAFE_INTEGER, 3)).map(
    ({ what, about, detail }) => `${what}: ${about}: ${detail}`,
  )
  assert.deepEqual(audited, [
    'store settings set: aldi/quiet: snoozed until 2025-09-21',
    'store settings set: aldi/once: retired',
    'store settings set: aldi/quiet: scraped every 7 days; note: by hand',
  ])
})

test('two people who set different things for a store at the same time both have them set', async () => {
  await using shops = await openShops()
  const { storeSettings } = shops.receiver.ledger
  const by = { company: 'aldi', store: 'quiet', at: shops.clock.now }
  const returned = await Promise.all([
    storeSettings.set({ ...by, who: 'one', expectedDays: 7, isRetired: true }),
    storeSettings.set({ ...by, who: 'other', note: 'by hand' }),
    storeSettings.set({ ...by, who: 'third', snoozedUntil: '2025-10-01' }),
  ])
  const [{ at, who, ...set } = {}] = await storeSettings.list()
  const all = {
    company: 'aldi',
    store: 'quiet',
    expectedDays: 7,
    isRetired: true,
    snoozedUntil: '2025-10-01',
    note: 'by hand',
  }
  assert.deepEqual([at, set], [by.at, all])
  assert.ok(returned.some((each) => each.who === who && each.note === all.note && each.expectedDays === 7))
  const audited = await shops.receiver.ledger.auditEntries(Number.MAX_SAFE_INTEGER, 9)
  assert.ok(
    audited.some(({ detail }) => detail === 'scraped every 7 days; retired; snoozed until 2025-10-01; note: by hand'),
  )
})

test('a retired store that is scraped again is retired no more; its silence is told without what people noted', async () => {
  await using hook = await openHook()
  await using shops = await openShops()
  const { clock, receiver, set, states, ask } = shops
  const receivers = receiversFrom({ NOTICE_WEBHOOK_URL: hook.url })
  const rounds = roundsOn(receiver, receivers, { now: () => clock.now, kinds: new Set(['silent']) })
  const comes = (day: string) =>
    bringIn(receiver, scrapeText('aldi/Once', day, named('Eggs')), { receivedAt: clock.now })
  const noted = { is_retired: true, note: 'owes rent' }
  await set('aldi/Once', noted)
  clock.now += 2 * DAY_MS
  await comes('2025-09-18')
  assert.equal((await states())[1], 'aldi/Once retired', 'what was scraped before only came late')
  await comes('2025-09-22')
  assert.equal((await states())[1], 'aldi/Once good')
  const [once] = (await ask<SourcePage>('/api/sources?store=aldi/once')).sources
  assert.deepEqual(
    [once?.due_date, once?.settings?.is_retired, once?.settings?.note],
    ['2025-09-25', false, noted.note],
  )
  clock.now += 60 * DAY_MS
  assert.equal((await states())[1], 'aldi/Once silent')
  await prepareReceivers(rounds)
  await recordConditions(rounds, true)
  clock.now += DIGEST_MS
  await notifyReceivers(rounds)
  const told = JSON.stringify(hook.posted.map(({ body }) => body))
  assert.match(told, /"store_id":"Once"/)
  assert.doesNotMatch(told, /owes rent|set_by/)
  await set('aldi/Once', noted)
  assert.equal((await states())[1], 'aldi/Once retired')
})

test('a store that is closed or snoozed is as good as any other while all is well with it', () => {
  const last = { date: '2025-09-19', rows: 100, receivedAt: Date.parse('2025-09-19T20:00:00Z') }
  const set = { expectedDays: null, isRetired: false, snoozedUntil: '2025-10-01' }
  const state = (rows: number, day: string, more: object) =>
    freshnessOf(
      { ...last, rows },
      { usualDays: 1, usualRows: 100, ...more },
      { now: Date.parse(day), zone: TimeZone.utc, partialShare: 0.5 },
    ).state
  assert.deepEqual(
    [
      [100, '2025-09-20'],
      [10, '2025-09-20'],
      [100, '2025-09-25'],
      [100, '2025-10-01'],
    ].map(([rows, day]) =>
      [{ set }, { isClosed: true }].map((more) => state(Number(rows), String(day), more)).join(' '),
    ),
    ['good good', 'snoozed retired', 'snoozed retired', 'silent retired'],
  )
})
