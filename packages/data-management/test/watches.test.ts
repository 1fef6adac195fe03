/** Products that somebody watches: what is told of them, by the rule and over the API. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { money } from '@splitcart/shared/money.ts'
import type { ProductPage } from '../http/routes/products.ts'
import type { WatchList, WatchView } from '../http/routes/watches.ts'
import { WATCHES_MAX } from '../ledger/watches.ts'
import { notifyReceivers } from '../notices/outbox.ts'
import { ntfyReceiver } from '../notices/receivers/ntfy.ts'
import { prepareReceivers, recordWatchChanges } from '../notices/rounds.ts'
import { watchNoticeText } from '../notices/watched.ts'
import { roundsOn } from './notice-rounds.ts'
import { openHook } from './notice-servers.ts'
import { assertProblem, get, openReceiver, post } from './receiver.ts'
import { scrape } from './shop.ts'

const DAYS = ['2025-09-11', '2025-09-12', '2025-09-13', '2025-09-14', '2025-09-15']

test('each rule tells its own change, once', () => {
  const said = (rule: 'target' | 'low' | 'any' | 'stock', before: number | null, now: number | null) =>
    watchNoticeText(
      { rule, seen: { lowest: before, ever: 250, reached: before !== null && before <= 300 }, target_cents: 300 },
      now,
      money,
    )
  assert.deepEqual(
    [said('target', 320, 300), said('target', 300, 290), said('target', null, 301), said('target', null, 299)],
    ['3.00, wanted for 3.00', null, null, '2.99, wanted for 3.00'],
  )
  assert.deepEqual([said('low', 300, 250), said('low', 300, 249)], [null, 'new low of 2.49, before 2.50'])
  assert.deepEqual(
    [said('any', 300, 300), said('any', 300, 310), said('any', 300, null), said('any', null, 310)],
    [null, '3.10, before 3.00', 'nobody sells it any more, before 3.00', 'sold again, for 3.10'],
  )
  assert.deepEqual(
    [said('stock', 300, null), said('stock', null, 300), said('stock', 300, 310)],
    [null, 'back in stock, for 3.00', null],
  )
})

/** A shop that is scraped once a day, two servers that look at it, and whoever is told. */
async function openShop() {
  const stack = new AsyncDisposableStack()
  const hook = stack.use(await openHook())
  const clock = { now: Date.parse(`${DAYS[0]}T21:00:00Z`) }
  const receiver = stack.use(await openReceiver({ now: () => clock.now }))
  const receivers = [ntfyReceiver(new URL(`${hook.url}/topic`), undefined)]
  const servers = [0, 1].map(() => roundsOn(receiver, receivers, { now: () => clock.now }))
  const known = servers.map(() => ({ revision: '' }))
  const admin = { ...receiver, key: await receiver.makeKey('admin') }
  const day = async (index: number, price: number) => {
    clock.now = Date.parse(`${DAYS[index]}T21:00:00Z`)
    const articles = [
      { sku: 'm', name: 'Full Cream Milk 2L', price },
      { sku: 'b', name: 'Bread', price: 2 },
    ]
    await scrape(receiver, 'aldi/G1', DAYS[index]!, articles)
    await Promise.all(
      servers.map((each, at) => prepareReceivers(each).then(() => recordWatchChanges(each, known[at]!))),
    )
    await notifyReceivers(servers[0]!)
    return hook.posted.splice(0).map(({ body }) => [body.title, body.message, body.click])
  }
  const watch = (body: object) =>
    post(admin, { 'Content-Type': 'application/json' }, JSON.stringify(body), '/api/watches')
  const end = (id: number) =>
    fetch(`${receiver.url}/api/watches/${id}`, { method: 'DELETE', headers: { 'X-API-Key': admin.key } })
  return { receiver, admin, day, watch, end, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

test('a product that is watched is told when its price is right, once, and no more when the watch has ended', async () => {
  await using shop = await openShop()
  const { receiver, admin, day, watch, end } = shop
  assert.deepEqual(await day(0, 3.2), [])
  const { products } = (await get(admin, '/api/products?q=milk')).body as unknown as ProductPage
  const { id } = products[0]!
  assertProblem(await watch({ product_id: id, rule: 'target' }), 400, 'request_invalid')
  assertProblem(await watch({ product_id: 999_999, rule: 'target' }), 400, 'request_invalid')
  assertProblem(await watch({ product_id: 999_999, rule: 'any' }), 404, 'not_found')
  const target = (await watch({ product_id: id, rule: 'target', target_cents: 290 })).body as unknown as WatchView
  await watch({ product_id: id, rule: 'target', target_cents: 300 })
  await watch({ product_id: id, rule: 'low' })
  const list = async () => ((await get(admin, '/api/watches')).body as unknown as WatchList).watches
  assert.deepEqual(
    (await list()).map(({ product_id, rule, target_cents, lowest_ever_cents }) => [
      product_id,
      rule,
      target_cents,
      lowest_ever_cents,
    ]),
    [
      [id, 'low', null, 320],
      [id, 'target', 300, 320],
    ],
  )
  const [first] = await day(1, 2.99)
  assert.deepEqual(first?.slice(0, 1), ['SplitCart: 2 watched products'])
  assert.deepEqual(String(first?.[1]).split('\n').toSorted(), [
    'Full Cream Milk 2L: 2.99 at aldi, wanted for 3.00',
    'Full Cream Milk 2L: new low of 2.99 at aldi, before 3.20',
  ])
  assert.equal(first?.[2], 'https://data.example.org/notices')
  assert.deepEqual(await day(2, 2.99), [])
  assert.deepEqual(await day(3, 3.1), [])
  assert.equal((await end(target.id)).status, 204)
  assert.equal((await end(target.id)).status, 404)
  assert.deepEqual(
    (await day(4, 2.5)).map(([, message]) => message),
    ['Full Cream Milk 2L: new low of 2.50 at aldi, before 2.99'],
  )
  const audited = (await receiver.ledger.auditEntries(Number.MAX_SAFE_INTEGER, 10)).map(({ what }) => what)
  assert.deepEqual(
    audited.filter((what) => what.startsWith('watch')),
    ['watch ended', 'watch set', 'watch set', 'watch set'],
  )
})

test('where as many products are watched as may be, a watch can be changed, and no other one added', async () => {
  await using receiver = await openReceiver()
  const { watches } = receiver.ledger
  const seen = { lowest: 320, ever: 320, reached: false }
  const wanted = (index: number, target_cents: number) => {
    const of = { company: 'aldi', by_name: 0, code: `code-${index}`, name: `Product ${index}` }
    return { ...of, rule: 'target' as const, target_cents, seen, who: 'me', created_at: index }
  }
  const values = Array.from({ length: WATCHES_MAX }, (_, index) => ({
    ...wanted(index, 1),
    seen: JSON.stringify(seen),
  }))
  await receiver.ledger.notices.database.insertInto('watch').values(values).execute()
  assert.equal((await watches.add(wanted(7, 299)))?.target_cents, 299)
  assert.equal(await watches.add(wanted(WATCHES_MAX, 299)), undefined)
  assert.equal(await watches.add({ ...wanted(7, 299), rule: 'any' }), undefined)
  assert.equal((await watches.list()).length, WATCHES_MAX)
})
