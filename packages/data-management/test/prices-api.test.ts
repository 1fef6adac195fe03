/** `GET /api/products/{id}` and its prices: what a product costs now, and has cost. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PricesAnswer, ProductAnswer, ProductPage } from '../api/products.ts'
import { assertProblem, get, openReceiver, type Receiver } from './receiver.ts'
import { type Article, named, reader, scrape } from './shop.ts'

const DAY = '2025-09-12'

const MILK: Article = {
  sku: '1',
  name: 'Milk',
  price: 3,
  barcode: '9300000000001',
  brand: 'Farmdale',
  size: '2 l',
  path: ['Food', 'Dairy'],
}

const MILK_ANYWHERE = {
  name: 'Milk',
  brand: 'Farmdale',
  size: '2 l',
  barcodes: ['9300000000001'],
  image_url: null,
  categories: ['Food', 'Dairy'],
  listings: [
    { company: 'aldi', sku: '1', key: 'milk', name: 'Milk', url: null },
    { company: 'iga', sku: null, key: 'igamilk', name: 'IGA Milk', url: null },
  ],
  now: { stores: 3, lowest_cents: 250, highest_cents: 400 },
}

test('a product tells its listings and what every store asks now', async () => {
  await using receiver = await openReceiver()
  await scrape(receiver, 'aldi/G1', '2025-09-11', [MILK])
  await scrape(receiver, 'aldi/G1', DAY, [{ ...MILK, price: 2.5, was: 3, special: true, available: true }])
  await scrape(receiver, 'aldi/G2', DAY, [MILK])
  // Its latest scrape does not show it any more.
  await scrape(receiver, 'aldi/G3', '2025-09-11', [MILK])
  await scrape(receiver, 'aldi/G3', DAY, named('Bread'))
  const another = { sku: null, name: 'IGA Milk', key: 'igamilk', price: 4, barcode: '9300000000001' }
  await scrape(receiver, 'iga/7', DAY, [another])
  const ask = await reader(receiver)
  const { products } = await ask<ProductPage>('/api/products?q=milk&prices=true')
  const id = products[0]!.id
  assert.deepEqual(products, [{ id, ...MILK_ANYWHERE }])
  const { prices, ...rest } = await ask<ProductAnswer>(`/api/products/${id}`)
  assert.deepEqual(rest, { id, ...MILK_ANYWHERE })
  const terms = { was_price_cents: null, is_on_special: null, is_available: null }
  const aldi = { company: 'aldi', sku: '1', key: 'milk', date: DAY, ...terms }
  const special = { price_cents: 250, was_price_cents: 300, is_on_special: true, is_available: true }
  const iga = { company: 'iga', sku: null, key: 'igamilk', date: DAY, ...terms }
  assert.deepEqual(prices, [
    { ...aldi, store_id: 'G1', store_name: 'aldi G1', ...special },
    { ...aldi, store_id: 'G2', store_name: 'aldi G2', price_cents: 300 },
    { ...iga, store_id: '7', store_name: 'iga 7', price_cents: 400 },
  ])
})

test('a product that became part of another is gone, and its listing leads to the other', async () => {
  await using receiver = await openReceiver()
  await scrape(receiver, 'aldi/G1', DAY, [
    { sku: '1', name: 'Milk', price: 3 },
    { sku: '2', name: 'Full milk', price: 3 },
  ])
  const ask = await reader(receiver)
  const idOf = async (sku: string) => (await ask<ProductPage>(`/api/products?company=aldi&sku=${sku}`)).products[0]!.id
  const before = [await idOf('1'), await idOf('2')]
  await scrape(receiver, 'aldi/G1', '2025-09-13', [
    { sku: '1', name: 'Full milk', price: 3 },
    { sku: '2', name: 'Full milk', price: 3 },
  ])
  const after = [await idOf('1'), await idOf('2')]
  assert.equal(after[0], after[1])
  // One store, though it shows the product twice.
  const { products } = await ask<ProductPage>('/api/products?prices=true')
  assert.deepEqual(
    products.map(({ now }) => now),
    [{ stores: 1, lowest_cents: 300, highest_cents: 300 }],
  )
  const gone = before.find((id) => id !== after[0])
  const asking = { url: receiver.url, key: await receiver.makeKey('admin') }
  for (const id of [gone, 0, 'x', '1e3', '99999999999999999999', '%00'])
    for (const path of ['', '/prices']) assertProblem(await get(asking, `/api/products/${id}${path}`), 404, 'not_found')
})

async function history(receiver: Receiver): Promise<number> {
  const bread = named('Bread')
  await scrape(receiver, 'aldi/G1', '2025-09-01', bread)
  await scrape(receiver, 'aldi/G1', '2025-09-08', [...bread, { ...MILK, price: 3 }])
  await scrape(receiver, 'aldi/G1', '2025-09-15', [...bread, { ...MILK, price: 3 }])
  await scrape(receiver, 'aldi/G1', '2025-09-22', bread)
  await scrape(receiver, 'aldi/G1', '2025-09-29', bread)
  await scrape(receiver, 'aldi/G1', '2025-10-06', [...bread, { ...MILK, price: 2.5 }])
  await scrape(receiver, 'aldi/G1', '2025-10-13', [...bread, { ...MILK, price: 2.5 }])
  await scrape(receiver, 'aldi/G2', '2025-09-08', [MILK])
  await scrape(receiver, 'iga/7', '2025-09-08', [{ ...MILK, sku: '9', price: 4 }])
  const ask = await reader(receiver)
  return (await ask<ProductPage>('/api/products?q=milk')).products[0]!.id
}

test('prices over time come store by store, with the scrapes that did not show the product', async () => {
  await using receiver = await openReceiver()
  const id = await history(receiver)
  const ask = await reader(receiver)
  const { stores, next } = await ask<PricesAnswer>(`/api/products/${id}/prices`)
  assert.equal(next, null)
  assert.deepEqual(
    stores.map(({ company, store_id }) => `${company}/${store_id}`),
    ['aldi/G1', 'aldi/G2', 'iga/7'],
  )
  const terms = { sku: '1', key: 'milk', was_price_cents: null, is_on_special: null, is_available: null }
  assert.deepEqual(stores[0], {
    company: 'aldi',
    store_id: 'G1',
    store_name: 'aldi G1',
    first_date: '2025-09-01',
    last_date: '2025-10-13',
    runs: [
      { from: '2025-09-08', to: '2025-09-15', is_current: false, price_cents: 300, ...terms },
      { from: '2025-10-06', to: '2025-10-13', is_current: true, price_cents: 250, ...terms },
    ],
    gaps: [{ from: '2025-09-22', to: '2025-09-29' }],
  })
})

test('prices can be asked of some stores and of some dates, and come in pages', async () => {
  await using receiver = await openReceiver()
  const id = await history(receiver)
  const ask = await reader(receiver)
  const codes = async (query: string) => {
    const { stores, next } = await ask<PricesAnswer>(`/api/products/${id}/prices?${query}`)
    return { stores: stores.map(({ store_id, runs }) => [store_id, ...runs.map(({ from }) => from)]), next }
  }
  assert.deepEqual(await codes('store=iga/7&store=aldi/G2'), {
    stores: [
      ['G2', '2025-09-08'],
      ['7', '2025-09-08'],
    ],
    next: null,
  })
  assert.deepEqual(await codes('store=aldi/G1&from=2025-09-16'), { stores: [['G1', '2025-10-06']], next: null })
  assert.deepEqual(await codes('store=aldi/G1&to=2025-10-05'), { stores: [['G1', '2025-09-08']], next: null })
  assert.deepEqual(await codes('store=nobody/G1'), { stores: [], next: null })
  const first = await codes('limit=2')
  assert.deepEqual(
    first.stores.map(([store]) => store),
    ['G1', 'G2'],
  )
  const second = await codes(`limit=2&after=${first.next}`)
  assert.deepEqual([second.stores.map(([store]) => store), second.next], [['7'], null])
  const asking = { url: receiver.url, key: await receiver.makeKey('read') }
  for (const query of ['store=G1', 'from=2025', 'to=today', 'after=x', 'limit=21'])
    assertProblem(await get(asking, `/api/products/${id}/prices?${query}`), 400, 'request_invalid')
})
