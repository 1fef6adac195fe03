/** How fresh sources are, by the rule itself and by `GET /api/sources`, `/api/stores` and `/api/scrapes`. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HOUR_MS } from '@splitcart/shared/time.ts'
import { TimeZone } from '@splitcart/shared/time-zone.ts'
import { type DayState, dayStatesOf, freshnessOf } from '../catalogue/queries/freshness.ts'
import { usualScrapingOf } from '../catalogue/usual-scraping.ts'
import type { SourcePage } from '../http/routes/sources.ts'
import type { ScrapePage, StorePage } from '../http/routes/stores.ts'
import { assertProblem, get, openReceiver } from './receiver.ts'
import { bringIn, named, reader, scrape, scrapeText } from './shop.ts'

function at(date: string, hour = 0): number {
  return Date.parse(date) + hour * HOUR_MS
}

/** A scrape that was received in the evening of its date. */
function seen(date: string, rows = 100) {
  return { date, rows, receivedAt: at(date, 20) }
}

const DAILY = { usualDays: 1, usualRows: 100 }
const WEEKLY = { usualDays: 7, usualRows: 100 }

test('a source is late from one and a half usual intervals on, and silent from two', () => {
  const state = (hours: number, usual = DAILY) =>
    freshnessOf(seen('2025-09-12'), usual, { now: at('2025-09-12', 20 + hours), zone: TimeZone.utc, partialShare: 0.5 })
      .state
  assert.deepEqual(
    [0, 24, 36, 37, 48, 49, 1000].map((hours) => state(hours)),
    ['good', 'good', 'good', 'late', 'late', 'silent', 'silent'],
  )
  assert.deepEqual(
    [7 * 24, 10.5 * 24, 10.5 * 24 + 1, 14 * 24 + 1].map((hours) => state(hours, WEEKLY)),
    ['good', 'good', 'late', 'silent'],
  )
})

test('a scrape that was brought in long after its date makes no source fresh', () => {
  const last = { date: '2025-09-12', rows: 100, receivedAt: at('2025-11-01') }
  assert.equal(
    freshnessOf(last, DAILY, { now: at('2025-11-01', 1), zone: TimeZone.utc, partialShare: 0.5 }).state,
    'silent',
  )
})

test('nothing is due before an interval is known, and then the median of the last ones counts', () => {
  const moment = { now: at('2026-01-01'), zone: TimeZone.utc, partialShare: 0.5 }
  const once = usualScrapingOf([{ date: '2025-09-12', rows: 70 }])
  assert.deepEqual(once, { usualDays: null, usualRows: 70 })
  const state = (days: number) =>
    freshnessOf(seen('2025-09-12'), once, { ...moment, now: at('2025-09-12', 20 + 24 * days) }).state
  // Scraped once: nobody knows when again, and it is not waited for for ever.
  assert.deepEqual([1, 21, 22, 28, 29].map(state), ['good', 'good', 'late', 'late', 'silent'])
  assert.equal(freshnessOf(seen('2025-09-12'), once, moment).dueDate, null)
  // What is brought in long after its date was not seen lately, by the interval of its company and where nobody knows one.
  const late = { ...seen('2025-09-12'), receivedAt: at('2026-06-01') }
  const broughtIn = (companyDays: number | null) => (days: number) =>
    freshnessOf(late, { ...once, companyDays }, { ...moment, now: at('2025-09-13', 24 * days) }).state
  assert.deepEqual([5, 7, 9].map(broughtIn(4)), ['good', 'late', 'silent'])
  assert.deepEqual([20, 27, 29].map(broughtIn(null)), ['good', 'late', 'silent'])
  const dates = ['2025-09-20', '2025-09-13', '2025-09-06', '2025-09-05', '2025-08-29']
  const rows = [10, 100, 90, 110, 120]
  const usual = usualScrapingOf(dates.map((date, index) => ({ date, rows: rows[index]! })))
  assert.deepEqual(usual, { usualDays: 7, usualRows: 100 })
  assert.equal(freshnessOf(seen('2025-09-20'), usual, moment).dueDate, '2025-09-27')
  assert.deepEqual(
    usualScrapingOf([seen('2025-09-12', 4), seen('2025-09-11', 1), seen('2025-09-09', 2), seen('2025-09-08', 3)]),
    { usualDays: 1, usualRows: 2.5 },
  )
})

test('a scrape with a smaller share of the usual rows is partial', () => {
  const isPartial = (rows: number) =>
    freshnessOf(seen('2025-09-12', rows), DAILY, { now: at('2025-09-13'), zone: TimeZone.utc, partialShare: 0.5 })
      .isPartial
  assert.deepEqual([0, 49, 50, 51].map(isPartial), [true, true, false, false])
})

function days(now: number, usual: typeof DAILY, ...scraped: readonly ReturnType<typeof seen>[]): string {
  const letters: Record<DayState, string> = { good: 'g', late: 'l', partial: 'p', missing: 'm', none: '.' }
  const to = new Date(now).toISOString().slice(0, 10)
  return dayStatesOf(scraped, usual, { now, zone: TimeZone.utc, partialShare: 0.5 }, { to, count: 10 })
    .map((state) => letters[state])
    .join('')
}

test('each day says what came, and what should have come', () => {
  const late = { date: '2025-09-16', rows: 100, receivedAt: at('2025-09-18') }
  const scraped = [seen('2025-09-13'), seen('2025-09-14', 20), late, seen('2025-09-19')]
  // From the 11th to the 20th; on the 20th nothing is missing as long as the source is not late.
  assert.equal(days(at('2025-09-20', 23), DAILY, ...scraped), '..gpmlmmg.')
  assert.equal(days(at('2025-09-21', 9), DAILY, ...scraped), '.gpmlmmgm.')
  assert.equal(days(at('2025-09-20'), DAILY), '..........')
})

test('of a source that comes weekly only the days on which it was due can be missed', () => {
  assert.equal(days(at('2025-09-20', 23), WEEKLY, seen('2025-09-11'), seen('2025-09-19')), 'g.......g.')
  assert.equal(days(at('2025-09-20', 23), WEEKLY, seen('2025-09-06')), '..m.......')
  assert.equal(days(at('2025-09-20', 23), WEEKLY, seen('2025-08-24')), '...m......')
})

const NOW = at('2025-09-20', 12)

test('sources tell how they are scraped, page by page, and can be asked for by state', async () => {
  await using receiver = await openReceiver({ now: () => NOW })
  const rows = named('Milk', 'Bread', 'Eggs', 'Honey')
  for (const day of ['16', '17', '18', '19', '20']) await scrape(receiver, 'aldi/G1', `2025-09-${day}`, rows)
  for (const day of ['15', '16', '17']) await scrape(receiver, 'aldi/G2', `2025-09-${day}`, rows)
  await scrape(receiver, 'iga/7', '2025-09-18', rows)
  await scrape(receiver, 'iga/7', '2025-09-19', rows)
  await bringIn(receiver, `${scrapeText('iga/7', '2025-09-20', named('Milk'))}{}\n`, {
    receivedAt: at('2025-09-20', 8),
  })
  const ask = await reader(receiver)
  const { sources, next, total } = await ask<SourcePage>('/api/sources')
  assert.deepEqual([next, total], [null, { count: 3, exact: true }])
  const brief = sources.map(({ company, store_id, state, is_partial, days }) => [
    company,
    store_id,
    state,
    is_partial,
    days.slice(-6).join(' '),
  ])
  assert.deepEqual(brief, [
    ['aldi', 'G1', 'good', false, 'none good good good good good'],
    ['aldi', 'G2', 'silent', false, 'good good good missing missing none'],
    ['iga', '7', 'good', true, 'none none none good good partial'],
  ])
  const { days: _days, ...last } = sources[2]!
  assert.deepEqual(last, {
    company: 'iga',
    store_id: '7',
    store_name: 'iga 7',
    last_date: '2025-09-20',
    received_at: '2025-09-20T08:00:00.000Z',
    usual_days: 1,
    due_date: '2025-09-21',
    state: 'good',
    rows: 1,
    usual_rows: 4,
    is_partial: true,
    reject_share: 0.5,
    settings: null,
  })
  const codes = async (query: string) =>
    (await ask<SourcePage>(`/api/sources?${query}`)).sources.map(({ store_id }) => store_id)
  assert.deepEqual(await codes('state=silent'), ['G2'])
  assert.deepEqual(await codes('company=iga'), ['7'])
  const first = await ask<SourcePage>('/api/sources?limit=2')
  assert.deepEqual(await codes(`limit=2&after=${first.next}`), ['7'])
})

test('undoing the latest load of a store brings back what was usual before it', async () => {
  await using receiver = await openReceiver({ now: () => NOW })
  await scrape(receiver, 'aldi/G1', '2025-09-18', named('Milk'))
  await scrape(receiver, 'aldi/G1', '2025-09-19', named('Milk'))
  const ask = await reader(receiver)
  const before = await ask<SourcePage>('/api/sources')
  const { sha256 } = await scrape(receiver, 'aldi/G1', '2025-09-20', named('Milk', 'Bread'))
  const other = await scrape(receiver, 'aldi/G2', '2025-09-20', named('Milk', 'Bread'))
  assert.equal((await ask<SourcePage>('/api/sources')).sources.length, 2)
  for (const undone of [sha256, other.sha256]) await receiver.catalogue.undo(undone, 'a test', NOW)
  assert.deepEqual(await ask<SourcePage>('/api/sources'), before)
})

test('stores are listed by company and code, page by page', async () => {
  await using receiver = await openReceiver()
  for (const store of ['iga/7', 'aldi/G2', 'aldi/G1', 'aldi/G10'])
    await scrape(receiver, store, '2025-09-18', named('Milk', 'Bread'))
  await scrape(receiver, 'aldi/G1', '2025-09-20', named('Milk'))
  const ask = await reader(receiver)
  const { stores } = await ask<StorePage>('/api/stores')
  assert.deepEqual(
    stores.map(({ company, store_id }) => `${company}/${store_id}`),
    ['aldi/G1', 'aldi/G10', 'aldi/G2', 'iga/7'],
  )
  assert.deepEqual(stores[0], {
    company: 'aldi',
    store_id: 'G1',
    name: 'aldi G1',
    state: 'qld',
    first_date: '2025-09-18',
    last_date: '2025-09-20',
    listings: 1,
    // What no list of stores has told.
    ...{ address: null, suburb: null, postcode: null, latitude: null, longitude: null, phone: null, is_open: null },
    described_on: null,
  })
  const walked: string[] = []
  for (let after = ''; ; ) {
    const page = await ask<StorePage>(`/api/stores?limit=2${after}`)
    walked.push(...page.stores.map(({ store_id }) => store_id))
    if (page.next === null) break
    after = `&after=${page.next}`
  }
  assert.deepEqual(walked, ['G1', 'G10', 'G2', '7'])
  assert.equal((await ask<StorePage>('/api/stores?company=iga')).stores.length, 1)
})

test('the scrapes of a store name the uploads they came with, also where several describe one date', async () => {
  await using receiver = await openReceiver()
  const first = await scrape(receiver, 'aldi/G1', '2025-09-18', named('Milk'))
  const second = await scrape(receiver, 'aldi/G1', '2025-09-19', named('Milk'))
  const again = await scrape(receiver, 'aldi/G1', '2025-09-19', named('Milk', 'Bread'))
  await scrape(receiver, 'aldi/G2', '2025-09-19', named('Milk'))
  const ask = await reader(receiver)
  const idsOn = async (query: string) =>
    (await ask<ScrapePage>(`/api/scrapes?${query}`)).scrapes.map(({ date, upload_id }) => `${date} ${upload_id}`)
  const onThe19th = [again, second]
    .sort((one, other) => (one.sha256 < other.sha256 ? 1 : -1))
    .map(({ id }) => `2025-09-19 ${id}`)
  const all = [...onThe19th, `2025-09-18 ${first.id}`]
  assert.deepEqual(await idsOn('store=aldi/G1'), all)
  assert.deepEqual(await idsOn('store=aldi/G1&from=2025-09-19&to=2025-09-19'), onThe19th)
  assert.deepEqual(await idsOn('store=aldi/nowhere'), [])
  const walked: string[] = []
  for (let after = ''; ; ) {
    walked.push(...(await idsOn(`store=aldi/G1&limit=1${after}`)))
    const { next } = await ask<ScrapePage>(`/api/scrapes?store=aldi/G1&limit=1${after}`)
    if (next === null) break
    after = `&after=${next}`
  }
  assert.deepEqual(walked, all)
})

test('wrong parameters of stores, sources and scrapes are refused by their names', async () => {
  await using receiver = await openReceiver()
  const asking = { url: receiver.url, key: await receiver.makeKey('read') }
  const cursor = Buffer.from('["scrapes",1,2]').toString('base64url')
  const wrong = [
    ['/api/stores?limit=501', 'limit'],
    ['/api/stores?after=W10', 'after'],
    ['/api/sources?state=bad', 'state'],
    ['/api/sources?stat=late', 'stat'],
    ['/api/sources?after=%00', 'after'],
    ['/api/scrapes', 'store'],
    ['/api/scrapes?store=G1', 'store'],
    ['/api/scrapes?store=aldi/G1&from=yesterday', 'from'],
    [`/api/scrapes?store=aldi/G1&after=${cursor}`, 'after'],
    ['/api/overview?limit=3', 'limit'],
  ] as const
  for (const [path, name] of wrong) {
    const answer = await get(asking, path)
    assertProblem(answer, 400, 'request_invalid')
    assert.match(String(answer.body.detail), new RegExp(`\\b${name}\\b`), path)
  }
})

test('a scrape that is dated today where its store is has its day, though in UTC it is yesterday', async () => {
  const now = at('2025-09-20', 22)
  await using receiver = await openReceiver({ now: () => now })
  const rows = named('Milk')
  await scrape(receiver, 'aldi/G1', '2025-09-20', rows)
  const ask = await reader(receiver)
  const last = async (path: string) => {
    const { days_to, sources } = await ask<Pick<SourcePage, 'days_to' | 'sources'>>(path)
    return [days_to, ...sources.map(({ days }) => `${days.length} ${days.slice(-2).join(' ')}`)]
  }
  for (const path of ['/api/sources', '/api/overview'])
    assert.deepEqual(await last(path), ['2025-09-20', '30 none good'], path)
  await bringIn(receiver, scrapeText('aldi/G2', '2025-09-21', rows), { receivedAt: now })
  // A date that no zone has yet gets no day.
  await bringIn(receiver, scrapeText('aldi/G3', '2025-09-23', rows), { receivedAt: now })
  for (const path of ['/api/sources', '/api/overview'])
    assert.deepEqual(await last(path), ['2025-09-21', '30 good none', '30 none good', '30 none none'], path)
})
